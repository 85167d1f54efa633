"""Around every handler: one journal, one error policy, one log line."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from json import JSONDecodeError
from typing import Any

from faststream import BaseMiddleware, ContextRepo
from faststream.exceptions import HandlerException, NackMessage, RejectMessage
from pydantic import ValidationError

from common.entry import Source
from common.errors import Claimed, Permanent, PipelineError, Transient
from common.journal import Entry, Failure, Journal, work_of
from common.logging import about, get_logger
from common.model import CallKey
from common.pipeline import Stage

UNKNOWN = "internal_error"
MAX_UNKNOWN_ERRORS = 5  # a bug met five times is not going to go away
MAX_BAD_ANSWERS = 3  # each of them is paid for
LONGEST_POSTPONEMENT = 300.0  # seconds; twenty deliveries then outlast the longest handler
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

    async def identify(self, key: CallKey, source: Source | None = None) -> Entry:
        """Say which call this is; answer with its journal. Only ingest has to: other events carry their key.

        Raises:
            Permanent: the call has ended too many workers.
        """
        self.key = key
        self.entry = await self._journal.begin(key, self._stage, now(), source)
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
        if self.key and self.entry:
            await self._journal.finish(self.key, self._stage, now(), self.took, work_of(result))

    async def fail(self, reason: str, message: str, *, final: bool) -> None:
        """The stage could not do its work, this time or ever."""
        if self.key and self.entry:
            retries = self.entry.stages[self._stage.name].attempts - 1
            failure = Failure(
                stage=self._stage.name, reason=reason, message=message, timestamp=now(), retry_count=retries
            )
            await self._journal.fail(self.key, self._stage, now(), failure, final=final)

    async def release(self) -> None:
        """The stage was told to stop before it was done."""
        if self.key and self.entry:
            await self._journal.release(self.key, self._stage, now())

    def failures(self, reason: str) -> int:
        """How often this stage has failed for this reason before."""
        return self.entry.stages[self._stage.name].causes.get(reason, 0) if self.entry else 0

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
            with suppress(PipelineError):  # the journal out of reach must not keep a stop waiting
                await asyncio.shield(attempt.release())
            raise
        except Claimed as error:
            await attempt.release()
            self._log(attempt, "postponed", reason=error.reason, error=error)
            raise NackMessage(delay=min(2.0 ** _receive_count(msg), LONGEST_POSTPONEMENT)) from error
        except Transient as error:
            final = _given_up(error, attempt, msg)
            await self._report(attempt, error.reason, error, final=final)
            raise (
                RejectMessage(reason=error.reason) if final else NackMessage(delay=error.retry_after)
            ) from error
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
        text = _told(error)
        self._log(attempt, "failed" if final else "retried", reason=reason, error=error)
        await attempt.fail(reason, text, final=final)

    def _log(
        self, attempt: Attempt, outcome: str, *, reason: str | None = None, error: Exception | None = None
    ) -> None:
        with about(**_ids(attempt.key), attempt=attempt.number, reason=reason):
            took = round(attempt.took * 1000)
            write = log.info if error is None else log.warning
            unexpected = None if isinstance(error, PipelineError | ValidationError) else error
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


def _given_up(error: Transient, attempt: Attempt, msg: Any) -> bool:
    """On the queue's last delivery, or when a model was paid for nonsense again and again."""
    met = attempt.failures(error.reason) + 1
    nonsense = error.reason == "provider_answer" and met >= MAX_BAD_ANSWERS
    return nonsense or bool(getattr(msg, "is_last_attempt", False))


def _verdict(error: Exception, attempt: Attempt, msg: Any) -> tuple[str, bool]:
    """The reason code of a failure that is not transient, and whether it ends the call."""
    if isinstance(error, Permanent):
        return error.reason, True
    if isinstance(error, ValidationError | JSONDecodeError | UnicodeDecodeError):
        return "invalid_message", True
    if isinstance(error, TimeoutError):
        return "timeout", False
    met = attempt.failures(UNKNOWN) + 1 if attempt.entry else _receive_count(msg)
    return UNKNOWN, met >= MAX_UNKNOWN_ERRORS


def _told(error: Exception) -> str:
    """What the journal may say of it: an unknown error's text, or a bad value, could be a caller's words."""
    if isinstance(error, PipelineError):
        return str(error)
    if isinstance(error, ValidationError):
        details = error.errors(include_input=False, include_url=False, include_context=False)
        return "invalid: " + ", ".join(".".join(map(str, one["loc"])) for one in details)
    return type(error).__name__


def _receive_count(msg: Any) -> int:
    return int(getattr(msg, "receive_count", 1))


def _key_in(body: Any) -> CallKey | None:
    """The key an event carries; None where ingest has yet to derive it."""
    if isinstance(body, dict) and {"tenant_id", "call_id", "revision"} <= body.keys():
        return CallKey.model_validate(body)
    return None


def _ids(key: CallKey | None) -> dict[str, str]:
    return {} if key is None else {"call_id": key.call_id, "tenant_id": key.tenant_id}
