"""What the door promises those who answer for it: a row for whatever was read, asked or changed."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from access_scene import guarded, known, minted
from common.errors import Transient
from door_scene import Door, complete, problem
from pymongo.errors import AutoReconnect


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with guarded() as door:
        await complete(door.outside)
        yield door


async def rows(door: Door) -> list[dict[str, Any]]:
    return [row async for row in door.outside.rows["audit"].find({}, None, sort=[("$natural", 1)])]


def through(*filters: str, calls: int = 0, format: str | None = None) -> dict[str, Any]:  # noqa: A002 - its name on the wire
    return {"filters": list(filters), "calls": calls, "format": format}


THROUGH: dict[str, dict[str, Any]] = {"export": through(format="json"), "search": through(), "ask": through()}
ASKED: dict[str, tuple[str, str, dict[str, Any], str | None]] = {
    "call.read": ("GET", "/calls/c-1", {}, "c-1"),
    "transcript.read": ("GET", "/calls/c-1/transcript", {}, "c-1"),
    "recording.read": ("GET", "/calls/c-1/recording", {}, "c-1"),
    "redo": ("POST", "/calls/c-1/redo?from=embed", {}, "c-1"),
    "erase": ("DELETE", "/calls/c-1", {}, "c-1"),
    "export": ("GET", "/findings", {}, None),
    "search": ("GET", "/search?q=slow", {}, None),
    "ask": ("POST", "/ask", {"json": {"question": "What is slow?"}}, None),
    "keys.list": ("GET", "/keys", {}, None),
    "keys.create": ("POST", "/keys", {"json": {"label": "x", "role": "users"}}, None),
    "keys.revoke": ("DELETE", "/keys/0123456789abcdef", {}, "0123456789abcdef"),
    "audit.read": ("GET", "/audit", {}, None),
}


@pytest.mark.parametrize("action", ASKED)
async def test_a_row_says_who_asked_for_what_and_when(door: Door, action: str) -> None:
    """Ids alone: no question, no label, no name, no address."""
    method, path, more, what = ASKED[action]
    key = await minted(door, "admins")
    await door.client.request(
        method, f"/api/v1{path}", headers={"Authorization": f"Bearer {key.text}"}, **more
    )

    (row,) = await rows(door)
    what = row["what"] if action == "keys.create" else what
    assert {
        "_id": row["_id"],
        "at": door.outside.now,
        "forgotten_at": door.outside.now + timedelta(days=400),
        "tenant_id": "default",
        "who": f"key:{key.key.key_id}",
        "via": "key",
        "action": action,
        "what": what,
        "through": THROUGH.get(action),
    } == row


LOOKED_THROUGH: dict[str, tuple[dict[str, Any] | None, str | None]] = {
    "/search?q=slow&agent=Dana&since=2026-11-01&limit=3": (through("agent", "since"), None),
    "/insights?agent=Dana": (through("agent"), None),
    "/search?q=slow&call_id=c-1": (through("call_id", calls=1), "c-1"),
    "/search?q=slow&call_id=<b>": (through("call_id", calls=1), None),
    "/findings?type=objection&call_id=c-1&call_id=c-2": (
        through("call_id", "type", calls=2, format="json"),
        None,
    ),
    "/findings?type=objection&format=csv": (through("type", format="csv"), None),
    "/costs?since=2026-11-01&by=day&format=csv": (through("since", format="csv"), None),
    "/calls/c-1/similar": (None, "c-1"),
}


@pytest.mark.parametrize("path", LOOKED_THROUGH)
async def test_what_was_looked_through_is_on_record(door: Door, path: str) -> None:
    """The filters' names, how many calls were named, the format: no word of what was looked for."""
    await door.get(path, **await known(door, "admins"))

    (row,) = await rows(door)
    assert LOOKED_THROUGH[path] == (row["through"], row["what"])


