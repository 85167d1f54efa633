"""`faststream run` and its workers, as processes of their own, on the real clock."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

pytest.importorskip("typer", reason="FastStream's command line needs `faststream[cli]`")

APP = """
import asyncio
import os

from faststream import FastStream
from faststream_sqs import FakeSQS, SQSBroker

fake = FakeSQS()
fake.add_queue("dead")
fake.add_queue("work", dead_letter="dead")
broker = SQSBroker(client_factory=fake.client, wait_time=1, graceful_timeout=20)
app = FastStream(broker)


def say(text: str) -> None:
    with open(os.environ["SAID"], "a") as log:
        log.write(text + "\\n")


@broker.subscriber("work")
async def handle(body: str) -> None:
    say("handling")
    await asyncio.sleep(float(os.environ["SECONDS"]))


@app.after_startup
async def started() -> None:
    fake.put("work", "hello")


@app.after_shutdown
async def stopped() -> None:
    say(f"held {fake.in_flight('work')} left {len(fake.messages('work'))}")
"""

Running = tuple[asyncio.subprocess.Process, Callable[[str, int], Awaitable[None]]]


@asynccontextmanager
async def running(folder: Path, seconds: float, *arguments: str) -> AsyncIterator[Running]:
    (folder / "application.py").write_text(APP)
    said = folder / "said"
    said.touch()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "faststream",
        "run",
        "application:app",
        *arguments,
        cwd=folder,
        env=os.environ | {"SAID": str(said), "SECONDS": str(seconds)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )

    async def until(text: str, times: int) -> None:
        async with asyncio.timeout(60):
            while said.read_text().count(text) < times:
                await asyncio.sleep(0.05)

    try:
        yield process, until
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_workers_finish_what_they_handle(tmp_path: Path) -> None:
    """Two workers, one SIGTERM: each finishes its handler, deletes its message and ends."""
    async with running(tmp_path, 2.0, "--workers", "2") as (process, until):
        await until("handling", 2)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            await process.wait()
        await until("held 0 left 0", 2)


async def test_sigterm_waits_for_the_handler(tmp_path: Path) -> None:
    """SIGTERM once: the handler ends, its message is deleted, the process ends well."""
    async with running(tmp_path, 2.0) as (process, until):
        await until("handling", 1)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            await process.wait()
        await until("held 0 left 0", 1)
    assert 0 == process.returncode


async def test_second_sigterm_is_quick(tmp_path: Path) -> None:
    """SIGTERM twice: the handler is cancelled, its message given back, long before the grace ends."""
    async with running(tmp_path, 1000.0) as (process, until):
        await until("handling", 1)
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(1)
        assert process.returncode is None
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(8):
            await process.wait()
        await until("held 0 left 1", 1)
