"""What the door promises a tenant's admins: what the tenant has, and what it uses of what it may."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from access_scene import guarded, known, minted
from common.entry import Failure
from common.model import CallKey
from common.pipeline import INGEST
from door_scene import Door, complete, problem

LIMIT = 1_000_000


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with guarded(upload_bytes_per_day=LIMIT) as door:
        await complete(door.outside)
        yield door


async def test_an_admin_sees_what_the_tenant_has_and_uses(door: Door) -> None:
    """Calls by status, keys that work, today's bytes and what was paid today."""
    outside = door.outside
    header = await known(door, "admins")
    revoked = (await minted(door)).key.key_id
    await outside.security["api_keys"].revoke("default", revoked, outside.now)
    await minted(door, expires_at=outside.now - timedelta(days=1))
    await outside.journal.begin(CallKey(tenant_id="default", call_id="c-2", revision=1), INGEST, outside.now)
    await door.client.post("/api/v1/uploads", json={"filename": "a.wav", "size_bytes": 1000}, headers=header)
    figures = (await door.get("/tenants/default", **header)).json()

    assert {
        "tenant_id": "default",
        "calls": {"uploaded": 1, "completed": 1},
        "keys": 1,
        "uploads": {"bytes_today": 1000, "bytes_per_day": LIMIT},
        "spent_today_usd": figures["spent_today_usd"],
    } == figures
    assert figures["spent_today_usd"] >= 0


async def test_a_call_counts_once_and_by_its_newest_revision(door: Door) -> None:
    """A redone call is on its way again; one that was erased is none."""
    header = await known(door, "admins")
    await door.client.post("/api/v1/calls/c-1/redo", params={"from": "embed"}, headers=header)
    redone = (await door.get("/tenants/default", **header)).json()["calls"]
    await door.client.delete("/api/v1/calls/c-1", headers=header)
    erased = (await door.get("/tenants/default", **header)).json()["calls"]

    assert 1 == sum(redone.values())
    assert "completed" not in redone
    assert {} == erased


async def test_a_failed_call_is_counted_as_such(door: Door) -> None:
    """Wherever it failed."""
    outside, key = door.outside, CallKey(tenant_id="default", call_id="c-2", revision=1)
    await outside.journal.begin(key, INGEST, outside.now)
    failure = Failure(stage="ingest", reason="too_large", message="too large", timestamp=outside.now)
    await outside.journal.fail(key, INGEST, outside.now, failure, final=True)

    figures = (await door.get("/tenants/default", **await known(door, "admins"))).json()
    assert {"completed": 1, "failed": 1} == figures["calls"]


async def test_bytes_that_are_not_limited_are_not_counted() -> None:
    """And are not told as none."""
    async with guarded(upload_bytes_per_day=0) as door:
        figures = (await door.get("/tenants/default", **await known(door, "admins"))).json()

    assert {"bytes_today": None, "bytes_per_day": None} == figures["uploads"]


async def test_another_tenant_is_not_there(door: Door) -> None:
    """Nor is one that does not exist: the same words."""
    header = await known(door, "admins", "globex")
    answers = [await door.get(f"/tenants/{name}", **header) for name in ("default", "nobody")]

    assert [404, 404] == [problem(answer)[0] for answer in answers]
    assert answers[0].content == answers[1].content
