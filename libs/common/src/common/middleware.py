"""Around every handler: one journal, one error policy, one account, one log line."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, NoReturn

from faststream import BaseMiddleware, ContextRepo
from faststream.exceptions import AckMessage, HandlerException, NackMessage, RejectMessage
from opentelemetry.trace import get_current_span
from pydantic import ValidationError

from common.account import Account, accounting
from common.entry import Source
from common.errors import Claimed, Erased, Parked, Permanent, PipelineError, Transient
from common.instruments import Instruments
from common.journal import Entry, Failure, Journal, work_of
from common.logging import about, get_logger
from common.metrics import exemplar
from common.model import CallKey
from common.pipeline import Stage
from common.telemetry import annotate, blame
from common.verdicts import parked_until, told, verdict

LONGEST_POSTPONEMENT = 300.0  # seconds; twenty deliveries then outlast the longest handler
AFTER_THE_LEASE: Final = 1.0  # seconds; whoever comes back then can take the work over
OUTAGE_DEADLINE: Final = timedelta(hours=24)
MAX_CRASHES = 5  # attempts that started and never reported back: this message kills its worker

Outcome = Literal["completed", "retried", "failed", "postponed", "released", "parked", "erased"]

log = get_logger("callstream.stage")


def now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


class Attempt:
    """One delivery of one message to one stage; handlers reach it as ``attempt`` in the context."""

    def __init__(self, stage: Stage, journal: Journal, account: Account, msg: Any) -> None:
        self._stage = stage
        self._journal = journal
        self._started = time.monotonic()
        self.deliveries = int(getattr(msg, "receive_count", 1))
        self.is_last = bool(getattr(msg, "is_last_attempt", False))
        self.wait = _wait(msg)
        self.account = account
        self.key: CallKey | None = None
        self.entry: Entry | None = None

    async def identify(self, key: CallKey, source: Source | None = None) -> Entry:
        """Say which call this is; answer with its journal. Only ingest has to: other events carry their key.

        Raises:
            Erased: nothing is left of it, and nothing may come back.
            Permanent: the call has ended too many workers.
        """
        self.key = key
        self.account.tenant_id, self.account.key = key.tenant_id, key
        annotate({"callstream.call_id": key.call_id, "callstream.tenant_id": key.tenant_id})
        self.entry = await self._journal.begin(key, self._stage, now(), source)
        if self.entry.erased:
            raise Erased("this call was erased")
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

    async def park(self, until: datetime, reason: str) -> None:
        """The call waits until then, and its message need not.

        Raises:
            Transient: the journal did not take it, so the message must stay.
        """
        if self.key is None or self.entry is None:
            raise Transient("a call cannot be parked before it is known which one it is", reason=reason)
        await self._journal.park(self.key, self._stage, now(), until, reason)

    def failures(self, reason: str) -> int:
        """How often this stage has failed for this reason before."""
        return self.entry.stages[self._stage.name].causes.get(reason, 0) if self.entry else 0

    @property
    def known(self) -> bool:
        """Whether the call has a journal yet."""
        return self.entry is not None

    @property
    def first_seen(self) -> datetime | None:
        """When the call's revision was begun; None where it has no journal."""
        return self.entry.began_at if self.entry else None

    @property
    def call_age(self) -> float | None:
        """Seconds since the call was first seen; None if this stage had done its work on it before."""
        if self.entry is None or self.entry.stages[self._stage.name].finished_at is not None:
            return None
        return max(0.0, (now() - self.entry.began_at).total_seconds())

    @property
    def number(self) -> int | None:
        """Which attempt this is, the first being 1."""
        return self.entry.stages[self._stage.name].attempts if self.entry else None


