"""A service's process, from its first readiness to its exit code."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from contract.harness import golden
from faststream_sqs.fake import FakeSQS
from faststream_sqs.fake.http import serving
from onebox.process import LOOPBACK, Command, Process, reserved_port, running_process
from waiting import until

TESTS = Path(__file__).parents[1]
DRAIN = 3  # seconds
AT_ONCE = 1.5  # seconds, on a busy machine


@dataclass
class Life:
    """A stage's process at work on a message it will not finish."""

    process: Process
    url: str
    queue: FakeSQS
    log: Path

    async def answer(self, path: str) -> int | None:
        """The status of an answer; None where nobody listens."""
        async with httpx.AsyncClient() as client:
            try:
                return (await client.get(f"{self.url}{path}", timeout=2)).status_code
            except httpx.TransportError:
                return None

    def lines(self) -> list[dict[str, Any]]:
        """What it logged."""
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]


@pytest.fixture
async def life(tmp_path: Path) -> AsyncIterator[Life]:
    fake, log = FakeSQS(), tmp_path / "stage.log"
    fake.add_queue("analyze")
    async with AsyncExitStack() as stack:
        port = stack.enter_context(reserved_port())
        url = f"http://{LOOPBACK}:{port}"
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path]),
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_SQS": await stack.enter_async_context(serving(fake)),
            "DRAIN_SECONDS": str(DRAIN),
            "SQS_WAIT_SECONDS": "1",
        }
        argv = (sys.executable, "-m", "common.serve", "--factory", "slow_stage:create_app")
        where = ("--host", LOOPBACK, "--port", str(port), "--no-access-log", "--log-level", "warning")
        command = Command(
            name="stage",
            argv=(*argv, *where),
            env=environment,
            ready=f"{url}/health/ready",
            log=log,
            patience=60,
            grace=20,
        )
        process = await stack.enter_async_context(running_process(command))
        fake.put("analyze", json.dumps(golden("call.transcribed.v1")))
        await until(lambda: _busy(fake), 20, what="the stage is at work")
        yield Life(process, url, fake, log)


async def _busy(fake: FakeSQS) -> bool:
    return fake.in_flight("analyze") == 1


async def test_a_process_told_to_stop_takes_no_traffic_and_gives_back_what_it_holds(life: Life) -> None:
    """Ready until SIGTERM and not after; alive meanwhile; exit code 0, the message visible again."""
    assert 200 == await life.answer("/health/ready")
    life.process.signal(signal.SIGTERM)

    async def refused() -> bool:
        return await life.answer("/health/ready") in {503, None}

    await until(refused, AT_ONCE, what="not ready")
    assert 1 == life.queue.in_flight("analyze"), "the drain has only begun"
    assert 0 == await asyncio.wait_for(life.process.exited(), 4 * DRAIN)
    assert (0, 1) == (life.queue.in_flight("analyze"), len(life.queue.messages("analyze")))
    (line,) = [line for line in life.lines() if line["message"] == "message.processed"]
    assert ("released", "c-42", "INFO") == (line["outcome"], line["call_id"], line["level"])
