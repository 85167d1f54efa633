"""Two rules around every handler: it ends in time, and what cannot be read is rejected at once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fast_depends.exceptions import ValidationError as ArgumentError
from faststream.message import StreamMessage
from faststream.middlewares import BaseMiddleware
from pydantic import ValidationError

from faststream_sqs._faststream import ContextRepo
from faststream_sqs.message import SQSMessage

CallNext = Callable[[Any], Awaitable[Any]]


class HandlerTimeout:
    """Cancels a handler after so many seconds; it fails with TimeoutError, inside the ack policy's reach."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __call__(self, msg: Any, /, *, context: ContextRepo) -> BaseMiddleware:
        """One message's timer."""
        return _TimedHandler(self._seconds, msg, context)


class _TimedHandler(BaseMiddleware):
    def __init__(self, seconds: float, msg: Any, context: ContextRepo) -> None:
        super().__init__(msg, context=context)
        self._seconds = seconds

    async def consume_scope(self, call_next: CallNext, msg: StreamMessage[Any]) -> Any:
        """Within the time."""
        async with asyncio.timeout(self._seconds):
            return await call_next(msg)


class RejectInvalid:
    """Rejects on the first delivery what no retry makes valid; the error itself goes on its way."""

    def __init__(self, calls: Sequence[Any]) -> None:
        self._calls = calls

    def __call__(self, msg: Any, /, *, context: ContextRepo) -> BaseMiddleware:
        """One message's judge."""
        return _Rejecting(self._calls, msg, context)


class _Rejecting(BaseMiddleware):
    def __init__(self, calls: Sequence[Any], msg: Any, context: ContextRepo) -> None:
        super().__init__(msg, context=context)
        self._calls = calls

    async def consume_scope(self, call_next: CallNext, msg: StreamMessage[Any]) -> Any:
        """Rejecting what is invalid."""
        try:
            return await call_next(msg)
        except Exception as error:
            models = [call.dependant for call in self._calls if call.dependant is not None]
            reason = invalid_arguments(error, models) or await undecodable(msg, error)
            if reason and isinstance(msg, SQSMessage):
                await msg.reject(reason)
            raise


def invalid_arguments(error: Exception, models: Sequence[Any]) -> str | None:
    """Which arguments the message fails to fill, without a word of its content.

    None for every other error: a handler may validate something of its own, and a wrong value in the
    context or a wrong result is the program's fault, not the message's.
    """
    if isinstance(error, ArgumentError):
        error = error.original_error
    if not isinstance(error, ValidationError):
        return None
    # FastDepends validates a call's arguments as a model named after the call.
    model = next((one for one in models if one.call_name == error.title), None)
    if model is None:
        return None
    places = [tuple(map(str, detail["loc"])) for detail in error.errors(include_input=False)]
    injected = {*model.custom_fields, *model.dependencies}
    if not places or any(not place or place[0] in injected for place in places):
        return None
    return f"invalid: {', '.join('.'.join(place) for place in places)}"


async def undecodable(message: StreamMessage[Any], error: Exception) -> str | None:
    """The decoder's error, if that is what was raised: a decoded message stays decoded."""
    try:
        await message.decode()
    except Exception as unreadable:  # noqa: BLE001 - any codec's error
        return f"unreadable: {type(unreadable).__name__}" if type(unreadable) is type(error) else None
    return None
