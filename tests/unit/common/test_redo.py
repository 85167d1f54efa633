"""A part of a call's way is done again: a new revision that rests on what is kept."""

from datetime import UTC, datetime
from typing import Any

import pytest
from common.announcements import Kept
from common.entry import Entry, Failure
from common.errors import Claimed, Permanent
from common.events import CallAnalyzed, CallIngested, CallTranscribed, Event
from common.model import Analysis, Call, CallKey, ObjectRef
from common.pipeline import Stage
from common.redo import Redo, redoable
from fakes import FakeJournal, FakeStore, FakeTranscripts
from nouns import KEY, transcript, work

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
SECOND = CallKey(tenant_id="acme", call_id="c-42", revision=2)
TEXT = ObjectRef(bucket="calls", key="a.json")


class Announced:
    """Notes what is announced to which stage."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Event]] = []

    async def announce(self, event: Event, stage: Stage) -> None:
        self.events.append((stage.name, event))


@pytest.fixture
def announced() -> Announced:
    return Announced()


@pytest.fixture
def journal() -> FakeJournal:
    return FakeJournal()


@pytest.fixture
def entry() -> Entry:
    return Entry(**dict(KEY), rank=6, created_at=NOW, updated_at=NOW)


@pytest.fixture
def redo(announced: Announced, journal: FakeJournal) -> Redo:
    stores: list[Any] = [
        FakeStore(Call(**dict(KEY), transcript=TEXT, created_at=NOW)),
        FakeTranscripts(transcript()),
        FakeStore(Analysis(**dict(KEY), insights=None, prompt_version="v1", work=work("m"))),
    ]
    trusted: Any = journal
    return Redo(trusted, Kept(*stores), announced)


async def test_each_stage_gets_the_event_before_it_in_the_next_revision(
    redo: Redo, entry: Entry, announced: Announced
) -> None:
    """Put together from the documents of the older revision."""
    for stage in ("transcribe", "analyze", "embed"):
        await redo.start(entry, redoable(stage), NOW)
        redo.journal.entries.clear()  # type: ignore[attr-defined] # the fake's own

    said = transcript()
    assert announced.events == [
        ("transcribe", CallIngested(**dict(SECOND), transcript=TEXT)),
        (
            "analyze",
            CallTranscribed(**dict(SECOND), language="en", utterances=len(said.utterances), work=said.work),
        ),
        ("embed", CallAnalyzed(**dict(SECOND), findings=0, verified=0, work=work("m"))),
    ]


async def test_the_new_revision_stands_where_the_old_one_was_before_that_stage(
    redo: Redo, entry: Entry
) -> None:
    """Its status says how far the call has come, and its journal where it starts."""
    opened = await redo.start(entry, redoable("analyze"), NOW)

    assert (2, "transcribed", "analyze") == (opened.revision, opened.status, opened.first)


async def test_the_same_is_not_opened_twice(redo: Redo, entry: Entry, announced: Announced) -> None:
    """Two who ask at once: one of them is told."""
    await redo.start(entry, redoable("analyze"), NOW)

    with pytest.raises(Claimed):
        await redo.start(entry, redoable("analyze"), NOW)
    assert 1 == len(announced.events)


@pytest.mark.parametrize("rank", range(6))
async def test_a_call_on_its_way_is_not_begun_anew(
    redo: Redo, entry: Entry, announced: Announced, journal: FakeJournal, rank: int
) -> None:
    """Two revisions at work at once would be paid for twice."""
    moving = entry.model_copy(update={"rank": rank})

    with pytest.raises(Claimed, match="revision 1 is on its way still"):
        await redo.start(moving, redoable("transcribe"), NOW)
    assert ([], {}) == (announced.events, journal.entries)


async def test_a_failed_call_is_begun_anew_wherever_it_failed(redo: Redo, entry: Entry) -> None:
    """What made it fail is held against its old revision only."""
    failure = Failure(stage="analyze", reason="stuck", message="stood still", timestamp=NOW)
    opened = await redo.start(
        entry.model_copy(update={"rank": 3, "failed": failure}), redoable("analyze"), NOW
    )

    assert ("transcribed", None, 2) == (opened.status, opened.failed, opened.revision)


async def test_what_was_never_kept_cannot_be_built_on(
    redo: Redo, entry: Entry, announced: Announced, journal: FakeJournal
) -> None:
    """Nothing is opened and nothing announced."""
    stranger = entry.model_copy(update={"call_id": "c-43"})

    with pytest.raises(Permanent, match="before embed kept nothing") as refused:
        await redo.start(stranger, redoable("embed"), NOW)
    assert ("not_kept", [], {}) == (refused.value.reason, announced.events, journal.entries)


def test_ingest_is_not_done_again() -> None:
    """It only looks at the recording, and decides which call it is."""
    with pytest.raises(ValueError, match="none of transcribe, analyze, embed"):
        redoable("ingest")
