"""Ten thousand clients who say nothing: the door stays small, and quick for those who ask."""

import asyncio
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

CROWD = 10_000
ASKED = 400
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


async def slowest(door: LoneDoor) -> float:
    """Seconds that 99 of 100 requests stay below."""
    took = []
    async with talk(door.port) as one:
        for _ in range(ASKED):
            begun = time.perf_counter()
            await one.say(get("/calls"))
            assert 200 == (await one.hear()).status
            took.append(time.perf_counter() - begun)
    return sorted(took)[round(ASKED * 0.99)]


@asynccontextmanager
async def crowd(door: LoneDoor) -> AsyncIterator[list[Talk]]:
    """They come, and say nothing."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(talk(door.port)) for _ in range(CROWD)]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.skipif(getrlimit(RLIMIT_NOFILE)[0] < CROWD + SPARE, reason="too few descriptors (ulimit -n)")
async def test_ten_thousand_idle_connections_hurt_nobody(door: LoneDoor) -> None:
    """At most 50 MiB more, and the 99th percentile of others' requests within twice, in one run."""
    await slowest(door)  # what is loaded at the first request is not the crowd's
    alone, before = min([await slowest(door) for _ in range(3)]), resident(door)
    async with crowd(door):
        beside, after = min([await slowest(door) for _ in range(3)]), resident(door)
    more = (after - before) / MEBIBYTE
    figures = f"p99 {alone * 1000:.1f} ms alone, {beside * 1000:.1f} ms beside them; {more:.1f} MiB more"

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
