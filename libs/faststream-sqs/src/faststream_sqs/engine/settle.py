"""The two writers of a consumer: batched deletes, and the only hand that changes visibility."""

import asyncio
import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from .client import MAX_BATCH, MAX_VISIBILITY, BatchOutcome, CallError, QueueInfo, SQSApi, TransientCallError
from .lease import ENDS, EXTENDABLE, Lease, LeaseState, LeaseTable, margin
from .recorder import Recorder
from .timing import Log, now, retry_delay, wait_for_event

PARALLEL_DELETES = 4  # requests


class PendingDeletes:
    """Acknowledged leases whose delete is not sent yet, oldest first; pure bookkeeping."""

    def __init__(self, linger: float, visibility: float) -> None:
        self._linger = linger
        self._margin = margin(visibility)
        self._since: dict[Lease, float] = {}

    def __len__(self) -> int:
        return len(self._since)

    def add(self, lease: Lease, time: float) -> None:
        """Remember a lease to delete."""
        self._since[lease] = time

    def due_at(self, flush_to: float = -math.inf) -> float | None:
        """When the next batch must leave: by age, before a lease runs out, at once when full or flushed."""
        if not self._since:
            return None
        oldest = next(iter(self._since.values()))
        if len(self._since) >= MAX_BATCH or oldest <= flush_to:
            return -math.inf
        return min(oldest + self._linger, *(lease.deadline - self._margin for lease in self._since))

    def take(self) -> list[Lease]:
        """The next batch, removed."""
        batch = list(self._since)[:MAX_BATCH]
        for lease in batch:
            del self._since[lease]
        return batch


