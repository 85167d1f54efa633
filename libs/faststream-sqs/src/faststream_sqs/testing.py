"""Tests without SQS: messages go straight to the handler, through the same encoding as on the wire."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, cast, overload
from unittest.mock import MagicMock

from faststream_sqs._faststream import EnterType, TestBroker, change_producer
from faststream_sqs.broker.broker import SQSBroker
from faststream_sqs.engine.client import QueueInfo
from faststream_sqs.engine.lease import Lease, LeaseState
from faststream_sqs.message import RawMessage
from faststream_sqs.publisher.producer import SQSProducer, check_fifo
from faststream_sqs.publisher.usecase import SQSPublisher
from faststream_sqs.response import SQSPublishCommand
from faststream_sqs.schemas.queue import SQSQueue
from faststream_sqs.subscriber.usecase import SQSSubscriber

__all__ = ("TestSQSBroker",)

LEASE = 43_200.0  # seconds: a test's lease never runs out


class TestSQSBroker(TestBroker[SQSBroker, EnterType], broker=SQSBroker):
    """Runs a broker in memory: a message goes to one subscriber, whose errors reach the publisher."""

    @overload
    def __init__(
        self: "TestSQSBroker[SQSBroker]",
        broker: SQSBroker,
        /,
        *,
        with_real: bool = False,
        connect_only: bool | None = None,
    ) -> None: ...

    @overload
    def __init__(
        self: "TestSQSBroker[tuple[SQSBroker, ...]]",
        *brokers: SQSBroker,
        with_real: bool = False,
        connect_only: bool | None = None,
    ) -> None: ...

    def __init__(
        self, *brokers: SQSBroker, with_real: bool = False, connect_only: bool | None = None
    ) -> None:
        super().__init__(*brokers, with_real=with_real, connect_only=connect_only)

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
        with change_producer(settings, InMemoryProducer(broker, self.brokers)):
            yield

    async def _fake_connect(self, *_: Any, **__: Any) -> Any:
        return MagicMock()


def find_subscriber(brokers: tuple[SQSBroker, ...], queue: str) -> SQSSubscriber | None:
    """The first subscriber of a queue: a queue delivers a message once."""
    subscribers = (cast("SQSSubscriber", one) for broker in brokers for one in broker.subscribers)
    return next((one for one in subscribers if one.queue.name == queue), None)


class InMemoryProducer(SQSProducer):
    """Hands an encoded message to the one subscriber of its queue."""

    def __init__(self, broker: SQSBroker, brokers: tuple[SQSBroker, ...]) -> None:
        settings = broker.config.broker_config
        original = cast("SQSProducer", settings.producer)
        super().__init__(settings.broker_parser, settings.broker_decoder, original.header_mode)
        self.codec = settings.broker_codec or self.codec
        self.serializer = settings.fd_config._serializer  # noqa: SLF001 - FastStream offers no other way
        self._brokers = brokers
        self._numbers: Iterator[int] = count(1)

    async def publish(self, cmd: SQSPublishCommand) -> str:
        """Deliver now; the handler's error is raised here."""
        return await self._deliver(cmd, cmd.body)

    async def publish_batch(self, cmd: SQSPublishCommand) -> list[str]:
        """Deliver one after the other."""
        return [await self._deliver(cmd, body) for body in cmd.batch_bodies]

    async def _deliver(self, cmd: SQSPublishCommand, body: Any) -> str:
        entry = await self.encode(cmd, body)
        queue = SQSQueue(cmd.destination)
        info = QueueInfo(queue.name, queue.url or f"memory://{queue.name}", fifo=queue.fifo)
        check_fifo(info, entry)
        message = received(entry, f"test-{next(self._numbers)}")
        if subscriber := find_subscriber(self._brokers, queue.name):
            lease = Lease(message, message["ReceiptHandle"], LEASE, LEASE, LeaseState.RUNNING)
            await subscriber.process_message(RawMessage(lease, InMemorySettlement(info)))
        return str(message["MessageId"])


def received(entry: dict[str, Any], message_id: str) -> dict[str, Any]:
    """What ReceiveMessage would return of an entry of SendMessageBatch."""
    carried = ("MessageGroupId", "MessageDeduplicationId")
    system = {name: entry[name] for name in carried if name in entry}
    return {
        "MessageId": message_id,
        "ReceiptHandle": message_id,
        "Body": entry["MessageBody"],
        "MessageAttributes": entry["MessageAttributes"],
        "Attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "0"} | system,
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
