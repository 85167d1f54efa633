"""A stop signal that arrives while stopping: somebody is in a hurry."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def hurried_by_signals(hurry: Callable[[], None]) -> Iterator[None]:
    """While inside, a stop signal also calls `hurry`; whoever handled it before still does."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what a signal does
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS if _handled(number)}
    ours = {number: _chained(loop, hurry, before[number]) for number in before}
    for number, handler in ours.items():
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, handler in ours.items():
            # Somebody else's newer handler stays.
            if signal.getsignal(number) is handler:
                signal.signal(number, before[number])


def _handled(number: int) -> bool:
    # Where nobody handles a signal it ends the process, and goes on doing so.
    handler = signal.getsignal(number)
    return callable(handler) and handler is not signal.default_int_handler


def _chained(loop: asyncio.AbstractEventLoop, hurry: Callable[[], None], before: Any) -> Any:
    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(hurry)
        before(number, frame)

    return handle
