"""One error policy for all stages: what the queue is told, what the journal learns, what is logged."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Annotated

import pytest
from common.account import current
from common.app import StageSettings, consumer
from common.countdown import Countdown
from common.entry import Parking
from common.errors import Claimed, Parked, Permanent, Transient
from common.events import CallTranscribed
from common.middleware import MAX_CRASHES, Attempt, now
from common.pipeline import ANALYZE
from common.verdicts import MAX_BAD_ANSWERS, MAX_UNKNOWN_ERRORS, PARKED_FOR
from contract.harness import ACKED, Fate, Running, golden, running
from fakes import FakeJournal
from faststream import Context
from faststream_sqs import SQSRouter
from nouns import KEY
from pydantic import TypeAdapter

TOMORROW = datetime(2026, 11, 23, tzinfo=UTC)
EVENT = golden("call.transcribed.v1")
Work = Callable[[], Awaitable[None]]


class Handler:
    """A stage whose work is what the test says."""

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self.keeps = False
        self.last = False
        self.started = asyncio.Event()
        self.proceed = asyncio.Event()
        self.proceed.set()

    async def __call__(self) -> None:
        self.started.set()
        await self.proceed.wait()
        if self.keeps and (account := current()):
            account.kept()
        if self.error:
            raise self.error


@pytest.fixture
def journal() -> FakeJournal:
    return FakeJournal()


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
async def stage(handler: Handler, journal: FakeJournal) -> AsyncIterator[Running]:
    router = SQSRouter()

    @router.subscriber(ANALYZE.queue)
    async def analyze(event: CallTranscribed, attempt: Annotated[Attempt, Context()]) -> None:
        attempt.is_last = handler.last
        await handler()

    settings = StageSettings.model_validate({"aws_region": "us-east-1"})
    async with running(
        consumer(ANALYZE, settings, router, nullcontext({"journal": journal})), ANALYZE
    ) as stage:
        yield stage


def invalid() -> Exception:
    """An error as pydantic raises it."""
    try:
        TypeAdapter(int).validate_python("words of a caller")
    except ValueError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("error", "fate", "note"),
    [
        (None, ACKED, "finish"),
        (Transient("busy"), Fate("nacked"), "retried: unavailable"),
        (Transient("busy", retry_after=9.5), Fate("nacked", delay=9.5), "retried: unavailable"),
        (Claimed("elsewhere"), Fate("nacked", delay=2.0), "release"),
        (Claimed("elsewhere", retry_after=0.5), Fate("nacked", delay=1.5), "release"),
        (Parked("too much", until=TOMORROW, reason="budget_exceeded"), ACKED, "park: budget_exceeded"),
        (Permanent("no", reason="not_found"), Fate("rejected", reason="not_found"), "failed: not_found"),
        (invalid(), Fate("rejected", reason="invalid_message"), "failed: invalid_message"),
        (TimeoutError(), Fate("nacked"), "retried: timeout"),
        (ZeroDivisionError(), Fate("nacked"), "retried: internal_error"),
    ],
    ids=[
        "success",
        "transient",
        "with a delay",
        "claimed",
        "leased",
        "parked",
        "permanent",
        "invalid",
        "too slow",
        "a bug",
    ],
)
async def test_each_outcome_has_one_fate(
    stage: Running, handler: Handler, journal: FakeJournal, error: Exception | None, fate: Fate, note: str
) -> None:
    """Queue and journal are told the same."""
    handler.error = error

    assert fate == await stage.receive(EVENT)

    assert ["begin", note] == [text for _, text in journal.notes]


async def test_a_parked_call_is_announced_no_further(
    stage: Running, handler: Handler, journal: FakeJournal
) -> None:
    """Its message is gone, it has not moved, and the journal says until when, and why."""
    handler.error = Parked("too much", until=TOMORROW, reason="budget_exceeded")

    await stage.receive(EVENT)

    entry = journal.entries[KEY.id]
    assert ("analyzing", [], {}) == (entry.status, stage.announced, entry.stages["analyze"].causes)
    assert Parking(stage="analyze", until=TOMORROW, reason="budget_exceeded") == entry.parked


async def test_a_call_that_the_journal_cannot_park_keeps_its_message(
    stage: Running, handler: Handler, journal: FakeJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First the journal, then the queue: the failure reaches the broker, which gives the message back."""

    async def down(*_: object) -> None:
        raise Transient("writing the journal: it is down")

    monkeypatch.setattr(journal, "park", down)
    handler.error = Parked("too much", until=TOMORROW)

    with pytest.raises(Transient):
        await stage.receive(EVENT)


async def test_the_last_of_two_workers_parks_the_call(
    stage: Running, handler: Handler, journal: FakeJournal
) -> None:
    """No further delivery would see the other worker die; the sweeper looks once the claim may be over."""
    handler.error, handler.last = Claimed("elsewhere", retry_after=0.5), True
    before = now()

    assert await stage.receive(EVENT) == ACKED

    parked = journal.entries[KEY.id].parked
    assert parked is not None
    assert ("analyze", "claimed") == (parked.stage, parked.reason)
    assert timedelta(seconds=1.5) <= parked.until - before <= timedelta(seconds=10)


