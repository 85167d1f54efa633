"""Nothing stuck: one process at a time looks for calls that stand still, and announces them again."""

import asyncio
import os
import socket
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from common.announcements import Kept, open_announcer
from common.clients import open_sqs
from common.depths import Depth, Queues
from common.entry import Entry, Swept, parked
from common.errors import PipelineError
from common.journal import Journal
from common.ledger import Ledger
from common.logging import get_logger
from common.metrics import SweepMetrics
from common.pipeline import INGEST, PIPELINE
from common.reasons import label
from common.redo import Announces
from common.settings import queue_urls

from ingest.erasure import Erasure
from ingest.lease import Lease
from ingest.settings import Settings
from ingest.standstill import Patience, Standstill, judged, stuck

MOST_AT_ONCE: Final = 100  # calls one sweep takes care of: the next one is a minute away
SHORTEST_LEASE: Final = 120.0  # seconds
LONGEST_REQUEST: Final = timedelta(minutes=15)  # to a provider; ten minutes of it the longest answer
LOOKED_BACK: Final = timedelta(days=1)

log = get_logger("callstream.sweeper")


_WRITE: Final = {"given_up": log.error, "announced_again": log.warning, "released": log.info}


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Looks and acts; ``fence`` says under which lease."""

    journal: Journal
    kept: Kept
    announcer: Announces
    queues: Queues
    patience: Patience
    metrics: SweepMetrics
    now: Callable[[], datetime]
    ledger: Ledger
    erasure: Erasure

    async def sample(self) -> dict[str, Depth]:
        """What lies on the queues, told to whoever reads the metrics."""
        depths = await self.queues.depths()
        for queue, depth in depths.items():
            for state in ("visible", "in_flight", "delayed"):
                self.metrics.queue_messages.labels(queue, state).set(getattr(depth, state))
        await self._sample_parked()
        await self._sample_ledger()
        return depths

    async def _sample_parked(self) -> None:
        """How many calls wait for a time, and how long the first of them has waited beyond it."""
        counts: Counter[tuple[str, str]] = Counter()
        overdue = 0.0
        async with aclosing(self.journal.parked()) as calls:
            async for entry in calls:
                if waits := parked(entry):
                    counts[waits.stage, label(waits.reason)] += 1
                    overdue = max(overdue, (self.now() - waits.until).total_seconds())
        self.metrics.parked_calls.clear()
        for (stage, reason), count in counts.items():
            self.metrics.parked_calls.labels(stage, reason).set(count)
        self.metrics.parked_overdue.set(overdue)

    async def _sample_ledger(self) -> None:
        """Requests of the last day that have been open for longer than any request lasts."""
        now = self.now()
        found = await self.ledger.unsettled(now - LOOKED_BACK, now - LONGEST_REQUEST)
        none = {stage.name: 0 for stage in PIPELINE if stage is not INGEST}
        for stage, count in (none | found).items():
            self.metrics.unsettled_requests.labels(stage).set(count)

    async def sweep(self, lease: Lease) -> int:
        """Take care of the calls that stand still; how many there were."""
        busy = {queue for queue, depth in (await self.queues.depths()).items() if depth.total}
        now = self.now()
        before = now - min(self.patience.empty, self.patience.busy)
        cared = 0
        for calls in (self.journal.parked(now), self.journal.unfinished(before)):
            cared += await self._care_for(calls, busy, lease)
        self.metrics.finished.set(self.now().timestamp())
        return cared

    async def _care_for(self, calls: AsyncGenerator[Entry, None], busy: set[str], lease: Lease) -> int:
        """As many of them as one sweep takes care of; how many there were."""
        now, cared = self.now(), 0
        async with aclosing(calls) as still:
            async for entry in still:
                found = judged(entry, busy, self.patience, now)
                if found is None:
                    continue
                fence = await lease.take()
                if fence is None or cared == MOST_AT_ONCE:
                    break
                cared += await self._care(found, fence)
        return cared

    async def _care(self, found: Standstill, fence: int) -> bool:
        """Announce first and note it then: what is announced twice is done once, what is lost stays lost."""
        event = await self.kept.event_for(found.stage, found.entry)
        if event is None:
            found = replace(found, action="given_up")
        elif found.action != "given_up":
            await self.announcer.announce(event, found.stage)
        now = self.now()
        failed = stuck(found, now) if found.action == "given_up" else None
        swept = Swept(stage=found.stage.name, times=found.times, fence=fence)
        noted = await self.journal.sweep(found.entry, swept, now, failed)
        if noted:
            self._tell(found)
        return noted

    def _tell(self, found: Standstill) -> None:
        self.metrics.stuck_calls.labels(found.stage.name, found.action).inc()
        write = _WRITE[found.action]
        write(
            f"call.{found.action}",
            call_id=found.entry.call_id,
            tenant_id=found.entry.tenant_id,
            revision=found.entry.revision,
            stage=found.stage.name,
            times=found.times,
            stood_still_seconds=round(found.since.total_seconds()),
        )

    def fall_silent(self) -> None:
        """Show nothing any more: somebody else looks at the queues now."""
        for gauge in (
            self.metrics.queue_messages,
            self.metrics.parked_calls,
            self.metrics.unsettled_requests,
        ):
            gauge.clear()
        self.metrics.parked_overdue.set(0)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Seconds between two sweeps, and between two looks at the queues."""

    sweep: float
    sample: float

    @property
    def step(self) -> float:
        """Seconds between two looks at the clock."""
        return min(self.sweep, self.sample)

    @property
    def lease(self) -> timedelta:
        """A lease that outlives a missed step."""
        return timedelta(seconds=max(SHORTEST_LEASE, 3 * self.step))