class AroundStage(BaseMiddleware):
    """Keep the journal, turn a typed failure into what the queue should do, count it, and log one line."""

    def __init__(
        self,
        msg: Any | None,
        /,
        *,
        context: ContextRepo,
        stage: Stage,
        instruments: Instruments,
        outage_deadline: timedelta = OUTAGE_DEADLINE,
    ) -> None:
        super().__init__(msg, context=context)
        self._stage, self._outage_deadline = stage, outage_deadline
        self._instruments = instruments
        self._metrics = instruments.metrics.messages

    async def consume_scope(self, call_next: Callable[[Any], Any], msg: Any) -> Any:
        """One delivery, from the first look at it to its outcome."""
        account = self._instruments.account()
        attempt = Attempt(self._stage, self.context.get("journal"), account, msg)
        self._metrics.arrived(self._stage.name, attempt.wait, attempt.deliveries)
        with (
            about(stage=self._stage.name, message_id=msg.message_id),
            self.context.scope("attempt", attempt),
            accounting(account),
            self._metrics.inflight.labels(self._stage.name).track_inprogress(),
        ):
            return await self._decided(call_next, msg, attempt)

    async def _decided(self, call_next: Callable[[Any], Any], msg: Any, attempt: Attempt) -> Any:
        try:
            return await self._journaled(call_next, msg, attempt)
        except HandlerException:
            raise
        except asyncio.CancelledError:
            self._ended(attempt, "released")
            with suppress(PipelineError):  # the journal out of reach must not keep a stop waiting
                await asyncio.shield(attempt.release())
            raise
        except Erased as error:
            self._ended(attempt, "erased", error.reason, error)
            raise AckMessage from error
        except (Claimed, Parked) as error:
            await self._wait(attempt, error)
        except Exception as error:  # every failure must reach the journal, whatever it is
            raise await self._failed(attempt, error) from error

    async def _failed(self, attempt: Attempt, error: Exception) -> HandlerException:
        """What the queue is told, the journal knowing already."""
        reason, final = verdict(error, attempt)
        if until := parked_until(error, attempt, now(), self._outage_deadline):
            await self._park(attempt, Parked(told(error), until=until, reason=reason))
        if isinstance(error, TimeoutError) and attempt.account.results_kept and not final:
            # Not in vain: the next delivery goes on from what was kept.
            await attempt.release()
            self._ended(attempt, "released", reason, error)
            return NackMessage(delay=0)
        await self._report(attempt, reason, error, final=final)
        return _fate(error, reason, final=final)

    async def _journaled(self, call_next: Callable[[Any], Any], msg: Any, attempt: Attempt) -> Any:
        key = _key_in(await msg.decode())
        if key is not None:
            await attempt.identify(key)
        with about(**_ids(key)):
            result = await call_next(msg)
        age = attempt.call_age
        await attempt.finish(result)
        if age is not None:
            self._metrics.end_to_end.labels(self._stage.name).observe(age, exemplar())
        self._ended(attempt, "completed")
        return result

    async def _wait(self, attempt: Attempt, error: Claimed | Parked) -> NoReturn:
        if isinstance(error, Parked):
            await self._park(attempt, error)
        await self._postpone(attempt, error)

    async def _postpone(self, attempt: Attempt, error: Claimed) -> NoReturn:
        """Give the message back until the other worker is done, or lost its claim."""
        delay = _postponement(attempt.deliveries, error.retry_after)
        if attempt.is_last and attempt.known:
            # The other worker may yet need hours: no twenty-first delivery would be there to see it die.
            await self._park(attempt, Parked(str(error), until=now() + delay, reason=error.reason))
        await attempt.release()
        self._ended(attempt, "postponed", error.reason, error)
        raise NackMessage(delay=delay.total_seconds()) from error

    async def _park(self, attempt: Attempt, error: Parked) -> NoReturn:
        """First the journal, then the queue: a crash in between only parks the call once more."""
        await attempt.park(error.until, error.reason)
        self._ended(attempt, "parked", error.reason, error)
        raise AckMessage from error

    async def _report(self, attempt: Attempt, reason: str, error: Exception, *, final: bool) -> None:
        self._ended(attempt, "failed" if final else "retried", reason, error)
        await attempt.fail(reason, told(error), final=final)

    def _ended(
        self, attempt: Attempt, outcome: Outcome, reason: str | None = None, error: Exception | None = None
    ) -> None:
        self._metrics.ended(self._stage.name, outcome, reason, attempt.took)
        annotate({"callstream.outcome": outcome})
        if reason is not None and outcome in {"retried", "failed"}:
            blame(get_current_span(), reason)
        with _told_apart(attempt, reason):
            amiss = outcome in {"retried", "failed"}
            write = log.warning if amiss else log.info
            unexpected = error if amiss and not isinstance(error, PipelineError | ValidationError) else None
            write("message.processed", outcome=outcome, exc_info=unexpected, **_figures(attempt))


def _postponement(deliveries: int, lease: float | None) -> timedelta:
    """Longer each time, and not much longer than the other worker's *lease*, in seconds where known."""
    longest = LONGEST_POSTPONEMENT if lease is None else lease + AFTER_THE_LEASE
    return timedelta(seconds=min(2.0**deliveries, LONGEST_POSTPONEMENT, longest))


def _fate(error: Exception, reason: str, *, final: bool) -> HandlerException:
    if final:
        return RejectMessage(reason=reason)
    return NackMessage(delay=error.retry_after) if isinstance(error, Transient) else NackMessage()


@contextmanager
def _told_apart(attempt: Attempt, reason: str | None) -> Iterator[None]:
    error_type = {} if reason is None else {"error.type": reason}
    with about(**_ids(attempt.key), attempt=attempt.number, receive_count=attempt.deliveries, **error_type):
        yield


def _figures(attempt: Attempt) -> dict[str, float]:
    """What the delivery took; a cost only where somebody was asked."""
    account = attempt.account
    times: dict[str, float] = {"duration_ms": round(attempt.took * 1000)}
    waited: dict[str, float] = {} if attempt.wait is None else {"queue_wait_ms": round(attempt.wait * 1000)}
    if not account.requests:
        return times | waited
    return {
        **times,
        **waited,
        "requests": account.requests,
        "input_tokens": account.input_tokens,
        "output_tokens": account.output_tokens,
        "audio_seconds": account.audio_seconds,
        "cost_usd": round(account.cost_usd, 6),
    }


def _wait(msg: Any) -> float | None:
    """Seconds between sending and this delivery."""
    sent_at = getattr(msg, "sent_at", None)
    return None if sent_at is None else max(0.0, (now() - sent_at).total_seconds())


def _key_in(body: Any) -> CallKey | None:
    """The key an event carries; None where ingest has yet to derive it."""
    if isinstance(body, dict) and {"tenant_id", "call_id", "revision"} <= body.keys():
        return CallKey.model_validate(body)
    return None


def _ids(key: CallKey | None) -> dict[str, str]:
    return {} if key is None else {"call_id": key.call_id, "tenant_id": key.tenant_id}
