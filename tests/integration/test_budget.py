"""What is put by for one call is not there for another, whoever dies in between."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from common.budget import SPREAD, Budget
from common.errors import Claimed, Parked, Permanent, PipelineError, Transient
from common.ledger import Spent
from common.limits import Limits, micro
from common.model import CallKey
from common.work import Claims, WorkId
from nouns import KEY
from transcriber.cuts import SAMPLE_RATE, Cut
from transcriber.purse import CutPurse
from transcriber.speech import Clip, Heard

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
DAY = Limits(day=1.0)


class Books:
    """A ledger that says what the test says."""

    def __init__(self) -> None:
        self.usd = 0.0
        self.asked: list[tuple[CallKey, str, datetime]] = []

    async def since(self, key: CallKey, stage: str, begin: datetime) -> Spent:
        self.asked.append((key, stage, begin))
        return Spent(usd=self.usd, at_most_usd=self.usd)


class Clock:
    """Time as the test has it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Purses:
    """Budgets of one database."""

    def __init__(self, database: Any, books: Books, clock: Clock) -> None:
        self.rows = database["budgets"]
        self._books = books
        self._clock = clock

    def of(self, limits: Limits, stage: str = "transcribe") -> Budget:
        return Budget(self.rows, self._books, stage, limits, self._clock)

    async def committed(self) -> dict[str, float]:
        """USD by scope."""
        return {row["_id"]: row["committed"] / 1e6 async for row in self.rows.find({})}

    async def open(self) -> int:
        """Reservations that nobody settled."""
        return sum([len(row.get("open", {})) async for row in self.rows.find({})])


@pytest.fixture
async def purses(database: Any, books: Books, clock: Clock) -> Purses:
    purses = Purses(database, books, clock)
    await purses.of(DAY).prepare()
    return purses


def call(name: str, tenant: str = "acme") -> CallKey:
    return CallKey(tenant_id=tenant, call_id=name)


async def test_what_is_reserved_becomes_what_was_spent(purses: Purses, books: Books) -> None:
    """In every scope at once, by what the ledger says since the reservation."""
    limits = Limits(call=1.0, stage=1.0, tenant_day=1.0, day=1.0)
    async with purses.of(limits).reserved(KEY, 0.4):
        during = await purses.committed()
        books.usd = 0.25
    after = await purses.committed()

    names = ("transcribe:call:acme:c-42", "call:acme:c-42", "tenant:acme:2026-11-22", "day:2026-11-22")
    assert dict.fromkeys(names, 0.4) == during
    assert dict.fromkeys(names, 0.25) == after
    assert {(KEY, "transcribe", NOW)} == set(books.asked)
    assert 0 == await purses.open()


async def test_what_nobody_comes_back_to_is_settled_however_it_ends(purses: Purses) -> None:
    """A cancelled question leaves no reservation; a cancelled delivery does, for the next."""
    for once, left in ((True, 0), (False, 1)):
        with pytest.raises(asyncio.CancelledError):
            async with purses.of(DAY).reserved(KEY, 0.4, once=once):
                raise asyncio.CancelledError
        assert left == await purses.open()


async def test_nothing_is_kept_where_nothing_is_limited(purses: Purses) -> None:
    """Without a limit nobody is asked."""
    async with purses.of(Limits()).reserved(KEY, 1000.0):
        pass

    assert {} == await purses.committed()


async def test_workers_at_once_never_exceed(purses: Purses) -> None:
    """Of twenty that want a tenth of the day each, ten get it; twice, as the first ten spent nothing."""
    full = asyncio.Barrier(20)
    most: list[float] = []

    async def spend(name: str) -> bool:
        try:
            async with purses.of(DAY).reserved(call(name), 0.1):
                await full.wait()
                most.extend((await purses.committed()).values())
        except Permanent:
            await full.wait()
            return False
        return True

    for turn in "ab":
        got = await asyncio.gather(*(spend(f"{turn}{n}") for n in range(20)))
        assert 10 == sum(got)
    assert 1.0 == max(most)
    assert {"day:2026-11-22": 0.0} == await purses.committed()


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(call=0.3), "BUDGET_PER_CALL_USD"),
        (Limits(stage=0.3), "BUDGET_PER_TRANSCRIBE_USD"),
        (Limits(tenant_day=0.3), "BUDGET_PER_TENANT_DAY_USD"),
        (Limits(tenants={"acme": 0.3}, tenant_day=9.0), "BUDGETS"),
        (Limits(day=0.3, call=9.0, tenant_day=9.0), "BUDGET_PER_DAY_USD"),
    ],
)
async def test_who_needs_more_fails(purses: Purses, limits: Limits, reason: str) -> None:
    """Naming the setting; what a wider limit refused is not missing in a narrower one."""
    with pytest.raises(Permanent, match=reason) as error:
        async with purses.of(limits).reserved(KEY, 0.4):
            raise AssertionError

    assert "budget_exceeded" == error.value.reason
    assert {0.0} >= set((await purses.committed()).values())


