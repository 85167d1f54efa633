"""Calls that are being watched: each is read once a second, however many look on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from common.errors import PipelineError
from common.journal import Entry
from common.logging import get_logger

SECOND: Final = 1.0  # between two looks at one call

Find = Callable[[str, str], Awaitable[Entry | None]]
Name = tuple[str, str]

log = get_logger("callstream.api")


class Watched:
    """One call as it was last seen, for all who look on."""

    def __init__(self) -> None:
        self.onlookers = 0
        self._looked = False
        self._entry: Entry | None = None
        self._failure: Exception | None = None
        self._news = asyncio.Event()

    async def first(self) -> Entry | None:
        """The call, None if there is none.

        Raises:
            Transient: it cannot be read now; anything else: a fault of ours.
        """
        while not self._looked:
            if self._failure:
                raise self._failure
            await self._news.wait()
        return self._entry

    async def other_than(self, seen: Entry | None) -> Entry | None:
        """The call once it is no longer as it was *seen*; a journal that is away is waited for."""
        while self._entry == seen:
            await self._news.wait()
        return self._entry

    def see(self, entry: Entry | None) -> None:
        """The call was read."""
        news = not self._looked or entry != self._entry
        self._looked, self._entry, self._failure = True, entry, None
        if news:
            self._wake()

    def miss(self, failure: Exception) -> bool:
        """It could not be read; whether that is news."""
        news, self._failure = self._failure is None, failure
        self._wake()
        return news

    def _wake(self) -> None:
        woken, self._news = self._news, asyncio.Event()
        woken.set()


class Watching:
    """All calls watched in this process; *pause* passes the time between two looks."""

    def __init__(self, find: Find, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._find = find
        self._pause = pause
        self._calls: dict[Name, Watched] = {}
        self._looks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def watch(self, tenant_id: str, call_id: str) -> AsyncIterator[Watched]:
        """Look on at a call; the first to come lets it be read, whoever comes later sees what was read."""
        watched = self._joined((tenant_id, call_id))
        watched.onlookers += 1
        try:
            yield watched
        finally:
            watched.onlookers -= 1

    async def close(self) -> None:
        """Look no more."""
        looks = tuple(self._looks)
        for look in looks:
            look.cancel()
        await asyncio.gather(*looks, return_exceptions=True)

    def _joined(self, name: Name) -> Watched:
        if name not in self._calls:
            self._calls[name] = Watched()
            look = asyncio.create_task(self._look(name, self._calls[name]))
            self._looks.add(look)
            look.add_done_callback(self._looks.discard)
        return self._calls[name]

    async def _look(self, name: Name, watched: Watched) -> None:
        """Outlast the last onlooker by a second: one who comes back at once must not have it read at once."""
        try:
            looked = False
            while watched.onlookers or not looked:
                looked = True
                await self._read(name, watched)
                await self._pause(SECOND)
        finally:
            del self._calls[name]

    async def _read(self, name: Name, watched: Watched) -> None:
        try:
            watched.see(await self._find(*name))
        except PipelineError as error:
            if watched.miss(error):
                log.warning("watch.unread", reason=error.reason, error=str(error))
        except Exception as error:  # noqa: BLE001 - whoever looks on is told, instead of waiting for ever
            if watched.miss(error):
                log.error("watch.broken", error=type(error).__name__)  # noqa: TRY400 - its text may hold data


@asynccontextmanager
async def watching(find: Find) -> AsyncIterator[Watching]:
    """Watch until the end."""
    calls = Watching(find)
    try:
        yield calls
    finally:
        await calls.close()
