"""A received message: FastStream's, with SQS's facts and the power over its lease."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, cast

from faststream.message import AckStatus, StreamMessage

from .engine.client import QueueInfo
from .engine.lease import Lease, LeaseState
from .exceptions import SQSError, public_errors


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
    """A message as SQS gave it, with its lease; `content` is it with its body fetched from S3."""

    lease: Lease
    settlement: SettlementProto
    content: Mapping[str, Any] | None = None

    @property
    def message(self) -> Mapping[str, Any]:
        """SQS's own dictionary."""
        return self.lease.message if self.content is None else self.content

    def __repr__(self) -> str:
        return f"<RawMessage {self.lease.message_id} of {self.settlement.queue.name}>"


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Messages for one call of a handler, never none."""

    messages: tuple[RawMessage, ...]

    @property
    def lease(self) -> Lease:
        """The first message's."""
        return self.messages[0].lease

    @property
    def settlement(self) -> SettlementProto:
        """The same for all."""
        return self.messages[0].settlement

    @property
    def message(self) -> Mapping[str, Any]:
        """The first message's dictionary."""
        return self.messages[0].message


class SQSMessage(StreamMessage[RawMessage]):
    """A message and its lease; settle it at most once.

    `envelope` is what the subscriber's `envelope` option took off: an `SNSNotification`, an `S3Event`
    or an `EventBridgeEvent`; else None.
    """

    envelope: Any = None
    damage: SQSError | None = None  # why the body cannot be what its attributes say

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
    def trace_header(self) -> str | None:
        """Its X-Ray trace, `AWSTraceHeader`; a header of that name hands it on."""
        return self.attributes.get("AWSTraceHeader")

    @property
    def dead_letter_source(self) -> str | None:
        """The ARN of the queue it was redriven from."""
        return self.attributes.get("DeadLetterQueueSourceArn")

    @property
    def lease_lost(self) -> bool:
        """Whether SQS took it back already; whatever is done now may be done twice."""
        return self.raw_message.lease.state is LeaseState.LOST

    @property
    def returned(self) -> bool:
        """Whether it was given back to the queue."""
        lease = self.raw_message.lease
        return lease.returned or lease.state in {LeaseState.NACKING, LeaseState.ABANDONED}

    @property
    def lease_deadline(self) -> float:
        """When SQS takes it back unless extended, on the event loop's clock."""
        return self.raw_message.lease.deadline

    async def ack(self, *, flush: bool = False) -> None:
        """Delete it, within the subscriber's `ack_linger`; with `flush` now, raising LeaseLostError."""
        if flush:
            with public_errors(self.queue):
                await self.raw_message.settlement.ack(self.raw_message.lease, flush=True)
        elif self.committed is None:
            await self.raw_message.settlement.ack(self.raw_message.lease)
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


class SQSBatchMessage(SQSMessage):
    """The messages of one call; each may be settled by itself, the batch settles those that were not.

    Facts of a single message are those of the first one, counts and deadlines the most pressing.
    """

    def __init__(self, batch: RawBatch, messages: Sequence[SQSMessage]) -> None:
        first = messages[0]
        super().__init__(
            raw_message=cast("RawMessage", batch),  # it has all that a single one has
            body=[one.body for one in messages],
            headers=first.headers,
            batch_headers=_batch_headers(messages),
            content_type=first.content_type,
            correlation_id=first.correlation_id,
            message_id=first.message_id,
        )
        self.messages = list(messages)

    @property
    def receive_count(self) -> int:
        """The highest among them."""
        return max(one.receive_count for one in self.messages)

    @property
    def is_last_attempt(self) -> bool:
        """Whether it is for any of them."""
        return any(one.is_last_attempt for one in self.messages)

    @property
    def lease_lost(self) -> bool:
        """Whether SQS took back any of them."""
        return any(one.lease_lost for one in self.messages)

    @property
    def lease_deadline(self) -> float:
        """The earliest of theirs."""
        return min(one.lease_deadline for one in self.messages)

    def remove(self, messages: Sequence[SQSMessage]) -> None:
        """Take settled messages out of the batch, so that the handler does not see them."""
        self.messages = [one for one in self.messages if one not in messages]
        self.body = [one.body for one in self.messages]
        self.batch_headers = _batch_headers(self.messages)
        self.clear_cache()

    async def ack(self, *, flush: bool = False) -> None:
        """Delete those nobody settled; on FIFO queues those behind a returned one go back, too."""
        stopped: set[str | None] = set()
        fifo = self.raw_message.settlement.queue.fifo
        for one in self.messages:
            if fifo and one.committed is None and one.group_id in stopped:
                await one.nack(0)
            elif one.committed is None:
                await one.ack()
            elif one.returned:
                stopped.add(one.group_id)
        if flush:
            acked = [one for one in self.messages if one.committed is AckStatus.ACKED]
            await asyncio.gather(*(one.ack(flush=True) for one in acked))
        await StreamMessage.ack(self)

    async def nack(self, delay: float | timedelta | None = None) -> None:
        """Return those nobody settled."""
        for one in self.messages:
            await one.nack(delay)
        await StreamMessage.nack(self)

    async def reject(self, reason: str | None = None) -> None:
        """Move those nobody settled to the dead-letter queue."""
        await asyncio.gather(*(one.reject(reason) for one in self.messages))
        await StreamMessage.reject(self)

    async def extend(self, seconds: float | None = None) -> None:
        """Hold all of them for so many seconds from now."""
        for one in self.messages:
            await one.extend(seconds)


def _batch_headers(messages: Sequence[SQSMessage]) -> list[dict[str, Any]]:
    # FastStream's telemetry links a batch to its messages' traces by a header of this name.
    return [{"correlation_id": one.correlation_id} | one.headers for one in messages]


def _moment(milliseconds: str | None) -> datetime | None:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC) if milliseconds else None
