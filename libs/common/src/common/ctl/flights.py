"""What is being worked on now, as the journal tells."""

from datetime import datetime

from common.entry import Entry, at_work, parked
from common.journal import Journal
from common.model import Noun


class Flight(Noun):
    """An attempt that has not reported back: in somebody's hands, or lost with whoever held it."""

    call_id: str
    tenant_id: str
    revision: int
    stage: str
    held_by: str
    since: datetime
    seconds: float
    attempt: int


class Waiting(Noun):
    """A parked call: no message is held for it."""

    call_id: str
    tenant_id: str
    revision: int
    stage: str
    until: datetime
    reason: str


async def waiting(journal: Journal) -> list[Waiting]:
    """Every parked call, those first that have to wait the least."""
    calls = [(entry.key, parked(entry)) async for entry in journal.parked()]
    return [Waiting(**dict(key), **dict(waits)) for key, waits in calls if waits]


async def in_flight(journal: Journal, now: datetime) -> list[Flight]:
    """Every attempt at work, the oldest first."""
    found = [flight async for entry in journal.unfinished(now) for flight in flights(entry, now)]
    return sorted(found, key=lambda flight: flight.since)


def flights(entry: Entry, now: datetime) -> list[Flight]:
    """A call's attempts at work."""
    return [
        Flight(
            **dict(entry.key),
            stage=name,
            held_by=held.by,
            since=held.at,
            seconds=round((now - held.at).total_seconds(), 3),
            attempt=stage.attempts,
        )
        for name, stage in entry.stages.items()
        if (held := at_work(stage))
    ]
