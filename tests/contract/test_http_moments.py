"""How instants and days are named to the door."""

from datetime import UTC, datetime
from typing import Any

import pytest
from common.model import CallKey
from common.pipeline import INGEST
from door_scene import Door, problem
from ingest.api.moments import DAY, MOMENT

INSTANTS = ["/calls?", "/findings?", "/insights?", "/search?q=slow&"]
BAD = ["yesterday", "2026", "1793491200", "2026-11-01T09:30:00", "2026-13-01", "01.11.2026", ""]


def fault(answer: Any) -> tuple[int, list[dict[str, str]]]:
    return problem(answer)[0], answer.json()["errors"]


@pytest.mark.parametrize("path", INSTANTS)
@pytest.mark.parametrize("text", BAD)
async def test_what_is_no_time_is_told_how_to_be_one(door: Door, path: str, text: str) -> None:
    """One sentence with an example, wherever there is a ``since`` or an ``until``."""
    for name in ("since", "until"):
        answer = await door.get(f"{path}{name}={text}")
        assert (422, [{"field": f"query.{name}", "message": MOMENT}]) == fault(answer)


@pytest.mark.parametrize("text", [*BAD, "2026-11-01T00:00:00Z"])
async def test_what_is_no_day_is_told_how_to_be_one(door: Door, text: str) -> None:
    """Costs are of days."""
    for name in ("since", "until"):
        answer = await door.get(f"/costs?{name}={text}")
        assert (422, [{"field": f"query.{name}", "message": DAY}]) == fault(answer)


async def test_a_question_is_told_the_same(door: Door) -> None:
    """In its body, where a number is no time either."""
    answers = [
        await door.client.post("/api/v1/ask", json={"question": "Why?", "since": since})
        for since in ("yesterday", 1793491200)
    ]

    assert [(422, [{"field": "body.since", "message": MOMENT}])] * 2 == [fault(each) for each in answers]


async def test_when_a_call_began_is_told_the_same(door: Door) -> None:
    """In a form and in a body; a form's fields have been 400 before."""
    whole = await door.hand_in(fields={"started_at": "yesterday"})
    announced = {"filename": "a.wav", "size_bytes": 1, "started_at": "yesterday"}
    parts = await door.client.post("/api/v1/uploads", json=announced)

    assert (400, [{"field": "body.started_at", "message": MOMENT}]) == fault(whole)
    assert (422, [{"field": "body.started_at", "message": MOMENT}]) == fault(parts)


async def test_a_day_is_its_midnight_in_utc(door: Door) -> None:
    """The first instant is of the day, the last of the one before."""
    for n, at in enumerate([datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 10, 31, 23, 59, tzinfo=UTC)]):
        await door.outside.journal.expect(CallKey(tenant_id="default", call_id=f"c-{n}"), INGEST, at)

    listed = {
        text: [call["call_id"] for call in (await door.get(f"/calls?{text}")).json()["calls"]]
        for text in ("since=2026-11-01", "until=2026-11-01", "since=2026-11-01T00:00:00Z")
    }

    assert {
        "since=2026-11-01": ["c-0"],
        "until=2026-11-01": ["c-1"],
        "since=2026-11-01T00:00:00Z": ["c-0"],
    } == listed


async def test_searches_take_days(door: Door) -> None:
    """The same instant, however it is written."""
    for since in ("2026-11-01", "2026-11-01T01:00:00%2B01:00"):
        await door.get(f"/search?q=slow&since={since}")
    await door.client.post("/api/v1/ask", json={"question": "Why?", "since": "2026-11-01"})

    asked = [query.filters.since for query in door.outside.index.asked]
    assert [datetime(2026, 11, 1, tzinfo=UTC)] * 3 == asked
