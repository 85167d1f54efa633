"""A received message: FastStream's, with SQS's facts and the power over its lease."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from faststream.message import StreamMessage

from .engine.client import QueueInfo
from .engine.lease import Lease, LeaseState
from .exceptions import public_errors


class SettlementProto(Protocol):
    """What a message asks of whoever holds its lease."""

    @property
    def queue(self) -> QueueInfo:
        """The queue the message came from."""

    async def ack(self, lease: Lease, *, flush: bool = False) -> None:
        """Delete the message."""

    async def nack(self, lease: Lease, delay: float | None = None) -> None:
        """Return the message."""

    async def reject(self, lease: Lease, reason: str | None = None) -> None:
        """Move the message to the dead-letter queue."""

    async def extend(self, lease: Lease, seconds: float | None = None) -> None:
        """Hold the message longer."""


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A message as SQS gave it, with its lease."""

    lease: Lease
    settlement: SettlementProto

    @property
    def message(self) -> Mapping[str, Any]:
        """SQS's own dictionary."""
        return self.lease.message

    def __repr__(self) -> str:
        return f"<RawMessage {self.lease.message_id} of {self.settlement.queue.name}>"


class SQSMessage(StreamMessage[RawMessage]):
    """A message and its lease; settle it at most once."""

    @property
    def queue(self) -> str:
        """The name of the queue it came from."""
        return self.raw_message.settlement.queue.name

    @property
    def queue_url(self) -> str:
        """The URL of the queue it came from."""
        return self.raw_message.settlement.queue.url

    @property
    def attributes(self) -> Mapping[str, str]:
        """SQS's system attributes."""
        return self.raw_message.lease.attributes

    @property
    def receive_count(self) -> int:
        """How often it was delivered, this time included."""
        return self.raw_message.lease.receive_count

    @property
    def is_last_attempt(self) -> bool:
        """Whether SQS moves it to the dead-letter queue if this delivery fails."""
        limit = self.raw_message.settlement.queue.max_receive_count
        return limit is not None and self.receive_count >= limit

    @property
    def sent_at(self) -> datetime | None:
        """When SQS took it."""
        return _moment(self.attributes.get("SentTimestamp"))

    @property
    def first_received_at(self) -> datetime | None:
        """When it was first delivered."""
        return _moment(self.attributes.get("ApproximateFirstReceiveTimestamp"))

    @property
    def group_id(self) -> str | None:
        """Its FIFO group, or its tenant on a fair queue."""
        return self.raw_message.lease.group_id

    @property
    def deduplication_id(self) -> str | None:
        """Its FIFO deduplication id."""
        return self.attributes.get("MessageDeduplicationId")

    @property
    def sequence_number(self) -> str | None:
        """Its place in a FIFO queue."""
        return self.attributes.get("SequenceNumber")

    @property
    def dead_letter_source(self) -> str | None:
        """The ARN of the queue it was redriven from."""
        return self.attributes.get("DeadLetterQueueSourceArn")

    @property
    def lease_lost(self) -> bool:
        """Whether SQS took it back already; whatever is done now may be done twice."""
        return self.raw_message.lease.state is LeaseState.LOST

    @property
    def lease_deadline(self) -> float:
        """When SQS takes it back unless extended, on the event loop's clock."""
        return self.raw_message.lease.deadline

    async def ack(self, *, flush: bool = False) -> None:
        """Delete it, within the subscriber's `ack_linger`; with `flush` now, raising LeaseLostError."""
        if self.committed is None or flush:
            with public_errors(self.queue):
                await self.raw_message.settlement.ack(self.raw_message.lease, flush=flush)
        await super().ack()

    async def nack(self, delay: float | timedelta | None = None) -> None:
        """Return it after `delay` seconds, by default as the retry policy says."""
        if self.committed is None:
            seconds = delay.total_seconds() if isinstance(delay, timedelta) else delay
            await self.raw_message.settlement.nack(self.raw_message.lease, seconds)
        await super().nack()

    async def reject(self, reason: str | None = None) -> None:
        """Copy it to the dead-letter queue and delete it; without such a queue it stays and comes back."""
        if self.committed is None:
            await self.raw_message.settlement.reject(self.raw_message.lease, reason)
        await super().reject()

    async def extend(self, seconds: float | None = None) -> None:
        """Hold it for so many seconds from now; the heartbeat does this unasked."""
        await self.raw_message.settlement.extend(self.raw_message.lease, seconds)


def _moment(milliseconds: str | None) -> datetime | None:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC) if milliseconds else None
