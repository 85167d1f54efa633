"""Around every handler: one journal, one error policy, one log line."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from faststream import BaseMiddleware, ContextRepo
from faststream.exceptions import HandlerException, NackMessage, RejectMessage
from pydantic import ValidationError

from common.errors import Permanent, PipelineError, Transient
from common.journal import Entry, Failure, Journal, work_of
from common.logging import about, get_logger
from common.model import CallKey
from common.pipeline import Stage

MAX_UNKNOWN_ERRORS = 5  # a bug met five times is not going to go away
MAX_CRASHES = 5  # attempts that started and never reported back: this message kills its worker

log = get_logger("callstream.stage")


def now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


class Attempt:
    """One delivery of one message to one stage; handlers reach it as ``attempt`` in the context."""

    def __init__(self, stage: Stage, journal: Journal) -> None:
        self._stage = stage
        self._journal = journal
        self._started = time.monotonic()
        self.key: CallKey | None = None
        self.entry: Entry | None = None

    async def identify(self, key: CallKey) -> Entry:
        """Say which call this is; answer with its journal. Only ingest has to: other events carry their key.

        Raises:
            Permanent: the call has ended too many workers.
        """
        self.key = key
        self.entry = await self._journal.begin(key, self._stage, now())
        so_far = self.entry.stages[self._stage.name]
        if so_far.attempts - so_far.reported > MAX_CRASHES:
            raise Permanent("the stage died on this call again and again", reason="poison")
        return self.entry

    @property
    def took(self) -> float:
        """Seconds since the message was taken up."""
        return time.monotonic() - self._started

    async def finish(self, result: object) -> None:
        """The stage did its work."""
        if self.key:
            await self._journal.finish(self.key, self._stage, now(), self.took, work_of(result))

    async def fail(self, reason: str, message: str, *, final: bool) -> None:
        """The stage could not do its work, this time or ever."""
        if self.key:
            retries = self.entry.stages[self._stage.name].attempts - 1 if self.entry else 0
            failure = Failure(
                stage=self._stage.name, reason=reason, message=message, timestamp=now(), retry_count=retries
            )
            await self._journal.fail(self.key, self._stage, now(), failure, final=final)

    async def release(self) -> None:
        """The stage was told to stop before it was done."""
        if self.key:
            await self._journal.release(self.key, self._stage, now())

    @property
    def number(self) -> int | None:
        """Which attempt this is, the first being 1."""
        return self.entry.stages[self._stage.name].attempts if self.entry else None


class AroundStage(BaseMiddleware):
    """Keep the journal, turn a typed failure into what the queue should do, and log one canonical line."""

    def __init__(self, msg: Any | None, /, *, context: ContextRepo, stage: Stage) -> None:
        super().__init__(msg, context=context)
        self._stage = stage

    async def consume_scope(self, call_next: Callable[[Any], Any], msg: Any) -> Any:
        """One delivery, from the first look at it to its outcome."""
        attempt = Attempt(self._stage, self.context.get("journal"))
        with (
            about(stage=self._stage.name, message_id=msg.message_id),
            self.context.scope("attempt", attempt),
        ):
            return await self._decided(call_next, msg, attempt)

    async def _decided(self, call_next: Callable[[Any], Any], msg: Any, attempt: Attempt) -> Any:
        try:
            return await self._journaled(call_next, msg, attempt)
        except HandlerException:
            raise
        except asyncio.CancelledError:
            await asyncio.shield(attempt.release())
            raise
        except Transient as error:
            final = bool(getattr(msg, "is_last_attempt", False))
            await self._report(attempt, error.reason, error, final=final)
            raise NackMessage(delay=error.retry_after) from error
        except Exception as error:  # every failure must reach the journal, whatever it is
            reason, final = _verdict(error, attempt, msg)
            await self._report(attempt, reason, error, final=final)
            raise (RejectMessage(reason=reason) if final else NackMessage()) from error

    async def _journaled(self, call_next: Callable[[Any], Any], msg: Any, attempt: Attempt) -> Any:
        key = _key_in(await msg.decode())
        if key is not None:
            await attempt.identify(key)
        with about(**_ids(key)):
            result = await call_next(msg)
        await attempt.finish(result)
        self._log(attempt, "completed")
        return result

    async def _report(self, attempt: Attempt, reason: str, error: Exception, *, final: bool) -> None:
        text = str(error) if isinstance(error, PipelineError) else type(error).__name__
        self._log(attempt, "failed" if final else "retried", reason=reason, error=error)
        await attempt.fail(reason, text, final=final)

    def _log(
        self, attempt: Attempt, outcome: str, *, reason: str | None = None, error: Exception | None = None
    ) -> None:
        with about(**_ids(attempt.key), attempt=attempt.number, reason=reason):
            took = round(attempt.took * 1000)
            write = log.info if error is None else log.warning
            unexpected = error if not isinstance(error, PipelineError) else None
            write("message.processed", outcome=outcome, duration_ms=took, exc_info=unexpected)


class Countdown:
    """Call *done* once, after *start* steps; never if *start* is 0."""

    def __init__(self, start: int, done: Callable[[], None]) -> None:
        self._left = start
        self._done = done

    def step(self) -> None:
        """One step."""
        self._left -= 1
        if self._left == 0:
            self._done()


class StopAfter(BaseMiddleware):
    """Let a process end after so many messages: whatever a library leaks stays small."""

    def __init__(self, msg: Any | None, /, *, context: ContextRepo, countdown: Countdown) -> None:
        super().__init__(msg, context=context)
        self._countdown = countdown

    async def consume_scope(self, call_next: Callable[[Any], Any], msg: Any) -> Any:
        """Count the message when it is done with, whatever became of it."""
        try:
            return await call_next(msg)
        finally:
            self._countdown.step()


def _verdict(error: Exception, attempt: Attempt, msg: Any) -> tuple[str, bool]:
    """The reason code of a failure that is not transient, and whether it ends the call."""
    if isinstance(error, Permanent):
        return error.reason, True
    if isinstance(error, ValidationError):
        return "invalid_message", True
    if isinstance(error, TimeoutError):
        return "timeout", False
    return "internal_error", (attempt.number or _receive_count(msg)) >= MAX_UNKNOWN_ERRORS


def _receive_count(msg: Any) -> int:
    return int(getattr(msg, "receive_count", 1))


def _key_in(body: Any) -> CallKey | None:
    """The key an event carries; None where ingest has yet to derive it."""
    if isinstance(body, dict) and {"tenant_id", "call_id", "revision"} <= body.keys():
        return CallKey.model_validate(body)
    return None


def _ids(key: CallKey | None) -> dict[str, str]:
    return {} if key is None else {"call_id": key.call_id, "tenant_id": key.tenant_id}
