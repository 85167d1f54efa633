"""Thousands of clients who say nothing: the door stays small, and quick for those who ask."""

import asyncio
import gc
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from resource import RLIMIT_NOFILE, getrlimit

import pytest
from lone_door import LoneDoor, lone_door
from raw_http import Talk, get, talk
from waiting import until

CROWD = 10_000 if os.environ.get("CHAOS") == "all" else 1_500
ASKED = 150
ROUNDS = 3  # of which the quickest counts: others use this machine, too
SPARE = 500  # descriptors that the tests need besides
MEBIBYTE = 1024  # kibibytes, as /proc counts


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[LoneDoor]:
    async with lone_door(tmp_path, REQUEST_HEAD_SECONDS="60") as door:
        yield door


def resident(door: LoneDoor) -> int:
    """KiB."""
    status = Path(f"/proc/{door.process.pid}/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0])


async def slowest(doors: tuple[LoneDoor, LoneDoor]) -> list[float]:
    """Seconds that 99 of 100 requests stay below at each; asked in turns, so that the machine is the same."""
    took: tuple[list[float], list[float]] = ([], [])
    async with talk(doors[0].port) as one, talk(doors[1].port) as other:
        for _ in range(ASKED):
            for times, each in zip(took, (one, other), strict=True):
                begun = time.perf_counter()
                await each.say(get("/calls"))
                assert 200 == (await each.hear()).status
                times.append(time.perf_counter() - begun)
    return [sorted(times)[round(ASKED * 0.99)] for times in took]


@asynccontextmanager
async def crowd(door: LoneDoor) -> AsyncIterator[list[Talk]]:
    """They come, and say nothing."""
    async with AsyncExitStack() as stack:
        many = [await stack.enter_async_context(talk(door.port)) for _ in range(CROWD)]
        gc.collect()
        gc.freeze()  # our collector would walk through the crowd in the middle of somebody's request
        try:
            yield many
        finally:
            gc.unfreeze()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.skipif(getrlimit(RLIMIT_NOFILE)[0] < CROWD + SPARE, reason="too few descriptors (ulimit -n)")
async def test_thousands_of_idle_connections_hurt_nobody(door: LoneDoor, tmp_path: Path) -> None:
    """At most 50 MiB more; others' 99th percentile is within twice that of a door without them."""
    async with lone_door(tmp_path / "quiet") as quiet:
        await slowest((door, quiet))  # what is loaded at the first request is not the crowd's
        before = resident(door)
        async with crowd(door):
            rounds = [await slowest((door, quiet)) for _ in range(ROUNDS)]
            after = resident(door)
    beside, alone = (min(times) * 1000 for times in zip(*rounds, strict=True))
    more = (after - before) / MEBIBYTE
    figures = f"p99 {alone:.1f} ms alone, {beside:.1f} ms beside them; {more:.1f} MiB more"

    assert (True, True) == (more <= 50, beside <= 2 * alone), figures


async def test_a_stop_ends_streams_at_once(door: LoneDoor) -> None:
    """Whoever follows a call comes back elsewhere: the stream ends as streams do, and the process with 0."""
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(talk(door.port)) for _ in range(10)]
        for stream in streams:
            await stream.say(get("/calls/c-1/events"))

        async def told() -> bool:
            return b"event: call\n" in [await stream.line() for stream in streams]

        await until(told, 10, what="the call is told")
        begun = time.monotonic()
        door.process.signal(signal.SIGTERM)
        ends = await asyncio.gather(*(stream.until_closed() for stream in streams))
        took = time.monotonic() - begun

    assert [b"0\r\n\r\n"] * 10 == [end[-5:] for end in ends]
    assert took < 1.5
    assert 0 == await door.process.exited()
