"""One call's way down the line: every stage, every attempt that is on record, what it cost, why it failed."""

from datetime import datetime

from common.ctl.amiss import amiss
from common.entry import Entry, StageEntry, Step, parked, waiting_for
from common.ledger import Spent
from common.model import Noun, TranscriptFacts
from common.pipeline import PIPELINE


class StageLine(Noun):
    """One stage in a line."""

    stage: str
    attempts: int
    failed_attempts: int
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float | None
    model: str | None
    cost_usd: float | None
    reason: str | None


class AttemptLine(Noun):
    """One attempt in a line; ``waited`` is the time since whatever happened to the call before."""

    stage: str
    began: datetime
    waited_seconds: float
    held_by: str
    outcome: str
    seconds: float | None
    reason: str | None


class Timeline(Noun):
    """Everything the journal tells of a call."""

    call_id: str
    tenant_id: str
    revision: int
    status: str
    waits_for: str | None
    reason: str | None
    told: str | None
    heard: str | None
    created_at: datetime
    updated_at: datetime
    announced_again: int
    cost_usd: float
    parked_until: datetime | None
    parked_because: str | None
    ledger: Spent | None
    stages: tuple[StageLine, ...]
    attempts: tuple[AttemptLine, ...]


def timeline(entry: Entry, facts: TranscriptFacts | None = None, ledger: Spent | None = None) -> Timeline:
    """A call's journal, put in order; ``heard`` says what is amiss with its transcript.

    *ledger* is what the requests for all its revisions add up to.
    """
    waits, failed, waits_until = waiting_for(entry), entry.failed, parked(entry)
    known = [(stage.name, entry.stages[stage.name]) for stage in PIPELINE if stage.name in entry.stages]
    return Timeline(
        **dict(entry.key),
        status=entry.status,
        waits_for=waits.name if waits else None,
        reason=failed.reason if failed else None,
        told=failed.message if failed else None,
        heard=amiss(facts) if facts else None,
        created_at=entry.created_at,
        updated_at=entry.updated_at,
        announced_again=entry.swept.times if entry.swept else 0,
        cost_usd=entry.cost_usd,
        parked_until=waits_until.until if waits_until else None,
        parked_because=waits_until.reason if waits_until else None,
        ledger=ledger,
        stages=tuple(_stage(name, stage) for name, stage in known),
        attempts=tuple(_attempts(entry)),
    )


def _stage(name: str, entry: StageEntry) -> StageLine:
    return StageLine(
        stage=name,
        attempts=entry.attempts,
        failed_attempts=sum(entry.causes.values()),
        started_at=entry.started_at,
        finished_at=entry.finished_at,
        seconds=entry.processing_time_seconds,
        model=entry.model,
        cost_usd=entry.cost_usd,
        reason=entry.error.reason if entry.error else None,
    )


def _attempts(entry: Entry) -> list[AttemptLine]:
    steps = [(name, step) for name, stage in entry.stages.items() for step in stage.trail]
    steps.sort(key=lambda pair: pair[1].at)
    before = entry.began_at
    lines: list[AttemptLine] = []
    for n, (stage, step) in enumerate(steps):
        if step.what == "begun":
            later = [s for name, s in steps[n + 1 :] if name == stage and s.by == step.by]
            lines.append(_attempt(stage, step, later[0] if later else None, before))
        before = step.at
    return lines


def _attempt(stage: str, begun: Step, then: Step | None, before: datetime) -> AttemptLine:
    """What follows in the same hands is its end, unless they begin again: then it never reported back."""
    ended = then if then and then.what != "begun" else None
    return AttemptLine(
        stage=stage,
        began=begun.at,
        waited_seconds=round((begun.at - before).total_seconds(), 3),
        held_by=begun.by,
        outcome=ended.what if ended else "no report",
        seconds=round((ended.at - begun.at).total_seconds(), 3) if ended else None,
        reason=ended.reason if ended else None,
    )
