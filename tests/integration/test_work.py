"""Paid work is done once: claimed by one worker, kept before anything else, taken over when a worker dies."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from common.account import Account, accounting
from common.errors import Claimed, Permanent, PipelineError, Transient
from common.metrics import metrics_on
from common.model import Noun
from common.work import LEASE, Claims, WorkId
from nouns import KEY
from prometheus_client import CollectorRegistry


class Said(Noun):
    """What a paid request returned."""

    words: str


class Clock:
    """A wall clock that moves when told."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.time


class Desk:
    """Where work is paid for: counted, held, or refused."""

    def __init__(self) -> None:
        self.paid = 0
        self.started = asyncio.Event()
        self.proceed = asyncio.Event()
        self.proceed.set()
        self.failure: PipelineError | None = None

    async def __call__(self) -> Said:
        self.started.set()
        await self.proceed.wait()
        if self.failure:
            raise self.failure
        self.paid += 1
        return Said(words=f"answer {self.paid}")


WORK = WorkId(KEY, "analyze", ("gpt-6-luna", "analysis.v1", "BEGIN TRANSCRIPT"))
Once = Callable[[], Awaitable[Said]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def claims(database: Any, clock: Clock) -> Claims:
    claims = Claims(database["work"], days=30, now=clock)
    await claims.prepare()
    return claims


@pytest.fixture
def once(claims: Claims, desk: Desk) -> Once:
    return lambda: claims.once(WORK, Said, desk)


async def test_the_same_work_is_paid_for_once(once: Once, desk: Desk) -> None:
    """Whoever asks again gets the first answer."""
    assert [Said(words="answer 1")] * 2 == [await once(), await once()]
    assert desk.paid == 1


async def test_what_is_newly_kept_is_progress(once: Once) -> None:
    """Reading what was kept before brings a delivery no further; keeping a result does, for good."""
    first, second = (Account("analyze", metrics_on(CollectorRegistry()).providers, {}) for _ in range(2))

    for account in (first, second):
        with accounting(account):
            await once()

    assert (1, 0) == (first.results_kept, second.results_kept)


@pytest.mark.parametrize(
    "other",
    [
        WorkId(KEY, "transcribe", WORK.asked),
        WorkId(KEY, "analyze", ("gpt-6-sol", *WORK.asked[1:])),
        WorkId(KEY.model_copy(update={"call_id": "c-43"}), "analyze", WORK.asked),
        WorkId(KEY.model_copy(update={"tenant_id": "globex"}), "analyze", WORK.asked),
    ],
    ids=["stage", "question", "call", "tenant"],
)
async def test_other_work_is_other_work(claims: Claims, once: Once, desk: Desk, other: WorkId) -> None:
    """Another stage, question, call or tenant has an answer of its own."""
    await once()

    assert Said(words="answer 2") == await claims.once(other, Said, desk)


async def test_a_re_run_that_asks_the_same_pays_nothing(claims: Claims, once: Once, desk: Desk) -> None:
    """A revision is no question."""
    await once()
    later = WorkId(KEY.model_copy(update={"revision": 2}), "analyze", WORK.asked)

    assert Said(words="answer 1") == await claims.once(later, Said, desk)


async def test_while_one_worker_is_at_it_another_waits(once: Once, desk: Desk) -> None:
    """The second is sent away and pays nothing; afterwards it reads the answer."""
    desk.proceed.clear()
    first = asyncio.ensure_future(once())
    await desk.started.wait()

    with pytest.raises(Claimed):
        await once()
    desk.proceed.set()

    assert [await first] == [await once()]
    assert desk.paid == 1


@pytest.mark.parametrize("failure", [Transient("busy"), Permanent("no")], ids=["transient", "permanent"])
async def test_failed_work_is_free_at_once(
    once: Once, desk: Desk, failure: PipelineError, clock: Clock
) -> None:
    """The next delivery need not wait for a lease nobody uses."""
    desk.failure = failure
    with pytest.raises(type(failure)):
        await once()

    desk.failure = None
    clock.time += timedelta(milliseconds=1)

    assert Said(words="answer 1") == await once()


async def test_the_work_of_a_dead_worker_is_taken_over(
    database: Any, once: Once, desk: Desk, clock: Clock
) -> None:
    """A lease that nobody prolongs ends; a late answer of the first worker changes nothing."""
    held = Desk()
    held.proceed.clear()
    first = asyncio.ensure_future(Claims(database["work"], days=30, now=clock).once(WORK, Said, held))
    await held.started.wait()
    clock.time += LEASE + timedelta(seconds=1)
    held.paid = 10

    second = await once()
    held.proceed.set()

    assert [Said(words="answer 1")] * 3 == [second, await first, await once()]


async def test_what_is_remembered_ends(database: Any, once: Once, clock: Clock) -> None:
    """Words of a call are kept for so many days and no longer."""
    await once()

    row = await database["work"].find_one({})
    indexes = await database["work"].index_information()
    assert row["expires_at"] == clock.time + timedelta(days=30)
    assert [0] == [index["expireAfterSeconds"] for index in indexes.values() if "expireAfterSeconds" in index]
