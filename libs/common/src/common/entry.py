"""What is known of one call's way down the line: its stages, their attempts, where it waits now."""

from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from common.model import CallKey, Noun, ObjectRef
from common.pipeline import PIPELINE, STATUSES, Stage, next_stage

ERASED: Final = "erased"
"""Why a call has failed of which nothing but this is kept: somebody asked for it."""

COMPLETED = len(STATUSES) - 1
"""The rank of a call that is through."""


class Failure(Noun):
    """Why a call failed, or an attempt did: a code, and a sentence without personal data."""

    stage: str
    reason: str
    message: str
    timestamp: datetime
    retry_count: int = 0


class Step(Noun):
    """Something an attempt did: it began, or ended one way or another, in the hands of ``by``."""

    what: Literal["begun", "completed", "failed", "retried", "released", "parked"]
    at: datetime
    by: str
    took: float | None = None
    reason: str | None = None


class StageEntry(Noun):
    """One stage's record for one call.

    ``reported`` counts the attempts that came back, however; ``causes`` the failed ones by reason; ``trail``
    holds the newest steps in order.
    """

    attempts: int = 0
    reported: int = 0
    causes: dict[str, int] = Field(default_factory=dict)
    started_at: datetime | None = None
    finished_at: datetime | None = None
    processing_time_seconds: float | None = None
    provider: str | None = None
    model: str | None = None
    cost_usd: float | None = None
    error: Failure | None = None
    trail: tuple[Step, ...] = ()


class Source(Noun):
    """Where an upload lies, so that it can be announced again before anything of it is kept."""

    recording: ObjectRef | None = None
    transcript: ObjectRef | None = None


class Swept(Noun):
    """How often a call that stood still was announced again to the stage it waits for, and by which lease."""

    stage: str
    times: int
    fence: int


class Parking(Noun):
    """A call that no message is held for: which stage it is announced to, from when on, why it waits."""

    stage: str
    until: datetime
    reason: str


class Entry(CallKey):
    """A call's journal. ``first`` is the stage this revision starts from: later revisions redo a part.

    ``created_at`` is the call's, in every revision; ``opened_at`` when a later one was opened.
    ``superseded``: there is a newer one.
    """

    rank: int = 0
    failed: Failure | None = None
    created_at: datetime
    updated_at: datetime
    opened_at: datetime | None = None
    superseded: bool = False
    first: str = PIPELINE[0].name
    source: Source | None = None
    swept: Swept | None = None
    parked: Parking | None = None
    stages: dict[str, StageEntry] = Field(default_factory=dict)

    @property
    def began_at(self) -> datetime:
        """When this revision was begun."""
        return self.opened_at or self.created_at

    @property
    def status(self) -> str:
        """One of ``STATUSES``, or ``failed``."""
        return "failed" if self.failed else STATUSES[self.rank]

    @property
    def erased(self) -> bool:
        """Whether all of the call was removed: what is still on its way about it comes to nothing."""
        return self.failed is not None and self.failed.reason == ERASED

    @property
    def cost_usd(self) -> float:
        """What is known to have been paid for this call."""
        return round(sum(stage.cost_usd or 0.0 for stage in self.stages.values()), 6)


def reopened(before: Entry, first: Stage, rank: int, now: datetime) -> Entry:
    """The revision after this one, which starts from *first*, the call having come as far as *rank*."""
    key = before.key.model_copy(update={"revision": before.revision + 1})
    began = {"created_at": before.created_at, "opened_at": now, "updated_at": now}
    return Entry(**dict(key), **began, rank=rank, first=first.name)


def waiting_for(entry: Entry) -> Stage | None:
    """The stage whose turn it is; None for a call that is completed or failed."""
    if entry.failed or entry.rank == COMPLETED:
        return None
    reached = [stage for stage in PIPELINE if stage.name in entry.stages]
    if not reached:
        return next(stage for stage in PIPELINE if stage.name == entry.first)
    return next_stage(reached[-1]) if entry.stages[reached[-1].name].finished_at else reached[-1]


def parked(entry: Entry) -> Parking | None:
    """What the call waits for, if it is parked before the very stage whose turn it is."""
    stage = waiting_for(entry)
    return entry.parked if stage and entry.parked and entry.parked.stage == stage.name else None


def times_swept(entry: Entry, stage: Stage) -> int:
    """How often the call was announced again to this very stage."""
    return entry.swept.times if entry.swept and entry.swept.stage == stage.name else 0


def at_work(entry: StageEntry) -> Step | None:
    """The newest beginning that was not followed by an end: who holds an attempt, since when."""
    back: set[str] = set()
    for step in reversed(entry.trail):
        if step.what == "begun" and step.by not in back:
            return step
        if step.what in {"completed", "failed"}:
            return None
        back.add(step.by)
    return None
