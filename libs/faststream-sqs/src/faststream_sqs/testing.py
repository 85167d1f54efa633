"""Tests without SQS: messages go straight to the handler, or through the engine and a `FakeSQS`."""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from types import TracebackType
from typing import Any, cast, overload
from unittest.mock import MagicMock

from faststream.exceptions import SubscriberNotFound

from faststream_sqs._faststream import EnterType, TestBroker, change_producer
from faststream_sqs.broker.broker import SQSBroker
from faststream_sqs.engine.client import QueueInfo
from faststream_sqs.engine.lease import Lease, LeaseState
from faststream_sqs.engine.sent import SendResult
from faststream_sqs.engine.timing import wait_for_event
from faststream_sqs.fake import FakeSQS
from faststream_sqs.message import RawBatch, RawMessage
from faststream_sqs.parser import check_size
from faststream_sqs.publisher.producer import SQSProducer, check_fifo
from faststream_sqs.publisher.usecase import SQSPublisher
from faststream_sqs.response import SQSPublishCommand
from faststream_sqs.schemas.queue import SQSQueue
from faststream_sqs.subscriber.usecase import SQSSubscriber

__all__ = ("TestSQSBroker",)

LEASE = 43_200.0  # seconds: a test's lease never runs out


class TestSQSBroker(TestBroker[SQSBroker, EnterType], broker=SQSBroker):
    """Runs a broker in memory: a message goes to one subscriber, whose errors reach the publisher.

    With `fake`, the real engine consumes from that SQS in memory instead: deliveries are repeated,
    delayed, batched and dead-lettered as in production, and errors stay with the handler. Queues that the
    fake does not have yet are created.
    """

    @overload
    def __init__(
        self: "TestSQSBroker[SQSBroker]",
        broker: SQSBroker,
        /,
        *,
        with_real: bool = False,
        connect_only: bool | None = None,
        fake: FakeSQS | None = None,
    ) -> None: ...

    @overload
    def __init__(
        self: "TestSQSBroker[tuple[SQSBroker, ...]]",
        *brokers: SQSBroker,
        with_real: bool = False,
        connect_only: bool | None = None,
        fake: FakeSQS | None = None,
    ) -> None: ...

    def __init__(
        self,
        *brokers: SQSBroker,
        with_real: bool = False,
        connect_only: bool | None = None,
        fake: FakeSQS | None = None,
    ) -> None:
        super().__init__(*brokers, with_real=with_real or fake is not None, connect_only=connect_only)
        self._fake = fake
        self._before: list[tuple[Any, Any]] = []

    async def __aenter__(self) -> EnterType:
        if self._fake is not None:
            settings = [broker.config.broker_config for broker in self.brokers]
            self._before = [(one.client_factory, one.on_missing_queue) for one in settings]
            for one in settings:
                one.client_factory, one.on_missing_queue = self._fake.client, "create"
        return await super().__aenter__()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_val: BaseException | None = None,
        exc_tb: TracebackType | None = None,
    ) -> None:
        try:
            await super().__aexit__(exc_type, exc_val, exc_tb)
        finally:
            for broker, before in zip(self.brokers, self._before, strict=False):
                settings = broker.config.broker_config
                settings.client_factory, settings.on_missing_queue = before

    def create_publisher_fake_subscriber(
        self, broker: SQSBroker, publisher: SQSPublisher
    ) -> tuple[SQSSubscriber, bool]:
        """The publisher's queue's subscriber, or one made up to record what arrives."""
        known = find_subscriber(self.brokers, publisher.queue.name)
        # The full name is known already: no router prefix must be added again.
        return (known, True) if known else (broker.subscriber(publisher.queue, persistent=False), False)

    @contextmanager
    def _patch_producer(self, broker: SQSBroker) -> Generator[None, None, None]:
        settings = broker.config.broker_config
        producer = InMemoryProducer(broker, self.brokers)
        settings.in_memory = producer.queues
        try:
            with change_producer(settings, producer):
                yield
        finally:
            settings.in_memory = None

    async def _fake_connect(self, *_: Any, **__: Any) -> Any:
        return MagicMock()


def find_subscriber(brokers: tuple[SQSBroker, ...], queue: str) -> SQSSubscriber | None:
    """The first subscriber of a queue: a queue delivers a message once."""
    subscribers = (cast("SQSSubscriber", one) for broker in brokers for one in broker.subscribers)
    return next((one for one in subscribers if one.queue.name == queue), None)


class InMemoryQueue:
    """Messages for `get_one` and `async for`."""

    def __init__(self) -> None:
        self._messages: deque[RawMessage] = deque()
        self._filled = asyncio.Event()

    def put(self, messages: Sequence[RawMessage]) -> None:
        """Add messages."""
        self._messages.extend(messages)
        self._filled.set()

    async def receive(self, count: int, seconds: float) -> list[RawMessage]:
        """At most so many messages, the first to come within so many seconds."""
        if not self._messages:
            self._filled.clear()
            await wait_for_event(self._filled, seconds)
        return [self._messages.popleft() for _ in range(min(count, len(self._messages)))]


class InMemoryQueues:
    """The queues that no handler consumes."""

    def __init__(self) -> None:
        self._queues: defaultdict[str, InMemoryQueue] = defaultdict(InMemoryQueue)

    def source(self, queue: str) -> InMemoryQueue:
        """A queue's messages."""
        return self._queues[queue]


