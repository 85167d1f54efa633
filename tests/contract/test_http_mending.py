"""What the HTTP door promises whoever mends: a redo, and what is wrong with what it depends on."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from common.ctl.findings import Finding, ok, wrong
from common.journal import Failure
from common.pipeline import ANALYZE, INGEST, TRANSCRIBE
from door_scene import Door, opened
from ingest_scene import NOW, Outside, door_settings
from nouns import KEY, transcript

OURS = KEY.model_copy(update={"tenant_id": "default"})
REFUSED = Failure(stage="analyze", reason="provider_refused", message="refused", timestamp=NOW)
GOOD: list[Finding] = [ok("mongodb", "version 8")]
BAD: list[Finding] = [*GOOD, wrong("redis", "does not answer", "check REDIS_ENDPOINT and the network")]


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    outside = Outside(door_settings())
    await outside.journal.begin(OURS, INGEST, NOW)
    await outside.journal.finish(OURS, INGEST, NOW, 1.0, None)
    await outside.journal.finish(OURS, TRANSCRIBE, NOW, 1.0, None)
    await outside.journal.fail(OURS, ANALYZE, NOW, REFUSED, final=True)
    await outside.transcripts.keep(transcript(OURS))
    async with opened(outside) as door:
        yield door


async def test_a_call_is_done_again_from_a_stage_on(door: Door) -> None:
    """202, and where the new revision is told; the old one stays."""
    answer = await door.client.post("/api/v1/calls/c-42/redo?from=analyze")

    assert (202, {"call_id": "c-42", "revision": 2, "status": "transcribed"}) == (
        answer.status_code,
        answer.json(),
    )
    assert "/api/v1/calls/c-42?revision=2" == answer.headers["Location"]
    revisions = [(await door.get(f"/calls/c-42{which}")).json() for which in ("", "?revision=1")]
    assert [2, 1] == [one["revision"] for one in revisions]
    assert revisions[0]["transcript"]["revision"] == 1


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("c-42/redo?from=embed", 409),
        ("c-43/redo?from=analyze", 404),
        ("c-42/redo?from=ingest", 422),
        ("c-42/redo", 422),
    ],
)
async def test_what_cannot_be_done_again_is_refused(door: Door, path: str, status: int) -> None:
    """Nothing kept to start from, no such call, no such stage."""
    answer = await door.client.post(f"/api/v1/calls/{path}")

    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert 1 == (await door.call("c-42"))["revision"]


async def test_the_same_is_not_done_twice_at_once(door: Door) -> None:
    """Whoever asks again is told that the call is on its way; nothing more is opened or paid."""
    await door.client.post("/api/v1/calls/c-42/redo?from=analyze")
    again = await door.client.post("/api/v1/calls/c-42/redo?from=analyze")

    assert (409, "claimed") == (again.status_code, again.json()["reason"])
    assert "is on its way" in again.json()["detail"]
    assert 2 == (await door.call("c-42"))["revision"]


async def test_a_queue_that_is_down_loses_no_redo(door: Door) -> None:
    """503; the revision is there, and the sweeper announces what stands still."""
    door.hears_nothing()
    answer = await door.client.post("/api/v1/calls/c-42/redo?from=analyze")

    assert (503, 2) == (answer.status_code, (await door.call("c-42"))["revision"])


async def test_detailed_health_tells_what_is_wrong(door: Door) -> None:
    """200 whatever is found: it is a page to read, no probe."""
    door.outside.findings = BAD
    answer = await door.get("/health/detailed")

    assert (200, "failing", "no-store") == (
        answer.status_code,
        answer.json()["status"],
        answer.headers["Cache-Control"],
    )
    assert [finding.model_dump() for finding in BAD] == answer.json()["checks"]


async def test_many_who_ask_cost_one_examination(door: Door) -> None:
    """For ten seconds; then it is looked again."""
    door.outside.findings = GOOD
    answers = [await door.get("/health/detailed") for _ in range(5)]
    once = door.outside.examinations
    door.outside.now += timedelta(seconds=10)
    await door.get("/health/detailed")

    assert (1, 2) == (once, door.outside.examinations)
    assert ["ok"] * 5 == [answer.json()["status"] for answer in answers]
