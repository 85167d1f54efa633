"""Work in threads."""

import asyncio
from threading import Event

import pytest
from transcriber.threads import Stop, in_thread


async def test_work_is_done_in_a_thread() -> None:
    """Its result comes back."""
    assert 42 == await in_thread(lambda _stop: 42)


async def test_what_goes_wrong_in_a_thread_comes_back() -> None:
    """As the same exception."""

    def work(_stop: Stop) -> None:
        raise LookupError("lost")

    with pytest.raises(LookupError):
        await in_thread(work)


async def test_cancelled_work_has_stopped_before_its_waiter_goes_on() -> None:
    """So that its folder can be removed."""
    begun, ended = Event(), Event()

    def work(stop: Stop) -> None:
        begun.set()
        try:
            while True:
                stop.check()
        finally:
            ended.set()

    waiting = asyncio.create_task(in_thread(work))
    assert await asyncio.to_thread(begun.wait, 5)
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ended.is_set()
