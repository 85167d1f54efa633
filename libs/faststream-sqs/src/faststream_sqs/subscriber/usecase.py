"""A subscriber: the engine's consumer feeding FastStream's message path."""

from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from typing import Any, cast

from faststream.exceptions import IncorrectState, SetupError
from faststream.message import StreamMessage
from faststream.middlewares import AckPolicy
from faststream.middlewares.logging import CriticalLogMiddleware
from faststream.response import Response, ensure_response

from faststream_sqs._faststream import (
    BrokerMiddleware,
    CallsCollection,
    HandlerItem,
    PublisherProto,
    SubscriberUsecase,
    acknowledging,
    default_filter,
    process_msg,
    set_ack_policy,
)
from faststream_sqs.configs import Source, SQSBrokerConfig
from faststream_sqs.engine.client import MAX_BATCH
from faststream_sqs.engine.consumer import DEFAULT_GRACE, Consumer, ConsumerStats, inside_handler
from faststream_sqs.engine.lease import Lease
from faststream_sqs.engine.settlement import Settlement
from faststream_sqs.exceptions import public_errors
from faststream_sqs.inline import read_inline, straight_call
from faststream_sqs.message import RawBatch, RawMessage, SQSMessage
from faststream_sqs.parser import SQSBatchParser, SQSParser
from faststream_sqs.publisher.fake import SQSFakePublisher
from faststream_sqs.rpc import REPLY_TOKEN
from faststream_sqs.schemas.queue import SQSQueue

from .config import SQSSubscriberConfig
from .intake import Intake
from .middleware import HandlerTimeout, PartialFailure, RejectInvalid
from .opening import Opening
from .passage import Middlewares, Passage, Rules
from .pulling import PulledQueue
from .specification import SQSSubscriberSpecification

ITERATION_WAIT = 20.0  # seconds of each receive of an `async for`


