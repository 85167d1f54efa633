"""Work that would block the event loop, done in a thread that stops when nobody waits for it any more."""

import asyncio
from collections.abc import Callable
from threading import Event
from typing import TypeVar

T = TypeVar("T")


class StoppedError(Exception):
    """The work was told to stop."""


class Stop:
    """Told by whoever waits, asked by whoever works."""

    def __init__(self) -> None:
        self._told = Event()

    def tell(self) -> None:
        """Ask the work to end."""
        self._told.set()

    def check(self) -> None:
        """End the work here if it was asked to.

        Raises:
            StoppedError: it was.
        """
        if self._told.is_set():
            raise StoppedError


async def in_thread(work: Callable[[Stop], T]) -> T:
    """Do *work* in a thread. Cancelled, it tells the work to stop and waits until it has."""
    stop = Stop()
    working = asyncio.ensure_future(asyncio.to_thread(work, stop))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        stop.tell()
        await asyncio.wait({working})
        working.exception()  # looked at: whatever it says, nobody waits for it
        raise
