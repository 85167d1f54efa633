"""Turns are fair."""

import asyncio
from collections import defaultdict
from itertools import pairwise

import pytest
from common.fair import Queue, Turns
from hypothesis import given
from hypothesis import strategies as st

WAITING = st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("123")), max_size=60)


def served(waiting: list[tuple[str, str]]) -> list[tuple[str, str, int]]:
    """Who has a turn after whom, if nobody else comes; tickets are numbered in order of arrival."""
    queue: Queue[tuple[str, str, int]] = Queue()
    for number, (tenant, call) in enumerate(waiting):
        queue.join(tenant, call, (tenant, call, number))
    turns = []
    while queue:
        turns.append(queue.next())
    return turns


@given(WAITING)
def test_no_tenant_waits_for_more_turns_than_there_are_tenants(waiting: list[tuple[str, str]]) -> None:
    """However much the others brought; who waits is never passed over."""
    turns = served(waiting)

    assert sorted(turns, key=lambda turn: turn[2]) == [(*who, n) for n, who in enumerate(waiting)]
    tenants = [tenant for tenant, _, _ in turns]
    for tenant in set(tenants):
        mine = [-1, *(n for n, each in enumerate(tenants) if each == tenant)]
        assert all(len(set(tenants[a + 1 : b])) == b - a - 1 for a, b in pairwise(mine))


@given(WAITING)
def test_calls_of_a_tenant_take_turns_and_each_is_first_come_first_served(
    waiting: list[tuple[str, str]],
) -> None:
    """Within a tenant as among tenants; within a call in order."""
    by_tenant: dict[str, list[str]] = defaultdict(list)
    by_call: dict[tuple[str, str], list[int]] = defaultdict(list)
    for tenant, call, number in served(waiting):
        by_tenant[tenant].append(call)
        by_call[tenant, call].append(number)

    assert all(numbers == sorted(numbers) for numbers in by_call.values())
    for calls in by_tenant.values():
        for call in set(calls):
            mine = [-1, *(n for n, each in enumerate(calls) if each == call)]
            assert all(len(set(calls[a + 1 : b])) == b - a - 1 for a, b in pairwise(mine))


class Desk:
    """Requests that stay open until they are told to end; ``order`` is that of their turns."""

    def __init__(self, limit: int) -> None:
        self.turns = Turns(limit)
        self.order: list[str] = []
        self.ends: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def ask(self, tenant: str, call: str, name: str) -> None:
        async with self.turns.turn(tenant, call):
            self.order.append(name)
            await self.ends[name].wait()


@pytest.fixture
def desk() -> Desk:
    return Desk(1)


async def settled() -> None:
    """Everybody has come as far as they can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_late_tenant_comes_before_the_rest_of_a_busy_one(desk: Desk) -> None:
    """A thousand cuts of one tenant hold up another's first by one turn."""
    async with asyncio.TaskGroup() as group:
        for n in range(4):
            group.create_task(desk.ask("busy", "c-1", f"busy {n}"))
        await settled()
        group.create_task(desk.ask("late", "c-9", "late"))
        await settled()
        for name in ("busy 0", "busy 1", "late", "busy 2", "busy 3"):
            desk.ends[name].set()

    assert ["busy 0", "busy 1", "late", "busy 2", "busy 3"] == desk.order


async def test_who_gives_up_holds_up_nobody(desk: Desk) -> None:
    """Neither waiting, nor in the moment the turn comes."""
    async with desk.turns.turn("a", "c"):
        waiting = [asyncio.create_task(desk.ask("a", "c", name)) for name in ("gone", "given up", "last")]
        await settled()
        waiting[0].cancel()
    waiting[1].cancel()
    desk.ends["last"].set()
    await asyncio.wait(waiting, timeout=5)

    assert ["last"] == desk.order
    assert [True, True, False] == [task.cancelled() for task in waiting]
    async with asyncio.timeout(5), desk.turns.turn("a", "c"):
        pass


async def test_a_failed_request_gives_its_turn_back(desk: Desk) -> None:
    """As any other."""
    with pytest.raises(ValueError, match="no"):
        async with desk.turns.turn("a", "c"):
            raise ValueError("no")

    async with asyncio.timeout(5), desk.turns.turn("a", "c"):
        pass


async def test_so_many_are_open_and_no_more() -> None:
    """The process's limit, whoever asks."""
    desk = Desk(3)
    async with asyncio.TaskGroup() as group:
        for n in range(5):
            group.create_task(desk.ask(f"tenant {n}", "c", str(n)))
        await settled()
        open_at_once = list(desk.order)
        for n in range(5):
            desk.ends[str(n)].set()

    assert (["0", "1", "2"], 5) == (open_at_once, len(desk.order))
