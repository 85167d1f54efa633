"""A call followed over HTTP: server-sent events from its journal."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from common.pipeline import ANALYZE, EMBED, INGEST, TRANSCRIBE
from door_scene import KEY, WORK, Door, complete, opened, problem
from ingest_scene import NOW, Outside, door_settings
from nouns import reopen
from waiting import until


def events(answer: httpx.Response) -> list[dict[str, str]]:
    """The events of a stream, comments left out."""
    assert 200 == answer.status_code
    assert answer.headers["content-type"].startswith("text/event-stream")
    blocks = [block.split("\n") for block in answer.text.strip().split("\n\n")]
    return [dict(line.split(": ", 1) for line in block) for block in blocks if block[0].startswith("event")]


async def looked_on(door: Door) -> None:
    async def watched() -> bool:
        return bool(door.outside.watching._calls)

    await until(watched, 5, what="somebody looks on")


async def test_a_settled_call_is_told_and_ended(door: Door) -> None:
    """The event is the call's summary and journal as the call itself has them."""
    await complete(door.outside)
    call, last = events(await door.get("/calls/c-1/events"))
    told, known = json.loads(call["data"]), await door.call("c-1")

    assert (call["event"], last["event"], last["id"]) == ("call", "end", "1.end")
    assert call["id"].startswith("1.")
    assert {name: known[name] for name in told} == told
    assert ["ingest", "transcribe", "analyze", "embed"] == list(told["journal"])


async def test_every_change_is_told_while_it_happens(door: Door) -> None:
    """Each status once, in order, ending when the call is settled."""
    journal = door.outside.journal
    await journal.begin(KEY, INGEST, NOW)
    following = asyncio.create_task(door.get("/calls/c-1/events"))
    await looked_on(door)
    seen = door.outside.watching._calls["default", "c-1"]
    for stage in (INGEST, TRANSCRIBE, ANALYZE, EMBED):
        entry = await journal.finish(KEY, stage, NOW, 1.0, WORK)

        async def told(rank: int = entry.rank) -> bool:
            return bool(seen._entry and seen._entry.rank == rank)

        await until(told, 5, what=f"{entry.status} is seen")
    *calls, last = events(await following)
    statuses = [json.loads(each["data"])["status"] for each in calls]

    assert ["uploaded", "transcribed", "analyzed", "completed"] == statuses
    assert "end" == last["event"]


async def test_who_comes_back_is_told_nothing_twice(door: Door) -> None:
    """With the id of the newest event only the end is told; after the end, 204 says to stay away."""
    await complete(door.outside)
    call, last = events(await door.get("/calls/c-1/events"))
    again = events(await door.get("/calls/c-1/events", **{"Last-Event-ID": call["id"]}))
    older = events(await door.get("/calls/c-1/events", **{"Last-Event-ID": "1.1"}))
    over = await door.get("/calls/c-1/events", **{"Last-Event-ID": last["id"]})

    assert ([last], [call, last], 204) == (again, older, over.status_code)


async def test_a_new_revision_is_followed_though_an_older_one_had_ended(door: Door) -> None:
    """A redo begins a new stream of events."""
    await complete(door.outside)
    await reopen(door.outside.journal, KEY, EMBED, 5, NOW)
    following = asyncio.create_task(door.get("/calls/c-1/events", **{"Last-Event-ID": "1.end"}))
    await looked_on(door)
    await door.outside.journal.finish(KEY.model_copy(update={"revision": 2}), EMBED, NOW, 1.0, WORK)

    *_, call, last = events(await following)
    assert (2, "completed") == (json.loads(call["data"])["revision"], json.loads(call["data"])["status"])
    assert "2.end" == last["id"]


async def test_an_unknown_call_is_404_before_any_event(door: Door) -> None:
    """As everywhere."""
    assert 404 == problem(await door.get("/calls/c-404/events"))[0]


async def test_a_call_that_is_erased_ends_its_stream(door: Door) -> None:
    """Nobody waits for what will never come."""
    await door.outside.journal.begin(KEY, INGEST, NOW)
    following = asyncio.create_task(door.get("/calls/c-1/events"))
    await looked_on(door)
    door.outside.rows["journal"].forget()

    assert "end" == events(await following)[-1]["event"]


async def test_streams_are_bounded_for_each_client() -> None:
    """429 names the setting; one that ended makes room."""
    outside = Outside(door_settings(event_streams_each=1))
    async with opened(outside) as door:
        await outside.journal.begin(KEY, INGEST, NOW)
        following = asyncio.create_task(door.get("/calls/c-1/events"))
        await looked_on(door)
        refused = await door.get("/calls/c-1/events")
        await complete(outside)
        await following
        after: Any = await door.get("/calls/c-1/events")

    assert 429 == problem(refused)[0]
    assert "EVENT_STREAMS_EACH" in problem(refused)[1]
    assert int(refused.headers["retry-after"]) > 0
    assert "end" == events(after)[-1]["event"]


async def test_a_stream_ends_after_a_while_and_is_gone_on_with(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes back is asked again who they are; nothing is told twice, and no end is told."""
    monkeypatch.setattr("ingest.api.events.HELD", 0.05)
    await door.outside.journal.begin(KEY, INGEST, NOW)
    (first,) = events(await door.get("/calls/c-1/events"))
    again = events(await door.get("/calls/c-1/events", **{"Last-Event-ID": first["id"]}))

    assert ("call", []) == (first["event"], again)
