"""A subscriber: the engine's consumer feeding FastStream's message path."""

import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn, cast

from faststream.exceptions import FeatureNotSupportedException
from faststream.message import StreamMessage

from faststream_sqs._faststream import (
    BrokerMiddleware,
    CallsCollection,
    PublisherProto,
    SubscriberUsecase,
    set_ack_policy,
)
from faststream_sqs.configs import Connection, SQSBrokerConfig
from faststream_sqs.engine.client import CallError, QueueInfo
from faststream_sqs.engine.consumer import Consumer, ConsumerStats
from faststream_sqs.engine.dead_letter import DeadLetters
from faststream_sqs.engine.lease import Lease
from faststream_sqs.engine.queues import mismatches
from faststream_sqs.engine.settlement import Settlement
from faststream_sqs.exceptions import QueueMismatchError, public_errors
from faststream_sqs.inline import read_inline
from faststream_sqs.message import RawMessage
from faststream_sqs.parser import SQSParser
from faststream_sqs.publisher.fake import SQSFakePublisher
from faststream_sqs.schemas.queue import SQSQueue

from .config import SQSSubscriberConfig
from .middleware import HandlerTimeout, RejectInvalid
from .specification import SQSSubscriberSpecification


class SQSSubscriber(SubscriberUsecase[RawMessage]):
    """Consumes one queue."""

    _outer_config: SQSBrokerConfig

    def __init__(
        self,
        config: SQSSubscriberConfig,
        specification: SQSSubscriberSpecification,
        calls: CallsCollection[RawMessage],
    ) -> None:
        parser = SQSParser()
        config.parser, config.decoder = parser.parse_message, parser.decode_message
        super().__init__(config, cast("Any", specification), calls)  # its type parameters are invariant
        self._config = config
        self._consumer: Consumer | None = None

    def __repr__(self) -> str:
        return f"<SQSSubscriber {self.queue.name} [{self._report()}]>"

    @property
    def queue(self) -> SQSQueue:
        """What it consumes, router prefixes included."""
        return self._config.queue.with_prefix(self._outer_config.prefix)

    @property
    def stats(self) -> ConsumerStats | None:
        """What it is doing right now; None before the start."""
        return self._consumer.stats if self._consumer else None

    @property
    def healthy(self) -> bool:
        """Whether SQS answers its polls, or it has no reason to poll."""
        if not self.calls:
            return True
        return self._consumer is not None and self._consumer.healthy()

    def pause(self) -> None:
        """Receive nothing more for now; what is held is handled and stays leased."""
        if self._consumer:
            self._consumer.pause()

    def resume(self) -> None:
        """Receive again."""
        if self._consumer:
            self._consumer.resume()

    async def start(self) -> None:
        """Find the queue and begin to poll."""
        await super().start()
        if self.calls and not self.running:
            self._consumer = await self._make_consumer(self._outer_config.connected)
            self._consumer.start()
        self._post_start()

    async def stop(self) -> None:
        """Drain; from inside a handler, return at once and drain when that handler is done.

        The base class would drop what is buffered: its `running` ends before the handlers do.
        """
        if self._consumer is None:
            self.running = False
        else:
            await self._consumer.stop()

    async def get_one(self, *, timeout: float = 5) -> NoReturn:  # noqa: ARG002, ASYNC109 - FastStream's signature
        """Not yet."""
        raise FeatureNotSupportedException("SQS subscribers take handlers only, so far: decorate a function")

    def __aiter__(self) -> AsyncIterator[StreamMessage[RawMessage]]:
        raise FeatureNotSupportedException("SQS subscribers take handlers only, so far: decorate a function")

    def get_log_context(self, message: StreamMessage[RawMessage] | None) -> dict[str, str]:
        """The queue and the message's id."""
        return {"queue": self.queue.name, "message_id": getattr(message, "message_id", "")}

    @property
    def _broker_middlewares(self) -> Sequence[BrokerMiddleware[RawMessage]]:
        first = [RejectInvalid(self.calls)] if self._config.consumption.reject_invalid else []
        limit = self._config.handler_timeout
        last = [] if limit is None else [HandlerTimeout(limit)]
        return [*first, *self._outer_config.broker_middlewares, *last]

    def _build_fastdepends_model(self) -> None:
        # Only now, routers included, is the broker's policy known.
        set_ack_policy(self, self._config.ack_policy)
        super()._build_fastdepends_model()
        for call in self.calls:
            read_inline(call.dependant)

    def _make_response_publisher(self, message: StreamMessage[RawMessage]) -> Iterable[PublisherProto]:
        return (SQSFakePublisher(self._outer_config.producer, message.reply_to),)

    async def _make_consumer(self, connection: Connection) -> Consumer:
        with public_errors(self.queue.name):
            info, attributes = await connection.queues.describe(self.queue)
        info = self._checked(info, attributes)
        return Consumer(
            connection.api,
            info,
            self._consume,
            self._config.options(),
            recorder=self._outer_config.recorder,
            dead_letters=await self._dead_letters(connection, info),
            retry=self._config.retry,
            log=self._log_engine,
            on_stopped=self._stopped,
        )

    def _checked(self, info: QueueInfo, attributes: Mapping[str, str]) -> QueueInfo:
        differences = mismatches(self.queue, attributes)
        if differences and self._outer_config.validate != "off":
            text = f"queue {self.queue.name!r} is not as declared: {'; '.join(differences)}"
            if self._outer_config.validate == "strict":
                raise QueueMismatchError(text)
            self._log_engine(logging.WARNING, text)
        wanted = self._config.consumption.visibility_timeout or self.queue.visibility_timeout
        return replace(info, visibility=wanted or info.visibility)

    async def _dead_letters(self, connection: Connection, info: QueueInfo) -> DeadLetters | None:
        explicit = self._config.consumption.dead_letter
        if explicit is not None:
            return DeadLetters(await self._outer_config.locate(explicit), info, connection.sender)
        if info.dead_letter_arn is None:
            return None
        try:
            target = await connection.queues.locate(SQSQueue(info.dead_letter_arn))
        except CallError as error:
            self._log_engine(
                logging.WARNING, f"no rejected message can be moved to the dead-letter queue: {error}"
            )
            return None
        return DeadLetters(target, info, connection.sender)

    async def _consume(self, lease: Lease, settlement: Settlement) -> None:
        await self.consume(RawMessage(lease, settlement))

    def _stopped(self) -> None:
        self.running = False

    def _log_engine(self, level: int, text: str) -> None:
        self._log(level, text, extra=self.get_log_context(None))

    def _report(self) -> str:
        if self._consumer is None or not self.running:
            return "stopped"
        stats, workers = self._consumer.stats, self._config.options().max_workers
        parts = [f"{stats.running}/{workers} in flight", f"{stats.buffered} buffered"]
        parts.append(f"{stats.pending_acks} acks pending")
        return " | ".join(parts + (["paused"] if stats.paused else []))
