"""Services as real processes that start in a moment: forked from one that has imported everything."""

import asyncio
import math
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from multiprocessing.process import BaseProcess
from pathlib import Path

from common import serve
from common.pipeline import PIPELINE
from onebox.process import LOOPBACK, reserved_port
from raw_http import talk

_GRACE = 15.0  # seconds between SIGTERM and SIGKILL
_LOOK = 0.03  # seconds between two looks at a process that is to end
_IMPORTED = [*(f"{stage.service}.app" for stage in PIPELINE), "uvicorn", "common.serve"]


def _live(factory: str, environment: Mapping[str, str], log: Path) -> None:
    """What the process does: what ``python -m common.serve`` does, and no longer than its parent lives."""
    os.environ.clear()
    os.environ.update(environment)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(written, stream)
    threading.Thread(target=_end_with, args=(multiprocessing.parent_process(),), daemon=True).start()
    asked = ("--factory", factory, "--host", LOOPBACK, "--port", environment["PORT"])
    sys.argv = ["serve", *asked, "--no-access-log", "--log-level", "warning"]
    serve.main()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


@dataclass(frozen=True, slots=True)
class Forked:
    """Such a process, and where it listens once it is ready."""

    port: int
    _process: BaseProcess

    @property
    def pid(self) -> int:
        """Whom to signal."""
        assert self._process.pid
        return self._process.pid

    async def ready(self) -> bool:
        """Whether it takes traffic; fails if it has ended."""
        assert self._process.is_alive(), f"ended with {self._process.exitcode} before it was ready"
        try:
            async with talk(self.port) as one:
                await one.say(b"GET /health/ready HTTP/1.0\r\n\r\n")
                return HTTPStatus.OK == (await one.hear()).status
        except OSError:
            return False

    async def exited(self, seconds: float = math.inf) -> int | None:
        """Its exit code; None if it lives on after so many seconds."""
        deadline = time.monotonic() + seconds
        while self._process.is_alive() and time.monotonic() < deadline:
            await asyncio.sleep(_LOOK)
        return self._process.exitcode

    async def stop(self, grace: float) -> None:
        """SIGTERM, and SIGKILL after its grace."""
        self._process.terminate()
        if await self.exited(grace) is None:
            self._process.kill()
            await self.exited()


@asynccontextmanager
async def forked(
    factory: str, environment: Mapping[str, str], log: Path, grace: float = _GRACE
) -> AsyncIterator[Forked]:
    """A process of a service, which need not be ready yet; in the end it is stopped, if it still lives."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED)
    with reserved_port() as port:
        told = {**environment, "PORT": str(port)}
        process = context.Process(target=_live, args=(factory, told, log), daemon=True)
        await asyncio.to_thread(process.start)
        one = Forked(port, process)
        try:
            yield one
        finally:
            await one.stop(grace)
