"""Which buffered messages run next together: as many as fit, as soon as they are due."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from .dispatch import FINISHED, Dispatcher
from .lease import Lease, LeaseState
from .timing import now

RunBatch = Callable[[Sequence[Lease]], Coroutine[Any, Any, None]]


class BatchDispatcher(Dispatcher):
    """Starts batches: full ones at once, others when their oldest message has waited for `window` seconds.

    On FIFO queues a batch holds messages of a group in their order, and no two batches share a group.
    """

    def __init__(
        self,
        max_workers: int,
        run: RunBatch,
        give_back: Callable[[Lease], None],
        *,
        fifo: bool = False,
        size: int = 10,
        window: float = 0.0,
    ) -> None:
        super().__init__(max_workers, _not_single, give_back, fifo=fifo)
        self._run_batch, self._size, self._window = run, size, window
        self._offered: dict[Lease, float] = {}
        self._open_groups: defaultdict[str | None, set[Lease]] = defaultdict(set)
        self._timer: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> int:
        """Workers with a batch."""
        return len(set(self._tasks.values()))

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """The handlers at work, one per batch."""
        return list(set(self._tasks.values()))

    def offer(self, lease: Lease) -> None:
        """Queue a lease for a batch; its window begins."""
        super().offer(lease)
        self._offered[lease] = now()

    def pump(self) -> None:
        """Start batches while there are workers and batches due; otherwise come back when one is."""
        while not self._closed and self.busy < self._max_workers and (batch := self._due()):
            self._begin(batch)

    def close(self) -> list[Lease]:
        """Start nothing more; the leases nobody will run."""
        self._stop_timer()
        self._offered.clear()
        return super().close()

    def forget(self, lease: Lease) -> None:
        """Drop a buffered lease that was lost before it ran."""
        super().forget(lease)
        self._offered.pop(lease, None)

    def cancel(self, lease: Lease, reason: str) -> None:
        """Cancel a batch once none of its messages is ours; the rest of it is still wanted before."""
        task = self._tasks.get(lease)
        batch = [one for one, its_task in self._tasks.items() if its_task is task]
        if task and all(one.state is LeaseState.LOST for one in batch):
            task.cancel(reason)

    def ended(self, lease: Lease) -> None:
        """A lease is over: the last one frees its group, one that returned takes its followers along."""
        group = self._open_groups.get(lease.group_id, set())
        if lease in self._tasks or lease not in group:
            return
        group.remove(lease)
        if not group:
            del self._open_groups[lease.group_id]
        if lease.state is not LeaseState.DONE or lease.returned:
            self._return_followers(lease)

    def _return_followers(self, lease: Lease) -> None:
        for follower in [one for one in self._buffer if one.group_id == lease.group_id]:
            self.forget(follower)
            self._give_back(follower)

    def _due(self) -> list[Lease]:
        ready = [one for one in self._buffer if not self._fifo or one.group_id not in self._open_groups]
        batch = ready[: self._size]
        self._stop_timer()
        if not batch or len(batch) == self._size:
            return batch
        wait = min(self._offered[one] for one in batch) + self._window - now()
        if wait <= 0:
            return batch
        self._timer = asyncio.get_running_loop().call_later(wait, self.pump)
        return []

    def _begin(self, batch: list[Lease]) -> None:
        task = asyncio.create_task(self._run_batch(batch))
        for lease in batch:
            self.forget(lease)
            lease.state = LeaseState.RUNNING
            self._tasks[lease] = task
            if self._fifo:
                self._open_groups[lease.group_id].add(lease)
        task.add_done_callback(lambda _: self._batch_finished(batch))

    def _batch_finished(self, batch: Sequence[Lease]) -> None:
        for lease in batch:
            del self._tasks[lease]
        for lease in batch:
            if lease.state in FINISHED:
                self.ended(lease)
        self.pump()
        self.changed.set()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


async def _not_single(lease: Lease) -> None:
    raise AssertionError(f"{lease.message_id} runs in a batch")
