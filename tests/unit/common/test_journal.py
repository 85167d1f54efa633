"""What a journal says of a call: its status, its cost, and the queries of a list."""

from datetime import UTC, datetime, timedelta

import pytest
from common.events import CallAnalyzed
from common.journal import Entry, Failure, Page, StageEntry, _between, _having_status, _older_than, work_of
from common.pipeline import STATUSES
from nouns import KEY, work

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
FAILURE = Failure(stage="analyze", reason="provider_refused", message="refused", timestamp=NOW)


def entry(**changes: object) -> Entry:
    return Entry.model_validate(dict(KEY) | {"created_at": NOW, "updated_at": NOW} | changes)


@pytest.mark.parametrize("status", STATUSES)
def test_a_rank_is_a_status(status: str) -> None:
    """The number in the database is the place in the line."""
    assert status == entry(rank=STATUSES.index(status)).status


def test_a_failed_call_is_failed_wherever_it_got_to() -> None:
    """``failed`` stands beside the line, and the rank stays."""
    assert "failed" == entry(rank=3, failed=FAILURE).status


def test_a_call_costs_what_its_stages_cost() -> None:
    """Added up; a stage without a known price adds nothing."""
    stages = {
        "transcribe": StageEntry(cost_usd=0.0015),
        "analyze": StageEntry(cost_usd=0.00031),
        "embed": StageEntry(),
    }

    assert 0.00181 == entry(stages=stages).cost_usd


def test_the_work_of_a_stage_is_what_its_event_says() -> None:
    """The journal learns the price from what was kept, so that a repeat writes the same figures."""
    paid = work("gpt-6-luna", cost_usd=0.0003)

    assert paid == work_of(CallAnalyzed(**dict(KEY), findings=1, verified=1, work=paid))
    assert work_of(None) is None


@pytest.mark.parametrize(
    ("status", "query"),
    [
        (None, []),
        ("failed", [{"failed": {"$ne": None}}]),
        ("completed", [{"rank": 6}, {"failed": None}]),
        ("uploaded", [{"rank": 0}, {"failed": None}]),
    ],
)
def test_a_status_is_asked_for(status: str | None, query: list[dict[str, object]]) -> None:
    """A failed call is not listed under the status it reached."""
    assert query == _having_status(status)


def test_a_period_includes_its_start_and_not_its_end() -> None:
    """Two periods that touch list no call twice."""
    later = NOW + timedelta(hours=1)

    assert [] == _between(None, None)
    assert [{"created_at": {"$gte": NOW}}] == _between(NOW, None)
    assert [{"created_at": {"$gte": NOW, "$lt": later}}] == _between(NOW, later)


def test_a_page_goes_on_after_the_last_one() -> None:
    """Older, or of the same instant with a smaller id."""
    same = {"created_at": NOW, "_id": {"$lt": "c-42:1"}}

    assert [] == _older_than(None)
    assert [{"$or": [{"created_at": {"$lt": NOW}}, same]}] == _older_than(Page(NOW, "c-42:1"))
