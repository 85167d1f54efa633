"""A message's way through FastStream's rules to its handler and on to the publishers, nothing built in vain."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack, ExitStack, nullcontext
from dataclasses import dataclass
from typing import Any

from faststream.middlewares import AcknowledgementMiddleware, BaseMiddleware
from faststream.middlewares.logging import CriticalLogMiddleware
from faststream.response import Response, ensure_response

from faststream_sqs._faststream import BrokerMiddleware, ContextRepo, HandlerItem, LoggerState, PublisherProto
from faststream_sqs.message import RawMessage, SQSMessage

Middlewares = Sequence[BrokerMiddleware[RawMessage]]
Made = Sequence[BaseMiddleware[Any, Any]]


@dataclass(frozen=True, slots=True)
class Rules:
    """Whose word counts on a message's way, from the outside in; the broker's users' stand in the middle.

    `outer` and `inner` only judge the handler's call: they are neither entered nor left, and have no say
    in publications.
    """

    acknowledge: AcknowledgementMiddleware | None
    log: CriticalLogMiddleware
    outer: Middlewares
    inner: Middlewares
    users: Callable[[], Middlewares]


@dataclass(frozen=True, slots=True)
class Passage:
    """Does as FastStream's `process_message` does where one handler without a filter takes all messages."""

    call: HandlerItem[RawMessage]
    rules: Rules
    context: ContextRepo
    logger: LoggerState
    values: Sequence[tuple[str, Any]]
    log_context: Callable[[SQSMessage], dict[str, str]]
    repliers: Callable[[SQSMessage], Iterable[PublisherProto]]

    async def take(self, raw: RawMessage) -> Response:
        """Every stage of a message."""
        values = (*self.values, ("logger", self.logger.logger.logger))
        # What tells of the message must outlast the middlewares: the log names it when it ends.
        with self.context.scopes(values), ExitStack() as outlasting:
            return await self._judged(raw, outlasting)

    async def _judged(self, raw: RawMessage, outlasting: ExitStack) -> Response:
        rules, context = self.rules, self.context
        log = rules.log(raw, context=context)
        ack = rules.acknowledge(raw, context=context) if rules.acknowledge else None
        async with ack or nullcontext(), log:
            first: Made = [ack, log] if ack else [log]
            users = rules.users()
            if not users:
                return await self._handled(raw, outlasting, first, ())
            async with AsyncExitStack() as stack:
                made = [await _entered(stack, make(raw, context=context)) for make in users]
                return await self._handled(raw, outlasting, first, made)
        return ensure_response(None)  # a middleware dealt with an error

    async def _handled(self, raw: RawMessage, outlasting: ExitStack, first: Made, users: Made) -> Response:
        call, context, rules = self.call, self.context, self.rules
        message = await call.parser(raw)
        message.set_decoder(call.decoder)
        told = (("log_context", self.log_context(message)), ("message", message))
        outlasting.enter_context(context.scopes(told))
        made = [
            *first,
            *(make(raw, context=context) for make in rules.outer),
            *users,
            *(make(raw, context=context) for make in rules.inner),
        ]
        scopes = [one.consume_scope for one in reversed(made)]
        response = ensure_response(await call.call(message=message, _extra_middlewares=scopes))
        if not response.correlation_id:
            response.correlation_id = message.correlation_id
        for publisher in (*self.repliers(message), *call.handler._publishers):  # noqa: SLF001 - FastStream's own
            scopes = [one.publish_scope for one in reversed(users)]
            await publisher._publish(response.as_publish_command(), _extra_middlewares=scopes)  # noqa: SLF001 - likewise
        return response


async def _entered(stack: AsyncExitStack, one: BaseMiddleware[Any, Any]) -> BaseMiddleware[Any, Any]:
    await stack.enter_async_context(one)
    return one
