"""Which buffered message runs next: first come first served, one at a time per FIFO group."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from .lease import ENDS, Lease, LeaseState

FINISHED = ENDS | {LeaseState.ABANDONED}


class Dispatcher:
    """A buffer and its worker slots; on FIFO queues a group waits for its predecessor's delete."""

    def __init__(
        self,
        max_workers: int,
        run: Callable[[Lease], Coroutine[Any, Any, None]],
        give_back: Callable[[Lease], None],
        *,
        fifo: bool = False,
    ) -> None:
        self._max_workers, self._run, self._give_back, self._fifo = max_workers, run, give_back, fifo
        self._buffer: deque[Lease] = deque()
        self._tasks: dict[Lease, asyncio.Task[None]] = {}
        self._busy_groups: dict[str | None, Lease] = {}
        self._closed = False
        self.changed = asyncio.Event()

    @property
    def running(self) -> int:
        """Handlers at work."""
        return len(self._tasks)

    @property
    def buffered(self) -> int:
        """Messages waiting for a worker."""
        return len(self._buffer)

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """The handlers at work."""
        return list(self._tasks.values())

    def offer(self, lease: Lease) -> None:
        """Queue a lease for a worker."""
        self._buffer.append(lease)

    def pump(self) -> None:
        """Start handlers while there are workers and messages that may run."""
        while not self._closed and self.running < self._max_workers and (lease := self._next()):
            self._start(lease)

    def close(self) -> list[Lease]:
        """Start nothing more; the leases nobody will run."""
        self._closed = True
        rest, self._buffer = list(self._buffer), deque()
        return rest

    def forget(self, lease: Lease) -> None:
        """Drop a buffered lease that was lost before it ran."""
        if lease in self._buffer:
            self._buffer.remove(lease)

    def cancel(self, lease: Lease, reason: str) -> None:
        """Cancel a lease's handler, if it is still at work."""
        if task := self._tasks.get(lease):
            task.cancel(reason)

    def ended(self, lease: Lease) -> None:
        """A lease is over: its group may go on, or its rest goes back when the message did."""
        if lease in self._tasks or self._busy_groups.get(lease.group_id) is not lease:
            return
        del self._busy_groups[lease.group_id]
        if lease.state is LeaseState.DONE and not lease.returned:
            return
        for follower in [one for one in self._buffer if one.group_id == lease.group_id]:
            self._buffer.remove(follower)
            self._give_back(follower)

    def _next(self) -> Lease | None:
        for position, lease in enumerate(self._buffer):
            if not self._fifo or lease.group_id not in self._busy_groups:
                del self._buffer[position]
                return lease
        return None

    def _start(self, lease: Lease) -> None:
        lease.state = LeaseState.RUNNING
        if self._fifo:
            self._busy_groups[lease.group_id] = lease
        task = asyncio.create_task(self._run(lease))
        self._tasks[lease] = task
        task.add_done_callback(lambda _: self._finished(lease))

    def _finished(self, lease: Lease) -> None:
        del self._tasks[lease]
        if lease.state in FINISHED:
            self.ended(lease)
        self.pump()
        self.changed.set()