class DeleteBatcher:
    """Deletes acknowledged messages ten at a time, and never counts on an expired lease."""

    def __init__(self, api: SQSApi, queue: QueueInfo, table: LeaseTable, linger: float, log: Log) -> None:
        self._api, self._queue, self._table, self._log = api, queue, table, log
        self._pending = PendingDeletes(linger, queue.visibility)
        self._wake = asyncio.Event()
        self._slots = asyncio.Semaphore(PARALLEL_DELETES)
        self._sending: set[asyncio.Task[None]] = set()
        self._flush_to = -math.inf

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, lease: Lease) -> None:
        """Delete this lease's message soon."""
        self._pending.add(lease, now())
        self._wake.set()

    def flush_once(self) -> None:
        """Send what is pending without lingering further."""
        self._flush_to = now()
        self._wake.set()

    async def run(self) -> None:
        """Send batches as they fall due, for ever."""
        while True:
            await self._due()
            await self._slots.acquire()
            task = asyncio.create_task(self._delete(self._pending.take()))
            self._sending.add(task)
            task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._slots.release()

    async def drain(self) -> None:
        """Return when nothing is pending nor being sent."""
        self._flush_to = math.inf
        self._wake.set()
        while self._pending or self._sending:
            await asyncio.wait(self._sending) if self._sending else await asyncio.sleep(0)

    async def aclose(self) -> None:
        """Cancel requests still under way."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    async def _due(self) -> None:
        while (due := self._pending.due_at(self._flush_to)) is None or due > now():
            self._wake.clear()
            await wait_for_event(self._wake, None if due is None else due - now())

    async def _delete(self, leases: list[Lease]) -> None:
        attempt = 0
        while leases:
            attempt += 1
            leases = await self._attempt([one for one in leases if one.state not in ENDS])
            if leases:
                await asyncio.sleep(retry_delay(attempt, first=0.1, cap=5.0))

    async def _attempt(self, leases: list[Lease]) -> list[Lease]:
        # A delete sent after the deadline may still spare a redelivery, but proves nothing:
        # SQS answers success to a stale handle without deleting.
        sent_at = now()
        entries = [{"ReceiptHandle": lease.receipt_handle} for lease in leases]
        try:
            outcome = await self._api.batch("delete_message_batch", self._queue, entries)
        except TransientCallError:
            return self._still_ours(leases)
        except CallError as error:
            self._log(logging.ERROR, f"handled messages will be delivered again: {error}")
            self._end(leases, LeaseState.LOST)
            return []
        handles = [str(entry["ReceiptHandle"]) for entry in entries]
        return self._account(leases, handles, outcome, sent_at)

    def _account(
        self, leases: list[Lease], handles: list[str], outcome: BatchOutcome, sent_at: float
    ) -> list[Lease]:
        again = []
        for position, lease in enumerate(leases):
            failure = outcome.failed.get(position)
            redelivered = lease.receipt_handle != handles[position]
            if redelivered or (failure and not failure.sender_fault):
                again.append(lease)
            elif failure or lease.deadline <= sent_at:
                self._table.end(lease, LeaseState.LOST)
            else:
                self._table.end(lease, LeaseState.DONE)
        return self._still_ours(again)

    def _still_ours(self, leases: list[Lease]) -> list[Lease]:
        time = now()
        self._end((lease for lease in leases if lease.deadline <= time), LeaseState.LOST)
        return [lease for lease in leases if lease.deadline > time]

    def _end(self, leases: Iterable[Lease], state: LeaseState) -> None:
        for lease in leases:
            self._table.end(lease, state)


WishKind = Literal["extend", "nack", "release"]


@dataclass(frozen=True, slots=True)
class Wish:
    """A visibility wanted for a lease, in seconds from when the request is sent."""

    seconds: int
    kind: WishKind


class VisibilityWriter:
    """One request in flight, the newest wish of a lease wins: no heartbeat can undo a nack."""

    def __init__(
        self, api: SQSApi, queue: QueueInfo, table: LeaseTable, recorder: Recorder, log: Log
    ) -> None:
        self._api, self._queue, self._table = api, queue, table
        self._recorder, self._log = recorder, log
        self._wishes: dict[Lease, Wish] = {}
        self._writing: dict[Lease, Wish] = {}
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._failures = 0

    def wish(self, lease: Lease, seconds: float, kind: WishKind) -> None:
        """Ask for a visibility; a heartbeat already on its way is not asked for twice."""
        if kind == "extend" and (lease in self._writing or not self._wanted(lease, "extend")):
            return
        bounded = max(0, min(math.ceil(seconds), MAX_VISIBILITY))
        self._wishes[lease] = Wish(bounded, kind)
        self._idle.clear()
        self._wake.set()

    async def run(self) -> None:
        """Write wishes as they come, for ever."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(0)  # wishes of the same loop tick share a request
            await self._write(self._take())
            if not self._wishes:
                self._wake.clear()
                self._idle.set()

    async def drain(self) -> None:
        """Return when no wish is left."""
        await self._idle.wait()

    def _take(self) -> dict[Lease, Wish]:
        batch: dict[Lease, Wish] = {}
        while self._wishes and len(batch) < MAX_BATCH:
            lease = next(iter(self._wishes))
            wish = self._wishes.pop(lease)
            if self._wanted(lease, wish.kind):
                batch[lease] = wish
        return batch

    def _wanted(self, lease: Lease, kind: WishKind) -> bool:
        return lease.state in EXTENDABLE if kind == "extend" else lease.state is LeaseState.NACKING

    async def _write(self, batch: dict[Lease, Wish]) -> None:
        if not batch:
            return
        self._writing, sent_at = batch, now()
        entries = [
            {"ReceiptHandle": lease.receipt_handle, "VisibilityTimeout": wish.seconds}
            for lease, wish in batch.items()
        ]
        try:
            outcome = await self._api.batch("change_message_visibility_batch", self._queue, entries)
        except TransientCallError:
            await self._back_off(batch)
        except CallError as error:
            self._log(logging.ERROR, f"{len(batch)} leases stay as they are: {error}")
            self._leave(batch)
        else:
            self._failures = 0
            await self._account(batch, outcome, sent_at)
        finally:
            self._writing = {}

    async def _account(self, batch: dict[Lease, Wish], outcome: BatchOutcome, sent_at: float) -> None:
        again: dict[Lease, Wish] = {}
        for position, (lease, wish) in enumerate(batch.items()):
            failure = outcome.failed.get(position)
            if failure and not failure.sender_fault:
                again[lease] = wish
            elif failure:
                self._refused(lease)
            else:
                self._granted(lease, wish, sent_at)
        extended = sum(batch[lease].kind == "extend" for lease in batch if lease not in again)
        self._recorder.extended(self._queue.name, extended)
        if again:
            await self._back_off(again)

    def _granted(self, lease: Lease, wish: Wish, sent_at: float) -> None:
        if wish.kind == "extend":
            lease.deadline = sent_at + wish.seconds
        else:
            self._table.end(lease, LeaseState.DONE)

    def _refused(self, lease: Lease) -> None:
        # An extension that lost the race against its own delete is no loss.
        if lease.held or lease.state is LeaseState.NACKING:
            self._table.end(lease, LeaseState.LOST)

    def _leave(self, batch: dict[Lease, Wish]) -> None:
        # What was not extended lasts until its deadline, what was not returned comes back then.
        for lease, wish in batch.items():
            if wish.kind != "extend":
                self._table.end(lease, LeaseState.LOST)

    async def _back_off(self, batch: dict[Lease, Wish]) -> None:
        self._failures += 1
        time = now()
        for lease, wish in batch.items():
            if lease.deadline <= time:
                self._leave({lease: wish})
            else:
                self._wishes.setdefault(lease, wish)
        await asyncio.sleep(retry_delay(self._failures, first=0.2, cap=2.0))
