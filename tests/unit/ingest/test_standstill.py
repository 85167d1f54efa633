"""Which calls stand still for too long, and what is done about them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from common.entry import Entry, StageEntry, Swept
from common.pipeline import TRANSCRIBE
from ingest.standstill import MOST_ANNOUNCEMENTS, Patience, Standstill, judged, stuck
from nouns import KEY

THEN = datetime(2026, 11, 22, 9, tzinfo=UTC)
PATIENCE = Patience(empty=timedelta(minutes=15), busy=timedelta(hours=3))
MINUTE = timedelta(minutes=1)


def entry(times: int = 0, **changes: Any) -> Entry:
    """A call that waits for the transcriber, announced again so often."""
    stages = {"ingest": StageEntry(attempts=1, reported=1, finished_at=THEN)}
    swept = Swept(stage="transcribe", times=times, fence=1) if times else None
    return Entry.model_validate(
        dict(KEY)
        | {"created_at": THEN, "updated_at": THEN, "stages": stages, "swept": swept, "rank": 0}
        | changes
    )


def done(call: Entry, after: timedelta, *busy: str) -> str | None:
    """What is done about a call that has stood still so long."""
    found = judged(call, set(busy), PATIENCE, THEN + after)
    return found.action if found else None


@pytest.mark.parametrize(
    ("after", "busy", "action"),
    [
        (14 * MINUTE, (), None),
        (15 * MINUTE, (), "announced_again"),
        (15 * MINUTE, ("transcribe",), None),
        (15 * MINUTE, ("analyze", "transcribe-dlq"), "announced_again"),
        (180 * MINUTE, ("transcribe",), "announced_again"),
    ],
)
def test_a_queue_that_holds_something_is_waited_for_longer(
    after: timedelta, busy: tuple[str, ...], action: str | None
) -> None:
    """A call may be one of many on its stage's own queue; on an empty one it is certainly not."""
    assert action == done(entry(), after, *busy)


@pytest.mark.parametrize("times", range(MOST_ANNOUNCEMENTS))
def test_each_time_the_patience_doubles(times: int) -> None:
    """A stage that is slow for days gets a handful of messages more, not thousands."""
    long_enough = 15 * MINUTE * 2**times

    assert [None, "announced_again"] == [
        done(entry(times), after) for after in (long_enough - MINUTE, long_enough)
    ]


def test_after_five_times_the_call_is_given_up() -> None:
    """With a reason, and a word of what helps."""
    given_up = judged(entry(MOST_ANNOUNCEMENTS), set(), PATIENCE, THEN + timedelta(hours=8))

    assert given_up is not None
    failure = stuck(given_up, THEN)
    assert ("given_up", "transcribe", "stuck", 5) == (
        given_up.action,
        failure.stage,
        failure.reason,
        failure.retry_count,
    )
    assert failure.message.startswith("asked 5 times, this stage never finished the call")


def test_the_next_stage_has_all_its_chances() -> None:
    """What was needed to get through one stage is not held against the next."""
    through = {
        name: StageEntry(attempts=1, reported=1, finished_at=THEN) for name in ("ingest", "transcribe")
    }

    assert "announced_again" == done(entry(MOST_ANNOUNCEMENTS, stages=through), 15 * MINUTE)


def test_a_call_that_ended_stands_still_in_peace() -> None:
    """However long ago."""
    assert done(entry(rank=6), timedelta(days=365)) is None


def test_each_announcement_counts() -> None:
    """The first one is the first."""
    first = Standstill(entry(), TRANSCRIBE, "announced_again", MINUTE)
    last = Standstill(entry(5), TRANSCRIBE, "given_up", MINUTE)

    assert (1, 5) == (first.times, last.times)
