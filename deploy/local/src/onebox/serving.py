"""How a stand-in is started, and how it learns that it is to stop."""

import argparse
import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any


async def until_stopped() -> None:
    """Return at the first SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()


def serve_as_told(name: str, serve: Callable[[int, Path | None], Coroutine[Any, Any, None]]) -> None:
    """Read a stand-in's command line and serve."""
    parser = argparse.ArgumentParser(prog=name, description="A stand-in on loopback.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, help="the folder to keep data in; without it, memory")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    asyncio.run(serve(chosen.port, chosen.data))