async def patrol(sweeper: Sweeper, lease: Lease, rhythm: Rhythm) -> None:
    """Sweep and sample for as long as nobody else does; a failure is told, and the next turn tries again."""
    turns = Turns(rhythm, asyncio.get_running_loop().time)
    while True:
        try:
            await _turn(sweeper, lease, turns)
        except PipelineError as error:
            log.warning("sweep.failed", reason=error.reason, error=str(error))
        except Exception:
            log.exception("sweep.broken")
        await asyncio.sleep(rhythm.step)


async def _turn(sweeper: Sweeper, lease: Lease, turns: "Turns") -> None:
    if await lease.take() is None:
        sweeper.fall_silent()
        return
    if turns.due("sample", turns.rhythm.sample):
        await sweeper.sample()
    if turns.due("sweep", turns.rhythm.sweep):
        await sweeper.sweep(lease)
        await sweeper.erasure.again()


class Turns:
    """Says of each thing whether its time has come again; the first time is now."""

    def __init__(self, rhythm: Rhythm, clock: Callable[[], float]) -> None:
        self.rhythm = rhythm
        self._clock = clock
        self._last: dict[str, float] = {}

    def due(self, what: str, every: float) -> bool:
        """Whether *every* so many seconds have passed since this was last due."""
        now = self._clock()
        if now - self._last.get(what, -every) < every:
            return False
        self._last[what] = now
        return True


@asynccontextmanager
async def patrolling(
    settings: Settings,
    opened: dict[str, Any],
    leases: Any,
    metrics: SweepMetrics,
    now: Callable[[], datetime],
) -> AsyncIterator[None]:
    """A patrol beside whatever else goes on, with a connection of its own to the queues."""
    async with open_sqs(settings) as sqs, open_announcer(settings, queue_urls(settings)) as announcer:
        sweeper = Sweeper(
            opened["journal"],
            Kept(opened["calls"], opened["transcripts"], opened["analyses"]),
            announcer,
            Queues(sqs, queue_urls(settings)),
            settings.patience,
            metrics,
            now,
            opened["ledger"],
            opened["erasure"],
        )
        rhythm = Rhythm(settings.sweep_seconds, settings.queue_sample_seconds)
        lease = Lease(leases, "sweeper", f"{socket.gethostname()}:{os.getpid()}", rhythm.lease, now)
        walking = asyncio.create_task(patrol(sweeper, lease, rhythm))
        try:
            yield
        finally:
            walking.cancel()
            with suppress(asyncio.CancelledError):
                await walking
            with suppress(PipelineError):  # it then ends by itself
                await lease.give_back()
