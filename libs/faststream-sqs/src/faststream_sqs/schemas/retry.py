"""How long a returned message waits before its next delivery."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

Jitter = Callable[[float, float], float]
"""A number between two."""


class RetryPolicy(Protocol):
    """Seconds until the next delivery, by how often the message was received; `cap` is the longest.

    None leaves the message invisible until its lease runs out, without a request.
    """

    @property
    def cap(self) -> float | None:
        """The longest wait it asks for, in seconds."""

    def delay(self, receive_count: int) -> float | None:
        """Seconds to wait after delivery number `receive_count`."""


@dataclass(frozen=True, slots=True)
class ExponentialRetry:
    """Doubles from `base` to `cap`, with full jitter: failures of one cause do not return together."""

    base: float = 1.0
    cap: float = 300.0
    jitter: Jitter = field(default=random.uniform, repr=False)

    def delay(self, receive_count: int) -> float:
        """Anything from 0 to base·2^(n-1) seconds."""
        return self.jitter(0, min(self.cap, self.base * 2.0 ** min(receive_count - 1, 30)))


@dataclass(frozen=True, slots=True)
class LinearRetry:
    """Waits `step` seconds longer each time, up to `cap`."""

    step: float = 10.0
    cap: float = 300.0

    def delay(self, receive_count: int) -> float:
        """n·step seconds."""
        return min(self.cap, self.step * receive_count)


@dataclass(frozen=True, slots=True)
class ConstantRetry:
    """Waits the same time each time."""

    seconds: float = 0.0

    @property
    def cap(self) -> float:
        """The same as every wait."""
        return self.seconds

    def delay(self, receive_count: int) -> float:  # noqa: ARG002 - the policy's signature
        """The constant."""
        return self.seconds


@dataclass(frozen=True, slots=True)
class LeaveInvisible:
    """Asks for nothing: the message comes back when its lease, extended no more, runs out."""

    @property
    def cap(self) -> None:
        """The lease's end, whenever that is."""

    def delay(self, receive_count: int) -> None:
        """The lease's end, whenever that is."""
