"""What sweepers are tested with: time, a queue that may be down, calls on their way."""

from datetime import UTC, datetime, timedelta
from typing import Any

from common.errors import Transient
from common.events import Event
from common.journal import Journal
from common.model import Call, CallKey, ObjectRef
from common.pipeline import INGEST, TRANSCRIBE, Stage
from ingest.lease import Lease
from ingest.standstill import Patience
from ingest.sweeper import Sweeper
from nouns import KEY

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
PATIENCE = Patience(empty=timedelta(minutes=15), busy=timedelta(hours=3))
RECORDING = ObjectRef(bucket="calls", key="a.wav")


class Clock:
    """Time as the test has it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def after(self, time: timedelta) -> None:
        self.now += time


class Announced:
    """Notes what is announced to which stage, or fails as a queue would."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Event]] = []
        self.down = False

    async def announce(self, event: Event, stage: Stage) -> None:
        if self.down:
            raise Transient("no queue")
        self.events.append((stage.name, event))

    @property
    def stages(self) -> list[str]:
        return [stage for stage, _ in self.events]


def lease_of(database: Any, holder: str, clock: Clock) -> Lease:
    return Lease(database["leases"], "sweeper", holder, timedelta(minutes=2), clock)


async def ingested(journal: Journal, sweeper: Sweeper, name: str = "c-42") -> CallKey:
    """A call that was kept and announced to the transcriber; the message may be anywhere."""
    key = KEY.model_copy(update={"call_id": name})
    await sweeper.kept.calls.keep(Call(**dict(key), transcript=RECORDING, created_at=NOW))
    await journal.begin(key, INGEST, NOW)
    await journal.finish(key, INGEST, NOW, 1.0, None)
    return key


async def parked(journal: Journal, sweeper: Sweeper, until: datetime, name: str = "c-42") -> CallKey:
    """A call the transcriber parked."""
    key = await ingested(journal, sweeper, name)
    await journal.begin(key, TRANSCRIBE, NOW)
    await journal.park(key, TRANSCRIBE, NOW, until, "budget_exceeded")
    return key