class InMemoryProducer(SQSProducer):
    """Hands encoded messages to the one subscriber of their queue."""

    def __init__(self, broker: SQSBroker, brokers: tuple[SQSBroker, ...]) -> None:
        settings = broker.config.broker_config
        original = cast("SQSProducer", settings.producer)
        super().__init__(settings.broker_parser, settings.broker_decoder, original.header_mode)
        self.codec = settings.broker_codec or self.codec
        self.serializer = settings.fd_config._serializer  # noqa: SLF001 - FastStream offers no other way
        self.queues = InMemoryQueues()
        self._brokers = brokers
        self._unlimited = settings.claim_check is not None
        self._numbers: Iterator[int] = count(1)

    async def publish(self, cmd: SQSPublishCommand) -> SendResult:
        """Deliver now; the handler's error is raised here."""
        (raw,) = await self._arrived(cmd, [cmd.body])
        await self._deliver(cmd.destination, [raw])
        return _result(raw)

    async def publish_batch(self, cmd: SQSPublishCommand) -> list[SendResult]:
        """Deliver one after the other, or in batches if that is what the handler takes."""
        raws = await self._arrived(cmd, cmd.batch_bodies)
        await self._deliver(cmd.destination, raws)
        return [_result(raw) for raw in raws]

    async def request(self, cmd: SQSPublishCommand) -> RawMessage:
        """Deliver now; what the handler returns is the reply."""
        (raw,) = await self._arrived(cmd, [cmd.body])
        async with asyncio.timeout(cmd.timeout):
            results = await self._deliver(cmd.destination, [raw])
        if not results:
            raise SubscriberNotFound(f"nobody under test consumes {cmd.destination!r}, so nobody replies")
        reply = results[0].as_publish_command()
        answer = SQSPublishCommand.from_cmd(reply)
        answer.correlation_id = cmd.correlation_id
        (found,) = await self._arrived(answer, [answer.body])
        return found

    async def _deliver(self, place: str, raws: Sequence[RawMessage]) -> list[Any]:
        queue = SQSQueue(place)
        subscriber = find_subscriber(self._brokers, queue.name)
        if subscriber is None:
            return []
        if not subscriber.calls:
            self.queues.source(queue.name).put(raws)
            return []
        if (size := subscriber.batch_size) is None:
            return [await subscriber.process_message(raw) for raw in raws]
        batches = [RawBatch(tuple(raws[start : start + size])) for start in range(0, len(raws), size)]
        return [await subscriber.process_message(batch) for batch in batches]

    async def _arrived(self, cmd: SQSPublishCommand, bodies: Sequence[Any]) -> list[RawMessage]:
        queue = SQSQueue(cmd.destination or "replies")
        info = QueueInfo(queue.name, queue.url or f"memory://{queue.name}", fifo=queue.fifo)
        return [self._raw(info, await self.encode(cmd, body)) for body in bodies]

    def _raw(self, info: QueueInfo, entry: dict[str, Any]) -> RawMessage:
        check_fifo(info, entry)
        number = str(next(self._numbers))
        message = received(entry, f"test-{number}", sequence=number if info.fifo else None)
        lease = Lease(message, message["ReceiptHandle"], LEASE, LEASE, LeaseState.RUNNING)
        return RawMessage(lease, InMemorySettlement(info))

    def _check_size(self, entry: dict[str, Any]) -> None:
        if not self._unlimited:
            check_size(entry)


def _result(raw: RawMessage) -> SendResult:
    return SendResult(raw.lease.message_id, raw.lease.attributes.get("SequenceNumber"))


def received(entry: dict[str, Any], message_id: str, *, sequence: str | None = None) -> dict[str, Any]:
    """What ReceiveMessage would return of an entry of SendMessageBatch."""
    carried = ("MessageGroupId", "MessageDeduplicationId")
    system = {"ApproximateReceiveCount": "1", "SentTimestamp": str(round(time.time() * 1000))}
    system |= {name: entry[name] for name in carried if name in entry}
    for name, value in entry.get("MessageSystemAttributes", {}).items():
        system[name] = value["StringValue"]
    if sequence is not None:
        system["SequenceNumber"] = sequence
    return {
        "MessageId": message_id,
        "ReceiptHandle": message_id,
        "Body": entry["MessageBody"],
        "MessageAttributes": entry["MessageAttributes"],
        "Attributes": system,
    }


class InMemorySettlement:
    """Notes a message's fate in its lease; nothing comes back."""

    def __init__(self, queue: QueueInfo) -> None:
        self.queue = queue

    async def ack(self, lease: Lease, *, flush: bool = False) -> None:  # noqa: ARG002 - the protocol's signature
        """Acknowledged."""
        lease.settle(LeaseState.ACKING)

    async def nack(self, lease: Lease, delay: float | None = None) -> None:  # noqa: ARG002 - the protocol's signature
        """Returned."""
        lease.settle(LeaseState.NACKING)

    async def reject(self, lease: Lease, reason: str | None = None) -> None:  # noqa: ARG002 - the protocol's signature
        """Rejected."""
        lease.settle(LeaseState.REJECTING)

    async def extend(self, lease: Lease, seconds: float | None = None) -> None:
        """Held for ever anyway."""
