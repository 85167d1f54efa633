"""Rules around handlers: they end in time, what cannot be read is rejected, batches may fail in part."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fast_depends.exceptions import ValidationError as ArgumentError
from faststream.exceptions import NackMessage, RejectMessage
from faststream.message import StreamMessage
from faststream.middlewares import AckPolicy, BaseMiddleware
from pydantic import ValidationError

from faststream_sqs._faststream import ContentTypes, ContextRepo
from faststream_sqs.exceptions import BatchFailure, SettleError
from faststream_sqs.message import SQSBatchMessage, SQSMessage

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
        """Rejecting what is invalid; of a batch, the rest gets another call."""
        while True:
            try:
                return await call_next(msg)
            except Exception as error:
                models = [call.dependant for call in self._calls if call.dependant is not None]
                if isinstance(msg, SQSBatchMessage):
                    if not await _sort_out(msg, error, models):
                        raise
                    continue
                reason = invalid_arguments(error, models) or await undecodable(msg, error)
                if reason and isinstance(msg, SQSMessage):
                    await msg.reject(reason + foreign(msg))
                raise


async def _sort_out(batch: SQSBatchMessage, error: Exception, models: Sequence[Any]) -> bool:
    """Reject a batch's invalid messages; True when valid ones are left and the handler gets another call."""
    reasons = invalid_items(error, models)
    bad = {batch.messages[position]: reason for position, reason in reasons.items()}
    for one in batch.messages:
        if not reasons and (reason := await undecodable(one, error)):
            bad[one] = reason
    for one, reason in bad.items():
        await one.reject(reason + foreign(one))
    batch.remove(list(bad))
    return bool(bad and batch.messages)


class PartialFailure:
    """Settles a batch as its handler's BatchFailure says; the error itself goes on its way."""

    def __init__(self, policy: AckPolicy) -> None:
        self._policy = policy

    def __call__(self, msg: Any, /, *, context: ContextRepo) -> BaseMiddleware:
        """One batch's clerk."""
        return _Settling(self._policy, msg, context)


class _Settling(BaseMiddleware):
    def __init__(self, policy: AckPolicy, msg: Any, context: ContextRepo) -> None:
        super().__init__(msg, context=context)
        self._policy = policy

    async def consume_scope(self, call_next: CallNext, msg: StreamMessage[Any]) -> Any:
        """Only what failed comes back."""
        try:
            return await call_next(msg)
        except BatchFailure as failure:
            if isinstance(msg, SQSBatchMessage):
                await self._settle(msg, failure)
            raise

    async def _settle(self, batch: SQSBatchMessage, failure: BatchFailure) -> None:
        failed = {
            one: failure.failures[one.message_id]
            for one in batch.messages
            if one.message_id in failure.failures
        }
        if len(failed) < len(failure.failures):
            raise SettleError(
                "BatchFailure takes the message ids of the batch's own messages: the whole batch comes back"
            ) from failure
        for one, error in failed.items():
            await self._settle_one(one, error)
        await batch.ack()

    async def _settle_one(self, message: SQSMessage, error: BaseException) -> None:
        if isinstance(error, RejectMessage):
            await message.reject(**error.extra_options)
        elif isinstance(error, NackMessage):
            await message.nack(**error.extra_options)
        elif self._policy is AckPolicy.REJECT_ON_ERROR:
            await message.reject(f"failed: {type(error).__name__}")
        elif self._policy is AckPolicy.ACK:
            await message.ack()
        else:
            await message.nack()


def invalid_arguments(error: Exception, models: Sequence[Any]) -> str | None:
    """Which arguments the message fails to fill, without a word of its content.

    None for every other error: a handler may validate something of its own, and a wrong value in the
    context or a wrong result is the program's fault, not the message's.
    """
    places = _invalid_places(error, models)
    return f"invalid: {', '.join('.'.join(map(str, place)) for place in places)}" if places else None


def invalid_items(error: Exception, models: Sequence[Any]) -> dict[int, str]:
    """The same for a batch: why it fails, by position; empty when anything else is wrong, too."""
    places = _invalid_places(error, models)
    reasons: dict[int, str] = {}
    for place in places:
        if len(place) == 1 or not isinstance(place[1], int):
            return {}
        reasons.setdefault(place[1], f"invalid: {'.'.join(map(str, place[2:])) or 'its type'}")
    return reasons


def _invalid_places(error: Exception, models: Sequence[Any]) -> list[tuple[int | str, ...]]:
    if isinstance(error, ArgumentError):
        error = error.original_error
    if not isinstance(error, ValidationError):
        return []
    # FastDepends validates a call's arguments as a model named after the call.
    model = next((one for one in models if one.call_name == error.title), None)
    if model is None:
        return []
    places = [detail["loc"] for detail in error.errors(include_input=False)]
    injected = {*model.custom_fields, *model.dependencies}
    return [] if any(not place or place[0] in injected for place in places) else places


def foreign(message: SQSMessage) -> str:
    """What to add to a reason when the content type, too, may be why."""
    known = any(one.value in (message.content_type or one.value) for one in ContentTypes)
    return "" if known else f"; its content type is {message.content_type}"


async def undecodable(message: StreamMessage[Any], error: Exception) -> str | None:
    """The decoder's error, if that is what was raised: a decoded message stays decoded."""
    try:
        await message.decode()
    except Exception as unreadable:  # noqa: BLE001 - any codec's error
        return f"unreadable: {type(unreadable).__name__}" if type(unreadable) is type(error) else None
    return None
