"""Copies a rejected message to the dead-letter queue, saying why, from where and after how many tries."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .client import MAX_BYTES, Entry, QueueInfo
from .lease import Lease
from .sender import Sender, entry_bytes

MAX_ATTRIBUTES = 10  # of one message
_REASON_LENGTH = 256  # characters
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Where the rejected messages of one queue go."""

    target: QueueInfo
    source: QueueInfo
    sender: Sender

    async def send(self, lease: Lease, reason: str | None) -> None:
        """Copy the message; raises `CallError` when the copy was not taken."""
        await self.sender.send(self.target, copy_of(lease, self.source, self.target, reason))


def copy_of(lease: Lease, source: QueueInfo, target: QueueInfo, reason: str | None) -> Entry:
    """The message as it will lie in the dead-letter queue."""
    kept = {name: _value(value) for name, value in (lease.message.get("MessageAttributes") or {}).items()}
    entry: dict[str, Any] = {
        "MessageBody": lease.message["Body"],
        "MessageAttributes": kept | _why(lease, source, reason),
    }
    if len(entry["MessageAttributes"]) > MAX_ATTRIBUTES or entry_bytes(entry) > MAX_BYTES:
        # The sender's own attributes matter more than our note about them.
        entry["MessageAttributes"] = kept
    if trace := lease.attributes.get("AWSTraceHeader"):
        entry["MessageSystemAttributes"] = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
    if target.fifo:
        entry["MessageDeduplicationId"] = lease.message_id
    if target.fifo or lease.group_id:
        entry["MessageGroupId"] = lease.group_id or lease.message_id
    return entry


def _why(lease: Lease, source: QueueInfo, reason: str | None) -> dict[str, Any]:
    text = _ILLEGAL.sub("?", reason or "")[:_REASON_LENGTH].strip() or "rejected"
    facts = {"reason": text, "source": source.name, "receive-count": str(lease.receive_count)}
    return {
        f"x-dead-letter-{name}": {"DataType": "String", "StringValue": value} for name, value in facts.items()
    }


def _value(received: Mapping[str, Any]) -> dict[str, Any]:
    fields = ("DataType", "StringValue", "BinaryValue")
    return {name: received[name] for name in fields if received.get(name)}
