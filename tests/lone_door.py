"""The door in a process of its own, on fakes: what tests that speak to its socket knock at."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.pipeline import TRANSCRIBE
from door_fakes import FakeLimiter
from door_scene import KEY
from faststream_sqs import TestSQSBroker
from ingest.app import create_app
from ingest_scene import NOW, Outside, door_settings
from onebox.process import LOOPBACK, Command, Process, reserved_port, running_process

TESTS = Path(__file__).parent


@dataclass(frozen=True)
class LoneDoor:
    """Where it listens, and its process."""

    port: int
    process: Process


@dataclass
class Begun(Outside):
    """Call c-1 is being transcribed, and stays so."""

    @asynccontextmanager
    async def open(self, settings: object) -> AsyncIterator[dict[str, object]]:
        await self.journal.begin(KEY, TRANSCRIBE, NOW)
        async with super().open(settings) as outside:
            yield outside


def create() -> Any:
    """The application; its queue is in memory."""
    return served(Begun(door_settings(max_upload_bytes=400_000), limiter=FakeLimiter(10**9)))


def served(outside: Outside) -> Any:
    """An application on these fakes."""
    app = create_app(outside.settings, outside.open)
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: Any) -> AsyncIterator[Any]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(TestSQSBroker(app.state.broker))
            yield await stack.enter_async_context(inner(served))

    app.router.lifespan_context = lifespan
    return app


@asynccontextmanager
async def lone_door(
    folder: Path, factory: str = "lone_door:create", **settings: str
) -> AsyncIterator[LoneDoor]:
    """Start it with these variables, and stop it."""
    paths = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    with reserved_port() as port:
        command = Command(
            name="door",
            argv=(
                *(sys.executable, "-m", "common.serve", "--factory", factory),
                *("--host", LOOPBACK, "--no-access-log", "--log-level", "warning"),
            ),
            env={"PYTHONPATH": paths, "PORT": str(port), **settings},
            ready=f"http://{LOOPBACK}:{port}/api/v1/health",
            log=folder / "door.log",
            patience=60.0,
        )
        async with running_process(command) as process:
            yield LoneDoor(port, process)
