"""Services as real processes that start in a moment: forked from one that has imported everything."""

import asyncio
import multiprocessing
import os
import sys
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

from common import serve
from onebox.process import LOOPBACK, reserved_port

_GRACE = 15.0  # seconds between SIGTERM and SIGKILL


def _live(service: str, environment: Mapping[str, str], log: Path) -> None:
    """What the process does: what ``python -m common.serve`` does, and no longer than its parent lives."""
    os.environ.clear()
    os.environ.update(environment)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(written, stream)
    threading.Thread(target=_end_with, args=(multiprocessing.parent_process(),), daemon=True).start()
    asked = ("--factory", f"{service}.app:create_app", "--host", LOOPBACK, "--port", environment["PORT"])
    sys.argv = ["serve", *asked, "--no-access-log", "--log-level", "warning"]
    serve.main()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


@asynccontextmanager
async def forked(service: str, environment: Mapping[str, str], log: Path) -> AsyncIterator[BaseProcess]:
    """A process of *service*, which need not be ready yet; in the end it is stopped, if it still lives."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"{service}.app", "uvicorn", "common.serve"])
    with reserved_port() as port:
        told = {**environment, "PORT": str(port)}
        process = context.Process(target=_live, args=(service, told, log), daemon=True)
        await asyncio.to_thread(process.start)
        try:
            yield process
        finally:
            await _stopped(process)


async def _stopped(process: BaseProcess) -> None:
    process.terminate()
    await asyncio.to_thread(process.join, _GRACE)
    if process.is_alive():
        process.kill()
        await asyncio.to_thread(process.join)
