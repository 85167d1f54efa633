"""What SQS says of a message it took, and how long a message may wait for company before it is sent."""

from dataclasses import dataclass
from typing import Literal

# Seconds; 0 is the loop's tick, None a request of its own, "default" the sender's own.
Linger = float | None | Literal["default"]


@dataclass(frozen=True, slots=True)
class SendResult:
    """A message's id, and on FIFO queues its place in the order."""

    message_id: str
    sequence_number: str | None = None