class SQSSubscriber(SubscriberUsecase[RawMessage]):
    """Consumes one queue."""

    _outer_config: SQSBrokerConfig

    def __init__(
        self,
        config: SQSSubscriberConfig,
        specification: SQSSubscriberSpecification,
        calls: CallsCollection[RawMessage],
    ) -> None:
        _set_parser(config)
        super().__init__(config, cast("Any", specification), calls)  # its type parameters are invariant
        self._config = config
        self._consumer: Consumer | None = None
        self._pulled: PulledQueue | None = None
        self._intake = Intake(config.envelope, None, self._log_engine)
        self._prepares = config.envelope is not None
        self._passage: Passage | None = None
        self._name = ""

    def __repr__(self) -> str:
        return f"<SQSSubscriber {self.queue.name} [{self._report()}]>"

    @property
    def queue(self) -> SQSQueue:
        """What it consumes, router prefixes included."""
        return self._config.queue.with_prefix(self._outer_config.prefix)

    @property
    def batch_size(self) -> int | None:
        """How many messages its handlers take at most; None when they take one, not a list."""
        return self._config.consumption.batch_size if self._config.batch else None

    @property
    def max_workers(self) -> int:
        """How many of its handlers run at once."""
        return self._config.options().max_workers

    @property
    def dead_letter(self) -> SQSQueue | None:
        """Where rejected messages go; None leaves it to the queue's redrive policy."""
        return self._config.consumption.dead_letter

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

    @property
    def alive(self) -> bool:
        """Whether its engine is at work, whatever SQS answers."""
        return self._consumer is None or self._consumer.alive()

    async def start(self) -> None:
        """Find the queue and begin to poll."""
        await super().start()
        opened = self._consumer is not None or self._pulled is not None
        if not opened and (connection := self._outer_config.connection) is not None:
            self._intake = Intake(self._config.envelope, connection.claim_checks, self._log_engine)
            self._prepares = self._prepares or connection.claim_checks is not None
        if not opened and self._outer_config.in_memory is None:
            await self._open()
        self._post_start()

    async def _open(self) -> None:
        connection = self._outer_config.connected
        opening = Opening(self._config, self.queue, connection, self._log_engine)
        if not self.calls:
            self._pulled = PulledQueue(await opening.puller(), self._intake)
            return
        self._consumer = await opening.consumer(self._consume, self._consume_batch, self._stopped)
        self._consumer.start()

    async def stop(self) -> None:
        """Drain; from inside a handler, return at once and drain when that handler is done.

        The base class would drop what is buffered: its `running` ends before the handlers do.
        """
        if self._pulled is not None:
            grace = self._outer_config.graceful_timeout
            await self._pulled.stop(DEFAULT_GRACE if grace is None else grace)
            self._pulled = None
        if self._consumer is None:
            self.running = False
        else:
            await self._consumer.stop()
        if not inside_handler():
            await self._intake.close()

    def hurry(self) -> None:
        """Cut a stop short: handlers still at work are cancelled, their messages go back."""
        if self._consumer:
            self._consumer.hurry()

    async def get_one(self, *, timeout: float = 5) -> SQSMessage | None:  # noqa: ASYNC109 - FastStream's signature
        """The next message within `timeout` seconds, else None; it is yours to settle."""
        source = self._source
        with public_errors(self.queue.name):
            found = await source.receive(1, timeout)
        return await self._parsed(found[0]) if found else None

    def __aiter__(self) -> AsyncIterator[SQSMessage]:
        return self._iterate()

    async def _iterate(self) -> AsyncIterator[SQSMessage]:
        ahead: list[RawMessage] = []
        try:
            while self.running:
                with public_errors(self.queue.name):
                    wanted = min(MAX_BATCH, 1 + self._config.consumption.prefetch)
                    ahead = await self._source.receive(wanted, ITERATION_WAIT)
                while ahead:
                    yield await self._parsed(ahead.pop(0))
        finally:
            for raw in ahead:
                await raw.settlement.nack(raw.lease, 0)

    @property
    def _source(self) -> Source:
        if self.calls:
            raise SetupError(
                f"the subscriber of {self.queue.name!r} has a handler: take messages by hand from one without"
            )
        if self._outer_config.in_memory is not None:
            return self._outer_config.in_memory.source(self.queue.name)
        if self._pulled is None:
            raise IncorrectState(f"the subscriber of {self.queue.name!r} is not started: `await it.start()`")
        return self._pulled

    async def _parsed(self, raw: RawMessage) -> SQSMessage:
        context = self._outer_config.context
        parser, decoder = self._get_parser_and_decoder()
        given: Any = RawBatch((raw,)) if self._config.batch else raw
        middlewares = (make(given, context=context) for make in self._outer_config.broker_middlewares)
        message = await process_msg(msg=given, middlewares=middlewares, parser=parser, decoder=decoder)
        return cast("SQSMessage", message)

    def process_message(self, msg: RawMessage | RawBatch) -> Coroutine[Any, Any, Response]:
        """FastStream's way of a message, once it is complete."""
        return self._prepared(msg) if self._prepares else self._process(cast("RawMessage", msg))

    async def _prepared(self, msg: RawMessage | RawBatch) -> Response:
        ready: RawMessage | RawBatch | None
        if isinstance(msg, RawBatch):
            rest = await self._intake.admit_all(msg.messages)
            ready = RawBatch(rest) if rest else None
        else:
            ready = await self._intake.admit(msg)
        if ready is None:
            return ensure_response(None)
        try:
            return await self._process(cast("RawMessage", ready))
        finally:
            for one in ready.messages if isinstance(ready, RawBatch) else (ready,):
                self._intake.handled(one)

    def _process(self, msg: RawMessage) -> Coroutine[Any, Any, Response]:
        return super().process_message(msg) if self._passage is None else self._passage.take(msg)

    def get_log_context(self, message: StreamMessage[RawMessage] | None) -> dict[str, str]:
        """The queue and the message's id."""
        return {"queue": self._name or self.queue.name, "message_id": getattr(message, "message_id", "")}

    @property
    def _broker_middlewares(self) -> Sequence[BrokerMiddleware[RawMessage]]:
        first, last = self._own_middlewares
        return [*first, *self._outer_config.broker_middlewares, *last]

    @property
    def _own_middlewares(self) -> tuple[Middlewares, Middlewares]:
        first: list[Any] = [RejectInvalid(self.calls)] if self._config.consumption.reject_invalid else []
        if self._config.batch:
            first.append(PartialFailure(self._config.ack_policy))
        limit = self._config.handler_timeout
        return first, [] if limit is None else [HandlerTimeout(limit)]

    def _build_fastdepends_model(self) -> None:
        # Only now, routers included, is the broker's policy known.
        set_ack_policy(self, self._config.ack_policy)
        super()._build_fastdepends_model()
        for call in self.calls:
            read_inline(call.dependant)
            self._shorten(call)
        self._name = self.queue.name
        self._passage = self._straight() if len(self.calls) == 1 else None

    def _shorten(self, call: HandlerItem[RawMessage]) -> None:
        injection = self._outer_config.fd_config
        if injection.use_fastdepends and not injection.get_dependent:
            straight = straight_call(call.dependant, injection.context)
            call.handler._wrapped_call = straight or call.handler._wrapped_call  # noqa: SLF001 - no public way

    def _straight(self) -> Passage | None:
        settings, call = self._outer_config, self.calls[0]
        if call.filter is not default_filter:
            return None
        return Passage(
            call,
            self._rules(),
            settings.context,
            settings.logger,
            (("handler_", self), *settings.extra_context.items()),
            self.get_log_context,
            self._repliers,
        )

    def _rules(self) -> Rules:
        settings, policy = self._outer_config, self.ack_policy
        outer, inner = self._own_middlewares
        return Rules(
            None if policy is AckPolicy.MANUAL else acknowledging(settings.logger, policy, self._parser),
            CriticalLogMiddleware(settings.logger),
            outer,
            inner,
            lambda: settings.broker_middlewares,
        )

    def _repliers(self, message: StreamMessage[RawMessage]) -> Iterable[PublisherProto]:
        return self._make_response_publisher(message) if message.reply_to and not self._no_reply else ()

    def _make_response_publisher(self, message: StreamMessage[RawMessage]) -> Iterable[PublisherProto]:
        token = message.headers.get(REPLY_TOKEN)
        return (SQSFakePublisher(self._outer_config.producer, message.reply_to, token),)

    def _consume(self, lease: Lease, settlement: Settlement) -> Coroutine[Any, Any, None]:
        return self.consume(RawMessage(lease, settlement))

    async def _consume_batch(self, leases: Sequence[Lease], settlement: Settlement) -> None:
        batch = RawBatch(tuple(RawMessage(lease, settlement) for lease in leases))
        await self.consume(cast("RawMessage", batch))

    def _stopped(self) -> None:
        self.running, self._consumer = False, None

    def _log_engine(self, level: int, text: str) -> None:
        self._log(level, text, extra=self.get_log_context(None))

    def _report(self) -> str:
        if self._consumer is None or not self.running:
            return "by hand" if self._pulled else "stopped"
        stats, workers = self._consumer.stats, self._config.options().max_workers
        parts = [f"{stats.running}/{workers} in flight", f"{stats.buffered} buffered"]
        parts.append(f"{stats.pending_acks} acks pending")
        return " | ".join(parts + (["paused"] if stats.paused else []))


def _set_parser(config: SQSSubscriberConfig) -> None:
    if config.batch:
        batches = SQSBatchParser(config.envelope)
        config.parser, config.decoder = batches.parse_batch, batches.decode_batch
    else:
        singles = SQSParser(config.envelope)
        config.parser, config.decoder = singles.parse_message, singles.decode_message
