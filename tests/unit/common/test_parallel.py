"""Work by several tasks: so many at once, and nothing that was begun is lost to another's failure."""

import asyncio

import pytest
from common.errors import Permanent
from common.parallel import for_each


async def test_everything_is_done_by_so_many_at_once() -> None:
    """Each once, never more than three beside one another."""
    done: list[int] = []
    busy = most = 0

    async def work(item: int) -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0)
        busy -= 1
        done.append(item)

    await for_each(range(10), work, 3)

    assert ([*range(10)], 3) == (sorted(done), most)


async def test_a_failure_ends_it_after_what_was_begun() -> None:
    """What is under way is paid for and kept; what is not begun is not paid for."""
    failing, done = asyncio.Event(), []

    async def work(item: int) -> None:
        if item == 0:
            failing.set()
            raise Permanent("no", reason="provider_refused")
        await failing.wait()
        done.append(item)

    with pytest.raises(Permanent):
        await for_each(range(9), work, 2)

    assert [] == done, "the second was not begun: the first had failed before"


async def test_what_is_under_way_comes_to_its_end() -> None:
    """The failure is told after it."""
    begun, done = asyncio.Event(), []

    async def work(item: int) -> None:
        if item == 0:
            await begun.wait()
            raise Permanent("no", reason="provider_refused")
        begun.set()
        await asyncio.sleep(0)
        done.append(item)

    with pytest.raises(Permanent):
        await for_each([0, 1], work, 2)

    assert [1] == done
