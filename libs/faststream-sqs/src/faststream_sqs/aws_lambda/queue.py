"""Runs the handlers of one queue's messages, and says which of them failed."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import cast

from faststream_sqs.engine.lease import Lease, LeaseState
from faststream_sqs.message import RawBatch, RawMessage
from faststream_sqs.subscriber.usecase import SQSSubscriber

from .records import Record, received
from .settlement import DONE, LambdaSettlement


class LambdaQueue:
    """One queue's messages and their handlers."""

    def __init__(self, subscriber: SQSSubscriber, settlement: "LambdaSettlement") -> None:
        self._subscriber, self._settlement = subscriber, settlement

    async def handle(self, records: Sequence[Record], until: float) -> list[str]:
        """The ids of the messages that failed, by that moment of the loop's clock, in their order."""
        now = asyncio.get_running_loop().time()
        raws = [self._raw(record, now) for record in records]
        slots = asyncio.Semaphore(self._subscriber.max_workers)
        lanes = [asyncio.create_task(self._lane(lane, slots)) for lane in self._lanes(raws)]
        _, unfinished = await asyncio.wait(lanes, timeout=max(0.0, until - now))
        for lane in unfinished:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
        return failures(raws, fifo=self._settlement.queue.fifo)

    def _raw(self, record: Record, now: float) -> RawMessage:
        end = now + self._settlement.queue.visibility
        message = received(record)
        return RawMessage(Lease(message, message["ReceiptHandle"], end, end), self._settlement)

    def _lanes(self, raws: Sequence[RawMessage]) -> list[list[RawMessage]]:
        """What must not run side by side: batches' messages, and on FIFO queues those of a group."""
        if self._subscriber.batch_size is not None:
            return [list(raws)]
        if not self._settlement.queue.fifo:
            return [[raw] for raw in raws]
        groups: defaultdict[str | None, list[RawMessage]] = defaultdict(list)
        for raw in raws:
            groups[raw.lease.group_id].append(raw)
        return list(groups.values())

    async def _lane(self, raws: Sequence[RawMessage], slots: asyncio.Semaphore) -> None:
        async with slots:
            size = self._subscriber.batch_size
            for start in range(0, len(raws), size or 1):
                await self._call(raws[start : start + (size or 1)], raws[:start])

    async def _call(self, raws: Sequence[RawMessage], before: Sequence[RawMessage]) -> None:
        # What is behind a failed message of its group comes again, behind it.
        closed = failed_groups(before) if self._settlement.queue.fifo else set()
        ready = tuple(raw for raw in raws if raw.lease.group_id not in closed)
        for raw in ready:
            raw.lease.state = LeaseState.RUNNING
        if ready:
            single = self._subscriber.batch_size is None
            await self._subscriber.consume(ready[0] if single else cast("RawMessage", RawBatch(ready)))


def failures(raws: Sequence[RawMessage], *, fifo: bool) -> list[str]:
    """The ids of those not done; on a FIFO queue also of those behind one in its group."""
    found = []
    for position, raw in enumerate(raws):
        behind = fifo and raw.lease.group_id in failed_groups(raws[:position])
        if behind or raw.lease.state not in DONE:
            found.append(raw.lease.message_id)
    return found


def failed_groups(raws: Sequence[RawMessage]) -> set[str | None]:
    """The groups of those not done."""
    return {raw.lease.group_id for raw in raws if raw.lease.state not in DONE}
