"""What the HTTP door promises of values beyond all bounds: no database ever sees them."""

import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
from door_scene import Door, complete, opened, problem
from ingest.api.cursors import _encoded, cursor_at
from ingest.costs import CostQuery
from ingest_scene import Outside, door_settings

LARGE = 2**63  # the first integer that BSON does not hold
FIRST, LAST = "0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00"  # no UTC instants for datetime
SPENT = CostQuery(
    tenant_id="default", since=date(2026, 11, 1), until=date(2026, 11, 2), by=("day", "model")
).model_dump_json()
DAYS = [f"{bound}={day}" for bound in ("since", "until") for day in ("0001-01-15", "9999-12-31")]


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with opened(Outside(door_settings())) as door:
        await complete(door.outside)
        yield door


def listed_after(at: str) -> str:
    return f"/calls?cursor={_encoded(f'{at} c-1:1')}"


def on_record_after(at: str) -> str:
    return f"/audit?cursor={cursor_at({'at': at, 'id': 'x'}, 'audit default None')}"


def spent_after(place: Any) -> str:
    return f"/costs?since=2026-11-01&until=2026-11-02&by=day&by=model&cursor={cursor_at(place, SPENT)}"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        *((f"/calls/c-1{part}?revision={LARGE}", 422) for part in ("", "/transcript", "/metrics", "/peaks")),
        *((f"/{route}?since={FIRST}", 422) for route in ("calls", "insights", "findings")),
        *((f"/{route}?until={LAST}", 422) for route in ("calls", "insights", "findings")),
        *((f"/costs?{bound}", 422) for bound in DAYS),
        *(
            (place(at), 400)
            for place in (listed_after, on_record_after)
            for at in (LAST, "0001-01-01T00:00Z")
        ),
        *((spent_after(place), 400) for place in (5, ["a"], ["a", 2], [2**70, "b"], [{"$regex": "("}, "b"])),
        (spent_after(["a", "b"]), 200),
    ],
)
async def test_no_value_is_too_large_to_be_refused(door: Door, path: str, status: int) -> None:
    """A problem that names the field, or the cursor, and no fault of ours."""
    answer = await door.get(path)

    assert status == (200 if answer.status_code == 200 else problem(answer)[0])


METADATA: list[tuple[dict[str, Any], str]] = [
    ({"started_at": "0001-01-01T00:00:00+14:00"}, "started_at"),
    ({"started_at": "9999-12-31T23:59:59"}, "started_at"),
    ({"extra": {"a\0": "b"}}, "extra"),
    ({"extra": {"": "b"}}, "extra"),
    ({"extra": {"a": "b" * 1001}}, "extra"),
    ({"extra": {str(n): "b" for n in range(51)}}, "extra"),
]


@pytest.mark.parametrize(("told", "field"), METADATA)
async def test_metadata_that_cannot_be_kept_are_refused_by_name(
    door: Door, told: dict[str, Any], field: str
) -> None:
    """In one piece and in parts; nothing of it is left anywhere."""
    form = {name: json.dumps(value) if name == "extra" else value for name, value in told.items()}
    answers = [
        await door.hand_in(fields=form),
        await door.client.post("/api/v1/uploads", json={"filename": "a.wav", "size_bytes": 9} | told),
    ]

    assert [400, 422] == [problem(answer)[0] for answer in answers]
    assert [True, True] == [field in answer.json()["errors"][0]["field"] for answer in answers]
    assert ({}, {}) == (door.outside.bucket.objects, door.outside.parts.open)


async def test_names_with_dollars_and_dots_are_names(door: Door) -> None:
    """They mean nothing to us, and are given back as they came."""
    extra = {"$where": "1", "a.b": "2"}
    call_id = (await door.hand_in(fields={"extra": json.dumps(extra)})).json()["call_id"]

    assert extra == (await door.call(call_id))["metadata"]["extra"]
