"""Four stages in a line."""

import pytest
from common.events import EVENTS
from common.pipeline import EMBED, INGEST, PIPELINE, STATUSES, Stage, dead_letter_name, next_stage

every_stage = pytest.mark.parametrize("stage", PIPELINE, ids=lambda stage: stage.name)


def test_what_a_stage_announces_the_next_one_takes() -> None:
    """Read in order, each event leads to the next stage, and the last leads nowhere."""
    assert [*PIPELINE[1:], None] == [next_stage(stage) for stage in PIPELINE]


def test_the_line_starts_at_ingest_and_ends_at_embed() -> None:
    """Nothing is announced at the end."""
    assert (INGEST, EMBED, None) == (PIPELINE[0], PIPELINE[-1], PIPELINE[-1].announces)


@every_stage
def test_a_status_only_moves_right(stage: Stage) -> None:
    """Doing comes before done, and both are known."""
    assert STATUSES.index(stage.doing) <= STATUSES.index(stage.done)


def test_stages_follow_one_another_in_status_too() -> None:
    """One stage is done before the next begins."""
    done = [STATUSES.index(stage.done) for stage in PIPELINE]
    doing = [STATUSES.index(stage.doing) for stage in PIPELINE]

    assert all(before < after for before, after in zip(done, doing[1:], strict=False))
    assert ("uploaded", "completed") == (STATUSES[0], PIPELINE[-1].done)


@every_stage
def test_a_stage_takes_a_known_event(stage: Stage) -> None:
    """Every event that travels has a schema."""
    assert {stage.consumes} | ({stage.announces} if stage.announces else set()) <= set(EVENTS)


def test_names_are_used_once() -> None:
    """No two stages share a queue or a service."""
    assert (
        len(PIPELINE) == len({stage.name for stage in PIPELINE}) == len({stage.service for stage in PIPELINE})
    )


def test_a_dead_letter_queue_is_named_after_its_queue() -> None:
    """``<queue>-dlq``."""
    assert "transcribe-dlq" == dead_letter_name("transcribe")
