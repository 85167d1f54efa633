"""So many at a time, and nobody waits for ever: tenants take turns, and so do the calls of each."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class Queue(Generic[T]):
    """Tickets in a fair order: between two turns of a tenant every other has one; so with its calls."""

    def __init__(self) -> None:
        self._tenants: OrderedDict[str, OrderedDict[str, deque[T]]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._tenants)

    def join(self, tenant: str, call: str, ticket: T) -> None:
        """Wait at the end of the call's line."""
        self._tenants.setdefault(tenant, OrderedDict()).setdefault(call, deque()).append(ticket)

    def next(self) -> T:
        """Take the ticket whose turn it is; its tenant and its call go to the end, if they wait any longer.

        Raises:
            StopIteration: nobody waits.
        """
        tenant, calls = next(iter(self._tenants.items()))
        call, line = next(iter(calls.items()))
        ticket = line.popleft()
        calls.move_to_end(call)
        self._tenants.move_to_end(tenant)
        if not line:
            del calls[call]
        if not calls:
            del self._tenants[tenant]
        return ticket


class Turns:
    """A process's requests to providers, *limit* of them open at a time."""

    def __init__(self, limit: int) -> None:
        self._free = limit
        self._queue: Queue[asyncio.Future[None]] = Queue()

    @asynccontextmanager
    async def turn(self, tenant: str, call: str) -> AsyncIterator[None]:
        """Wait for a turn, and have it while inside."""
        if self._free:
            self._free -= 1
        else:
            await self._wait(tenant, call)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, tenant: str, call: str) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._queue.join(tenant, call, turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it was given in the same moment, and is nobody else's yet
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Without a moment in which it is free: nobody who comes later goes first."""
        while self._queue:
            turn = self._queue.next()
            if not turn.cancelled():  # who gave up is passed over
                turn.set_result(None)
                return
        self._free += 1