async def test_the_last_delivery_in_an_outage_parks_the_call(
    stage: Running, handler: Handler, journal: FakeJournal
) -> None:
    """It is announced again with new deliveries; nothing goes to the dead-letter queue."""
    handler.error, handler.last = Transient("down", reason="provider_unavailable"), True

    assert ACKED == await stage.receive(EVENT)

    entry = journal.entries[KEY.id]
    assert ("park: provider_unavailable", None) == (journal.notes[-1][1], entry.failed)
    assert entry.parked is not None
    assert entry.parked.until - entry.updated_at <= PARKED_FOR


async def test_a_bug_met_again_and_again_ends_the_call(
    stage: Running, handler: Handler, journal: FakeJournal
) -> None:
    """An unknown error is tried five times, not twenty."""
    handler.error = ZeroDivisionError()

    fates = [await stage.receive(EVENT) for _ in range(MAX_UNKNOWN_ERRORS)]

    assert [Fate("nacked")] * (MAX_UNKNOWN_ERRORS - 1) + [Fate("rejected", reason="internal_error")] == fates
    assert "failed" == journal.entries[KEY.id].status


async def test_being_busy_for_long_is_not_held_against_a_call(
    stage: Running, handler: Handler, journal: FakeJournal
) -> None:
    """A transient failure never ends a call by its number alone."""
    handler.error = Transient("down")

    fates = {await stage.receive(EVENT) for _ in range(3 * MAX_UNKNOWN_ERRORS)}

    assert {Fate("nacked")} == fates
    assert "analyzing" == journal.entries[KEY.id].status


async def test_nonsense_is_paid_for_three_times_at_most(stage: Running, handler: Handler) -> None:
    """A model whose answers cannot be read is asked again, but not for ever."""
    handler.error = Transient("not JSON", reason="provider_answer")

    fates = [await stage.receive(EVENT) for _ in range(MAX_BAD_ANSWERS)]

    assert [Fate("nacked")] * (MAX_BAD_ANSWERS - 1) + [Fate("rejected", reason="provider_answer")] == fates


async def test_a_timeout_after_progress_is_no_failed_attempt(
    stage: Running, handler: Handler, journal: FakeJournal
) -> None:
    """What was kept need not be repeated: the message is back at once, and nothing is held against it."""
    handler.keeps = True
    handler.error = TimeoutError()

    fates = [await stage.receive(EVENT) for _ in range(2 * MAX_CRASHES)]

    assert [Fate("nacked", delay=0)] * (2 * MAX_CRASHES) == fates
    assert {} == journal.entries[KEY.id].stages["analyze"].causes
    assert {"begin", "release"} == {text for _, text in journal.notes}


async def test_a_bug_among_busy_times_is_counted_alone(stage: Running, handler: Handler) -> None:
    """Deliveries that were nobody's fault do not use up the chances of one that is."""
    handler.error = Transient("down")
    for _ in range(2 * MAX_UNKNOWN_ERRORS):
        await stage.receive(EVENT)

    handler.error = ZeroDivisionError()

    assert Fate("nacked") == await stage.receive(EVENT)


async def test_a_message_that_kills_its_worker_is_poison(stage: Running, journal: FakeJournal) -> None:
    """Attempts that started and never came back count; the handler is not entered again."""
    for _ in range(MAX_CRASHES):
        await journal.begin(KEY, ANALYZE, now())

    assert Fate("rejected", reason="poison") == await stage.receive(EVENT)
    assert "poison" == getattr(journal.entries[KEY.id].failed, "reason", None)


async def test_a_stop_in_mid_work_is_no_fault_of_the_message(
    stage: Running, handler: Handler, journal: FakeJournal
) -> None:
    """A cancelled attempt is released: it does not count as a crash."""
    handler.proceed.clear()
    delivery = asyncio.create_task(stage.receive(EVENT))
    await handler.started.wait()

    delivery.cancel()
    await asyncio.wait([delivery])

    assert ["begin", "release"] == [text for _, text in journal.notes]
    assert 1 == journal.entries[KEY.id].stages["analyze"].reported


async def test_a_journal_that_cannot_be_written_gives_the_message_back(
    stage: Running, journal: FakeJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a journal no work is begun, and the message waits with its delay."""

    async def down(*_: object) -> None:
        raise Transient("writing the journal: it is down", retry_after=3)

    monkeypatch.setattr(journal, "begin", down)

    assert Fate("nacked", delay=3) == await stage.receive(EVENT)
    assert [] == journal.notes


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (Permanent("refused with status 400", reason="provider_refused"), "refused with status 400"),
        (ZeroDivisionError("words of a caller"), "a fault of ours, which is logged"),
        (invalid(), "invalid: "),
    ],
    ids=["ours", "unknown", "invalid"],
)
async def test_the_journal_repeats_no_unknown_words(
    stage: Running, handler: Handler, journal: FakeJournal, error: Exception, message: str
) -> None:
    """Our own sentences are safe; another error's text may be a caller's words."""
    handler.error = error

    await stage.receive(EVENT)

    failure = journal.entries[KEY.id].stages["analyze"].error
    assert failure is not None
    assert message == failure.message


@pytest.mark.parametrize(("start", "steps", "calls"), [(3, 2, 0), (3, 3, 1), (3, 9, 1), (0, 9, 0), (1, 1, 1)])
def test_a_countdown_ends_once(start: int, steps: int, calls: int) -> None:
    """A process ends itself after so many messages, once; never, if the number is 0."""
    ended: list[bool] = []
    countdown = Countdown(start, lambda: ended.append(True))

    for _ in range(steps):
        countdown.step()

    assert calls == len(ended)