@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [
        ({"agents": ["Dana"], "since": "2026-11-01"}, (through("agents", "since"), None)),
        ({"call_ids": ["c-1"], "stream": True}, (through("call_ids", calls=1), "c-1")),
        ({"call_ids": ["c-1", "c-2"]}, (through("call_ids", calls=2), None)),
    ],
)
async def test_what_a_question_looked_through_is_on_record(
    door: Door, narrowed: dict[str, Any], expected: tuple[dict[str, Any], str | None]
) -> None:
    """As of searches: a question that names one call is on that call's record."""
    body = {"question": "What is slow?", **narrowed}
    await door.client.post("/api/v1/ask", json=body, headers=await known(door, "admins"))

    (row,) = await rows(door)
    assert expected == (row["through"], row["what"])
    assert "slow" not in str(row)


async def test_a_row_of_before_has_nothing_to_tell_of_it(door: Door) -> None:
    """Rows are kept for years: what they lack is null."""
    header = await known(door, "admins")
    await door.get("/search?q=slow", **header)
    await door.outside.rows["audit"].update_one({}, {"$unset": {"through": ""}})
    door.outside.now += timedelta(seconds=1)

    told = (await door.get("/audit", **header)).json()["rows"]
    assert [("audit.read", None), ("search", None)] == [(row["action"], row["through"]) for row in told]


async def test_a_new_key_is_on_record_by_its_id(door: Door) -> None:
    """So that what it does later can be told to come of it."""
    made = await door.client.post(
        "/api/v1/keys", json={"label": "x", "role": "users"}, headers=await known(door, "admins")
    )

    assert [made.json()["key_id"]] == [row["what"] for row in await rows(door)]


async def test_a_sheet_of_costs_is_an_export(door: Door) -> None:
    """On record as any other; looking at costs on the page is not."""
    header = await known(door, "admins")
    await door.get("/costs", **header)
    await door.get("/costs?format=csv", **header)
    await door.get("/costs", **header, Accept="text/csv")

    assert ["export", "export"] == [row["action"] for row in await rows(door)]


async def test_what_cannot_be_written_down_is_not_done(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """503, and no answer."""

    async def away(_row: dict[str, Any]) -> None:
        raise AutoReconnect("gone")

    header = await known(door, "admins")
    monkeypatch.setattr(door.outside.rows["audit"], "insert_one", away)
    read = await door.get("/calls/c-1/transcript", **header)
    redone = await door.client.post("/api/v1/calls/c-1/redo?from=embed", headers=header)

    assert [503, 503] == [problem(answer)[0] for answer in (read, redone)]
    assert "slow" not in read.text
    entry = await door.outside.journal.find("default", "c-1")
    assert entry is not None
    assert 1 == entry.revision
    assert Transient.default_reason == read.json()["reason"]


async def test_what_was_refused_is_no_deed(door: Door) -> None:
    """Whoever may not, did not; and a path of a stranger's is not written down."""
    header = await known(door, "users")
    await door.client.post("/api/v1/calls/c-1/redo?from=embed", headers=header)
    await door.get("/calls/c-1")
    await door.get("/calls/<b>c-1", **header)

    assert [("call.read", None)] == [(row["action"], row["what"]) for row in await rows(door)]


async def test_an_admin_reads_the_tenants_rows_page_by_page(door: Door) -> None:
    """Newest first, each once; those of another tenant are not among them."""
    header, other = await known(door, "admins"), await known(door, "admins", "globex")
    for call in ("c-1", "c-2", "c-1"):
        await door.get(f"/calls/{call}", **header)
    await door.get("/calls/c-1", **other)
    about = await door.get("/audit?call_id=c-1", **header)
    first = (await door.get("/audit?limit=3", **header)).json()
    second = (await door.get(f"/audit?limit=3&cursor={first['next']}", **header)).json()
    changed = await door.get(f"/audit?call_id=c-1&cursor={first['next']}", **header)

    pages = [row["id"] for page in (first, second) for row in page["rows"]]
    assert 2 == len(about.json()["rows"])
    assert (3, len(set(pages))) == (len(first["rows"]), len(pages))
    assert 400 == problem(changed)[0]
    assert {"default"} == {row["tenant_id"] for row in first["rows"]}


async def test_only_admins_read_it(door: Door) -> None:
    """403 for everybody else."""
    answers = [
        await door.get("/audit", **await known(door, role)) for role in ("users", "analysts", "admins")
    ]

    assert [403, 403, 200] == [answer.status_code for answer in answers]
