"""Messages for whoever asks for them: receives on demand, and holds what it gave out."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from .client import MAX_BATCH, CallError, QueueInfo, SQSApi
from .custody import Custody
from .lease import Lease, LeaseState
from .poller import QUICKEST, Messages, receive
from .recorder import Recorder
from .settlement import Settlement
from .timing import Log, now

LONGEST_WAIT = 20  # seconds, of one receive


class Puller:
    """Receives when asked; a receive whose asker has gone gives back what it brings."""

    def __init__(
        self, api: SQSApi, queue: QueueInfo, custody: Custody, *, recorder: Recorder, log: Log
    ) -> None:
        self._api, self._queue, self._custody = api, queue, custody
        self._recorder, self._log = recorder, log
        self._receives: set[asyncio.Task[Messages]] = set()
        self._stopping = False

    @property
    def settlement(self) -> Settlement:
        """The power over what was received."""
        return self._custody.settlement

    def start(self) -> None:
        """Begin to keep leases alive."""
        self._custody.start(self._spawn)

    async def receive(self, count: int, seconds: float) -> list[Lease]:
        """At most `count` messages, up to ten, the first that come within so many seconds, else none.

        Raises `CallError`.
        """
        until = now() + seconds
        while not self._stopping:
            wait = max(0, min(LONGEST_WAIT, int(until - now())))
            if leases := await self._receive(min(count, MAX_BATCH), wait):
                return leases
            if until - now() < 1:
                break
            await asyncio.sleep(QUICKEST)
        return []

    async def stop(self, grace: float) -> None:
        """Give back what is still held, and settle the rest."""
        self._stopping = True
        if self._receives:
            await asyncio.wait(self._receives, timeout=grace)
        for task in self._receives:
            task.cancel()
        for lease in self._custody.table:
            self.settlement.release(lease)
        await self._custody.settle_rest(now() + grace)
        await self._custody.close()

    async def _receive(self, count: int, wait: int) -> list[Lease]:
        # Cutting a long poll short may hide a message for a whole lease: it is left to end by itself.
        task = asyncio.create_task(receive(self._api, self._queue, count, wait))
        self._receives.add(task)
        task.add_done_callback(self._receives.discard)
        try:
            messages = await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(self._unwanted)
            raise
        self._recorder.received(self._queue.name, len(messages), count)
        return self._admit(messages)

    def _admit(self, messages: Messages) -> list[Lease]:
        admitted = (self._custody.table.admit(one, now(), self._queue.visibility) for one in messages)
        leases = [lease for lease in admitted if lease]
        for lease in leases:
            lease.state = LeaseState.RUNNING
            self._recorder.arrived(self._queue.name, lease.sent_at, lease.receive_count)
        return leases

    def _unwanted(self, task: "asyncio.Task[Messages]") -> None:
        if task.cancelled() or isinstance(task.exception(), CallError):
            return
        for lease in self._admit(task.result()):
            self.settlement.release(lease)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        task.add_done_callback(self._report)
        return task

    def _report(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()):
            self._log(logging.CRITICAL, f"the leases of {self._queue.name!r} are kept no more: {error!r}")