async def test_who_may_wait_is_parked_until_the_day_is_over(purses: Purses, books: Books) -> None:
    """Not all come back at midnight sharp; and a call that fits into no day fails at once."""
    budget = purses.of(Limits(day=1.0, park=True))
    books.usd = 0.9
    async with budget.reserved(call("first"), 0.9):
        pass

    with pytest.raises(Parked) as parked:
        async with budget.reserved(KEY, 0.4):
            raise AssertionError
    with pytest.raises(Permanent):
        async with budget.reserved(KEY, 1.4):
            raise AssertionError

    assert "budget_exceeded" == parked.value.reason
    assert MIDNIGHT <= parked.value.until <= MIDNIGHT + SPREAD


async def test_a_new_day_is_a_new_budget(purses: Purses, books: Books, clock: Clock) -> None:
    """By UTC's calendar; a call's own limit stays."""
    books.usd = 0.9
    for now in (NOW, MIDNIGHT):
        clock.now = now
        async with purses.of(Limits(day=1.0, call=2.0)).reserved(KEY, 0.9):
            pass

    assert {"day:2026-11-22": 0.9, "day:2026-11-23": 0.9, "call:acme:c-42": 1.8} == await purses.committed()


async def crashed(budget: Budget, key: CallKey, usd: float) -> None:
    """A worker that dies inside leaves its reservation as it is."""
    scopes = budget._limits.scopes(key, budget._stage, budget._now())
    await budget._take(key, scopes, micro(usd))


@pytest.mark.parametrize("again", [0.0, 0.1, 0.4, 0.6])
async def test_a_redelivery_finds_its_own_reservation(purses: Purses, books: Books, again: float) -> None:
    """It is neither lost nor doubled, and what both deliveries spent is settled at the end."""
    await crashed(purses.of(DAY), KEY, 0.4)
    async with purses.of(DAY).reserved(KEY, again):
        during = await purses.committed()
        books.usd = 0.45

    assert {"day:2026-11-22": max(0.4, again)} == during
    assert {"day:2026-11-22": 0.45} == await purses.committed()
    assert 0 == await purses.open()


async def test_a_redelivery_that_needs_more_than_is_left_is_refused(purses: Purses) -> None:
    """What was reserved before stays reserved: it may have been spent."""
    await crashed(purses.of(DAY), KEY, 0.4)

    with pytest.raises(Permanent):
        async with purses.of(DAY).reserved(KEY, 1.0 + 1e-6):
            raise AssertionError

    assert {"day:2026-11-22": 0.4} == await purses.committed()


@pytest.mark.parametrize(
    ("failure", "open_"), [(Transient("busy"), 0), (Permanent("no"), 0), (Claimed("elsewhere"), 1)]
)
async def test_failures_settle_unless_another_is_at_it(
    purses: Purses, books: Books, failure: PipelineError, open_: int
) -> None:
    """A delivery that met another worker's claim leaves that worker's reservation alone."""
    books.usd = 0.1
    with pytest.raises(type(failure)):
        async with purses.of(DAY).reserved(KEY, 0.4):
            raise failure

    assert {"day:2026-11-22": 0.4 if open_ else 0.1} == await purses.committed()
    assert open_ == await purses.open()


async def test_what_the_dead_reserved_lapses(purses: Purses, books: Books, clock: Clock) -> None:
    """After a day, when somebody needs the room; for what the dead had spent by then."""
    limits = Limits(call=1.0)
    await crashed(purses.of(limits, "analyze"), KEY, 0.9)
    books.usd = 0.2
    clock.now += timedelta(hours=23)
    with pytest.raises(Permanent):
        async with purses.of(limits).reserved(KEY, 0.4):
            raise AssertionError
    clock.now += timedelta(hours=2)
    async with purses.of(limits).reserved(KEY, 0.4):
        during = await purses.committed()

    assert {"call:acme:c-42": pytest.approx(0.6)} == during
    assert (KEY, "analyze", NOW) in books.asked


def test_nothing_reserved_is_rounded_down() -> None:
    """A millionth of a USD is the least, and a limit means what it says."""
    (scope,) = DAY.scopes(KEY, "transcribe", NOW)

    assert (1_000_000, MIDNIGHT) == (scope.limit, scope.resets)


async def test_cuts_that_are_kept_need_no_money(database: Any, purses: Purses) -> None:
    """A call goes on where it was, at the price of what is missing; a second begun is paid for whole."""
    clips = [
        Clip(KEY, "e1", Cut(0, n * SAMPLE_RATE, (n + 1) * SAMPLE_RATE + 1), Path("none")) for n in (0, 5)
    ]
    claims = Claims(database["work"], days=1)
    purse = CutPurse(purses.of(DAY), claims, _work, lambda seconds: seconds * 0.01)
    needed = []
    for _ in clips:
        async with await purse.reserve(KEY, clips):
            needed.append(await purses.committed())
            await claims.once(_work(clips[0]), Heard, _heard)

    assert [{"day:2026-11-22": 0.04}, {"day:2026-11-22": 0.02}] == needed


def _work(clip: Clip) -> WorkId:
    return WorkId(clip.call, "transcribe", (clip.cut.start,))


async def _heard() -> Heard:
    return Heard(text="hello", seconds=2)
