"""Where a call waits, and who holds it, as its journal tells."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from common.entry import Entry, StageEntry, Step, Swept, at_work, times_swept, waiting_for
from common.pipeline import ANALYZE, EMBED, PIPELINE, STATUSES, TRANSCRIBE
from nouns import KEY

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DONE = StageEntry(attempts=1, reported=1, finished_at=NOW)
BEGUN = StageEntry(attempts=1)


def entry(**changes: Any) -> Entry:
    return Entry.model_validate(dict(KEY) | {"created_at": NOW, "updated_at": NOW} | changes)


@pytest.mark.parametrize(
    ("stages", "waits"),
    [
        ({}, "ingest"),
        ({"ingest": BEGUN}, "ingest"),
        ({"ingest": DONE}, "transcribe"),
        ({"ingest": DONE, "transcribe": BEGUN}, "transcribe"),
        ({"transcribe": DONE, "analyze": DONE}, "embed"),
        ({"transcribe": BEGUN, "analyze": DONE}, "embed"),
    ],
)
def test_a_call_waits_for_the_stage_after_the_furthest_that_is_done(
    stages: dict[str, StageEntry], waits: str
) -> None:
    """A late delivery to an earlier stage does not change whose turn it is."""
    found = waiting_for(entry(stages=stages))

    assert found is not None
    assert waits == found.name


def test_a_new_revision_waits_for_the_stage_it_starts_from() -> None:
    """What came before was done in an earlier revision."""
    assert waiting_for(entry(first="analyze", rank=STATUSES.index("transcribed"))) == ANALYZE


def test_a_call_that_ended_waits_for_nothing() -> None:
    """Completed, or failed wherever it was."""
    failure = {"stage": "embed", "reason": "x", "message": "x", "timestamp": NOW}
    done = {stage.name: DONE for stage in PIPELINE}

    assert waiting_for(entry(rank=len(STATUSES) - 1, stages=done)) is None
    assert waiting_for(entry(failed=failure, stages={"embed": BEGUN})) is None


def test_a_stage_begins_to_count_anew() -> None:
    """How often a call was announced again says nothing about the stage after."""
    swept = entry(swept=Swept(stage="analyze", times=3, fence=1))

    assert [0, 3, 0] == [times_swept(swept, stage) for stage in (TRANSCRIBE, ANALYZE, EMBED)]


def trail(*steps: str) -> StageEntry:
    """Steps such as ``begun a``, a second apart."""
    told = [step.split() for step in steps]
    made = (
        Step.model_validate({"what": what, "at": NOW + timedelta(seconds=n), "by": by})
        for n, (what, by) in enumerate(told)
    )
    return StageEntry(trail=tuple(made))


@pytest.mark.parametrize(
    ("steps", "holder"),
    [
        ((), None),
        (("begun a",), "a"),
        (("begun a", "retried a"), None),
        (("begun a", "retried a", "begun a"), "a"),
        (("begun a", "begun b", "released b"), "a"),
        (("begun a", "begun b"), "b"),
        (("begun a", "begun b", "completed b"), None),
        (("begun a", "begun a", "failed a"), None),
    ],
    ids=str,
)
def test_an_attempt_is_held_until_it_reports_back(steps: tuple[str, ...], holder: str | None) -> None:
    """One who died is believed at work until another ends the stage; one who met a claim holds nothing."""
    held = at_work(trail(*steps))

    assert holder == (held and held.by)
