"""Calls that are being watched: how often the journal is asked, and what onlookers see."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack

import pytest
from common.entry import Entry
from common.errors import Transient
from ingest.problems import Problem
from ingest.seats import Seats
from ingest.watching import Watching
from ingest_scene import NOW

AWAY = Transient("reading the journal: AutoReconnect")


class Journal:
    """One call as it is at each look; a failure is raised. ``looks`` counts."""

    def __init__(self, *looks: Entry | Exception | None) -> None:
        self._looks: Iterator[Entry | Exception | None] = iter(looks)
        self.looks = 0

    async def find(self, _tenant: str, _call: str) -> Entry | None:
        self.looks += 1
        seen = next(self._looks)
        if isinstance(seen, Exception):
            raise seen
        return seen


class Clock:
    """Time passes when the test says so."""

    def __init__(self) -> None:
        self._turn = asyncio.Event()

    async def pause(self, seconds: float) -> None:
        assert 1.0 == seconds
        await self._turn.wait()

    async def a_second(self) -> None:
        turn, self._turn = self._turn, asyncio.Event()
        turn.set()
        await settled(lambda: True)


async def settled(done: Callable[[], bool]) -> None:
    """Let everybody who can run run, until that is so."""
    async with asyncio.timeout(5):
        for _ in range(10):
            await asyncio.sleep(0)
        while not done():
            await asyncio.sleep(0)


def at_rank(rank: int) -> Entry:
    return Entry(tenant_id="acme", call_id="c-1", rank=rank, created_at=NOW, updated_at=NOW)


async def test_all_onlookers_share_one_look_a_second() -> None:
    """Fifty of them see the same, and the journal is asked once in each second."""
    journal, clock = Journal(at_rank(0), at_rank(0), at_rank(1)), Clock()
    calls = Watching(journal.find, clock.pause)
    async with AsyncExitStack() as stack:
        watched = [await stack.enter_async_context(calls.watch("acme", "c-1")) for _ in range(50)]
        first = await asyncio.gather(*(each.first() for each in watched))
        news = asyncio.gather(*(each.other_than(at_rank(0)) for each in watched))
        for _ in range(2):
            await clock.a_second()
        second = await news
    await calls.close()

    assert ([at_rank(0)] * 50, [at_rank(1)] * 50, 3) == (first, second, journal.looks)


async def test_who_comes_back_within_a_second_sees_what_was_seen() -> None:
    """Coming and going asks the journal no more often than staying does; then nobody looks any more."""
    journal, clock = Journal(at_rank(0)), Clock()
    calls = Watching(journal.find, clock.pause)
    for _ in range(20):
        async with calls.watch("acme", "c-1") as watched:
            assert at_rank(0) == await watched.first()
    await clock.a_second()
    await settled(lambda: not calls._calls)

    assert 1 == journal.looks


async def test_a_journal_that_is_away_is_waited_for() -> None:
    """Who looks on already hears of what came after; a newcomer is told that it cannot be read."""
    journal, clock = Journal(at_rank(0), AWAY, AWAY, at_rank(2)), Clock()
    calls = Watching(journal.find, clock.pause)
    async with calls.watch("acme", "c-1") as watched:
        assert at_rank(0) == await watched.first()
        news = asyncio.create_task(watched.other_than(at_rank(0)))
        for _ in range(3):
            await clock.a_second()
        assert at_rank(2) == await news
    await calls.close()


async def test_what_cannot_be_read_at_first_is_told() -> None:
    """A stream does not begin before it is known that there is such a call."""
    calls = Watching(Journal(AWAY).find, Clock().pause)
    async with calls.watch("acme", "c-1") as watched:
        with pytest.raises(Transient):
            await watched.first()
    await calls.close()


async def test_a_fault_of_ours_is_told_instead_of_waiting_for_ever() -> None:
    """Whatever goes wrong in reading: an answer comes, and the next look may go better."""
    journal, clock = Journal(KeyError("rank"), at_rank(0)), Clock()
    calls = Watching(journal.find, clock.pause)
    async with calls.watch("acme", "c-1") as watched:
        with pytest.raises(KeyError):
            await watched.first()
        await clock.a_second()
        assert at_rank(0) == await watched.first()
    await calls.close()


async def test_calls_of_two_tenants_are_two_calls() -> None:
    """They may be named alike."""
    asked: list[tuple[str, str]] = []

    async def find(tenant: str, call: str) -> None:
        asked.append((tenant, call))

    calls = Watching(find, Clock().pause)
    for tenant in ("acme", "other"):
        async with calls.watch(tenant, "c-1") as watched:
            assert await watched.first() is None
    await calls.close()

    assert [("acme", "c-1"), ("other", "c-1")] == asked


def test_a_seat_is_free_again_when_its_stream_is_over() -> None:
    """Two each, three in all: 429 and 503 name what is full."""
    seats = Seats(3, 2)
    with seats.taken("a"), seats.taken("a"):
        with pytest.raises(Problem, match="EVENT_STREAMS_EACH") as mine, seats.taken("a"):
            pass
        with seats.taken("b"), pytest.raises(Problem) as all_, seats.taken("c"):
            pass

    assert (429, 503) == (mine.value.status, all_.value.status)
    with seats.taken("a"), seats.taken("b"):
        pass
