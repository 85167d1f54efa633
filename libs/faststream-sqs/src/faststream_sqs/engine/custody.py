"""Who holds a queue's messages: their leases, kept alive from receipt until SQS confirmed their end."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from .client import QueueInfo, SQSApi
from .dead_letter import DeadLetters
from .heartbeat import Heartbeat
from .lease import Lease, LeaseState, LeaseTable
from .recorder import Recorder, Settled
from .settle import DeleteBatcher, VisibilityWriter
from .settlement import Retry, Settlement
from .timing import Log, now

CANCEL_TIME = 1.0  # seconds a cancelled handler has to clean up
SETTLE_TIME = 3.0  # seconds of the grace kept for the last deletes

Spawn = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


class Custody:
    """The lease table of one queue with its heartbeat and its two writers."""

    def __init__(
        self,
        api: SQSApi,
        queue: QueueInfo,
        *,
        recorder: Recorder,
        dead_letters: DeadLetters | None,
        retry: Retry,
        log: Log,
        on_end: Callable[[Lease], None] = lambda lease: None,  # noqa: ARG005 - nobody asked to be told
        max_lease: float = 3600.0,
        ack_linger: float | None = None,
        heartbeat: bool = True,
    ) -> None:
        self._queue, self._recorder, self._log, self._told = queue, recorder, log, on_end
        self.table = LeaseTable(self._on_end, max_lease)
        self._deletes = DeleteBatcher(api, queue, self.table, _linger(ack_linger, queue), log)
        self._writer = VisibilityWriter(api, queue, self.table, recorder, log)
        self._heartbeat = Heartbeat(self.table, self._writer, queue.visibility, extends=heartbeat)
        self.settlement = Settlement(
            queue, self._deletes, self._writer, dead_letters=dead_letters, retry=retry, log=log
        )
        self._services: list[asyncio.Task[None]] = []

    @property
    def alive(self) -> bool:
        """Whether heartbeat and writers are at work."""
        return not any(task.done() for task in self._services)

    def start(self, spawn: Spawn) -> None:
        """Begin to extend and to settle."""
        services = (self._deletes.run(), self._writer.run(), self._heartbeat.run())
        self._services = [spawn(service) for service in services]

    async def settle_rest(self, until: float) -> None:
        """Send what is settled but not sent, until that moment of the loop's clock at the latest."""
        try:
            async with asyncio.timeout_at(max(until, now() + 0.5)):
                await self._deletes.drain()
                await self._writer.drain()
        except TimeoutError:
            self._log(
                logging.WARNING, f"{len(self.table)} messages of {self._queue.name!r} will be delivered again"
            )

    async def close(self) -> None:
        """Extend and settle no more."""
        for task in self._services:
            task.cancel()
        await wait_for(set(self._services), CANCEL_TIME)
        await self._deletes.aclose()

    def _on_end(self, lease: Lease) -> None:
        self._recorder.settled(self._queue.name, _kind(lease))
        self._told(lease)


async def wait_for(
    tasks: "set[asyncio.Task[None]]", seconds: float, *, unless: asyncio.Event | None = None
) -> "set[asyncio.Task[None]]":
    """The tasks unfinished after so many seconds, or when the event is set."""
    if not tasks:
        return set()
    alarm = asyncio.create_task(unless.wait()) if unless else None
    everything = asyncio.ensure_future(asyncio.wait(tasks))
    watched = {everything, alarm} if alarm else {everything}
    await asyncio.wait(watched, timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED)
    for one in watched:
        one.cancel()
    return {task for task in tasks if not task.done()}


def _linger(wanted: float | None, queue: QueueInfo) -> float:
    # The next message of a FIFO group waits for this delete.
    default = 0.02 if queue.fifo else 1.0
    return default if wanted is None else wanted


def _kind(lease: Lease) -> Settled:
    match lease.state, lease.settled_as:
        case LeaseState.LOST, LeaseState.ABANDONED:
            return "abandon"
        case LeaseState.LOST, _:
            return "lost"
        case _, LeaseState.REJECTING:
            return "reject"
        case _, LeaseState.NACKING:
            return "release" if lease.released else "nack"
        case _:
            return "ack"
