"""Two tenants with the same data: figures, quota, recordings and questions are each one's own."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from access_scene import guarded, known
from common.model import CallKey, Work
from common.pipeline import ANALYZE, EMBED, INGEST, PIPELINE, TRANSCRIBE, Stage
from common.vectors import Embedded
from door_fakes import FakeCache
from door_scene import Door
from ingest.questions import Questions
from ingest.standings import Standings
from ingest_scene import NOW, Outside, door_settings, wav
from nouns import reopen

TENANTS = ("acme", "globex")
RECORDING = wav(0.2)
LIMIT = len(RECORDING) * 3 // 2  # of bytes a day: room for one recording


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with guarded(upload_bytes_per_day=LIMIT) as door:
        yield door


@pytest.fixture
def outside() -> Outside:
    return Outside(door_settings())


async def came(
    outside: Outside, tenant: str, call_id: str, *stages: Stage, doing: Stage | None = None
) -> CallKey:
    """A tenant's call that has been through these stages, and is being worked on by another."""
    key = CallKey(tenant_id=tenant, call_id=call_id)
    for stage in stages:
        await outside.journal.begin(key, stage, NOW)
        await outside.journal.finish(key, stage, NOW, 1.0, None)
    if doing:
        await outside.journal.begin(key, doing, NOW)
    return key


async def figures(door: Door, tenant: str) -> Any:
    answer = await door.get(f"/tenants/{tenant}", **await known(door, "admins", tenant))
    assert 200 == answer.status_code
    return answer.json()


async def in_parts(door: Door, header: dict[str, str]) -> httpx.Response:
    """Hand the recording in, in one part."""
    asked = {"filename": "call.wav", "size_bytes": len(RECORDING)}
    announced = await door.client.post("/api/v1/uploads", json=asked, headers=header)
    if announced.is_error:
        return announced
    upload = announced.json()
    storage_id = httpx.URL(upload["parts"][0]["url"]).path.removeprefix("/")
    etag = door.outside.parts.send(storage_id, 1, RECORDING)
    path = f"/api/v1/uploads/{upload['upload_id']}/complete"
    return await door.client.post(path, json={"parts": [{"number": 1, "etag": f'"{etag}"'}]}, headers=header)


async def test_calls_are_counted_for_their_tenant(door: Door) -> None:
    """Though another's have the same ids, and have come to other places."""
    await came(door.outside, "acme", "c-1", *PIPELINE)
    await came(door.outside, "globex", "c-1", INGEST, doing=TRANSCRIBE)
    await came(door.outside, "globex", "c-2", *PIPELINE)

    counted = [(await figures(door, tenant))["calls"] for tenant in TENANTS]
    assert [{"completed": 1}, {"transcribing": 1, "completed": 1}] == counted


async def test_a_status_is_told_of_ones_own_calls(outside: Outside) -> None:
    """Whatever the same id is to another tenant: neither their chunks nor their revisions are looked at."""
    await came(outside, "acme", "c-1", INGEST, TRANSCRIBE, ANALYZE, doing=EMBED)
    redone = await came(outside, "globex", "c-1", *PIPELINE)
    await reopen(outside.journal, redone, TRANSCRIBE, 1, NOW)
    await came(outside, "acme", "c-2", INGEST, doing=TRANSCRIBE)
    await came(outside, "globex", "c-2", INGEST, TRANSCRIBE, ANALYZE, doing=EMBED)

    standings = Standings(outside.rows["journal"])
    told = [await standings.unsettled(tenant) for tenant in TENANTS]
    assert [{"c-1": "embedding"}, {"c-1": "transcribing", "c-2": "embedding"}] == told


async def test_what_one_hands_in_leaves_anothers_day_as_it_was(door: Door) -> None:
    """The quota is each one's own, and so are the bytes of today."""
    headers = [await known(door, "admins", tenant) for tenant in TENANTS]
    answers = [(await in_parts(door, header)).status_code for header in (*headers, headers[0])]

    assert [201, 201, 429] == answers
    assert [len(RECORDING)] * 2 == [
        (await figures(door, tenant))["uploads"]["bytes_today"] for tenant in TENANTS
    ]


async def test_the_same_recording_is_a_call_of_each() -> None:
    """Nobody learns that another has it, nor gets the other's call for it."""
    async with guarded() as door:
        headers = [await known(door, "admins", tenant) for tenant in TENANTS]
        first, second = [await in_parts(door, header) for header in headers]
        again = [(await in_parts(door, header)).json()["call_id"] for header in headers]
        calls = [each.json()["call_id"] for each in (first, second)]

    assert [201, 201] == [first.status_code, second.status_code]
    assert 2 == len(set(calls))
    assert calls == again


@dataclass
class Counting:
    """Every text it is asked for is another direction."""

    asked: list[str] = field(default_factory=list)

    async def embed(self, texts: list[str]) -> Embedded:
        self.asked += texts
        return Embedded(((float(len(self.asked)), 0.0),), Work(provider="fake", model="fake", cost_usd=0.1))


async def test_a_question_is_remembered_for_whoever_asked_it() -> None:
    """How quick an answer is, and what it cost, tells nobody what others ask."""
    cache: Any = FakeCache()
    embedder = Counting()
    questions = Questions(embedder, cache, "any")
    told = [await questions.embedded(tenant, "why?") for tenant in TENANTS * 2]

    assert ["why?"] * 2 == embedder.asked
    assert [1.0, 2.0, 1.0, 2.0] == [each.vectors[0][0] for each in told]
    assert [0.1, 0.1, 0.0, 0.0] == [each.work.cost_usd for each in told]
