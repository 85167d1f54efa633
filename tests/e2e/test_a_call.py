"""Hand in a recording, find what was said."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from audio_files import write_silence
from backstage import ONE_OF_EACH, Backstage
from onebox.door import Door
from onebox.expectations import sample, shortcomings
from onebox.stack import Stack
from waiting import until, until_terminal

pytestmark = pytest.mark.asyncio(loop_scope="session")

MINUTES = 180.0  # seconds; real speech recognition on a busy machine


async def test_a_call_handed_in_is_found_by_what_was_said_in_it_at_its_time(door: Door) -> None:
    """A recording becomes a transcript, checked insights, and a place in the search results."""
    expected = sample("product_demo")

    call = await until_terminal(door, await door.hand_in(expected.recording), MINUTES)

    assert [] == shortcomings(call, expected)
    phrase = expected.script["phrases"][0]
    best = (await door.search(phrase["text"]))[0]
    assert call["call_id"] == best["call_id"]
    assert best["start_ms"] - 1500 <= phrase["start_ms"] <= best["end_ms"] + 1500
    await told_of(door, call, phrase["text"])


async def told_of(door: Door, call: dict[str, Any], words: str) -> None:
    """Searches narrowed to the call, counts and costs agree on it."""
    call_id = call["call_id"]
    narrowed = await door.search(words, call_id=call_id, status="completed", mode="words")
    insights = await door.ask("insights", call_id=call_id)
    costs = await door.ask("costs", call_id=call_id, by="stage")
    findings = await door.ask("findings", call_id=call_id)

    assert {call_id} == {hit["call_id"] for hit in narrowed}
    assert (1, [1]) == (insights["calls"], [period["calls"] for period in insights["trend"]])
    assert {call_id} == {row["call_id"] for row in findings["findings"]}
    found = {row["subject"] for row in findings["findings"] if row["type"] == "topic"}
    assert found == {row["subject"] for row in insights["topics"]}
    assert {"transcribe", "analyze", "embed"} == {row["stage"] for row in costs["rows"]}
    assert (0, 0, call["cost_usd"]) == tuple(
        costs["total"][name] for name in ("started", "unknown", "cost_usd")
    )


async def test_a_recording_is_played_from_any_point(door: Door, stack: Stack) -> None:
    """The link to a recording answers ranges with exactly the bytes that were handed in."""
    recording = sample("product_demo").recording
    call_id = await door.hand_in(recording)

    async with httpx.AsyncClient(base_url=stack.api, follow_redirects=True) as client:
        answer = await client.get(f"/api/v1/calls/{call_id}/recording", headers={"Range": "bytes=100-199"})
        if answer.headers["content-type"].startswith("application/json"):
            answer = await client.get(answer.json()["url"], headers={"Range": "bytes=100-199"})

    assert 206 == answer.status_code
    assert recording.read_bytes()[100:200] == answer.content


async def test_duplicates_of_every_event_leave_one_call(
    door: Door, backstage: Backstage, tmp_path: Path
) -> None:
    """However often upstream and queues repeat themselves, there is one document of each kind."""
    recording = write_silence(tmp_path / "once.wav", seconds=2.0)
    call_id = await door.hand_in(recording)
    assert call_id == await door.hand_in(recording)
    call = await until_terminal(door, call_id, MINUTES)
    key = {name: call[name] for name in ("tenant_id", "call_id", "revision")}
    ref = (await backstage.db["calls"].find_one({"call_id": call_id}))["recording"]

    uploaded = {"type": "call.uploaded.v1", "recording": ref["object"]}
    ingested = {"type": "call.ingested.v1", **key, "recording": ref}
    transcribed = {"type": "call.transcribed.v1", **key, "utterances": 0}
    analyzed = {"type": "call.analyzed.v1", **key, "findings": 0, "verified": 0}
    stages = {"ingest": uploaded, "transcribe": ingested, "analyze": transcribed, "embed": analyzed}
    for stage, event in stages.items():
        await backstage.send(stage, event)
        await backstage.send(stage, event)
    await until(backstage.idle, 60, what="every queue is empty")

    assert ONE_OF_EACH == await backstage.documents(call_id)
    assert "completed" == (await door.call(call_id))["status"]


async def test_a_file_that_is_no_recording_ends_failed_with_a_reason(
    door: Door, backstage: Backstage, tmp_path: Path
) -> None:
    """A corrupt upload is visible as failed, says why, and its message is kept in the dead-letter queue."""
    corrupt = tmp_path / "corrupt.mp3"
    corrupt.write_bytes(b"ID3, whatever its name says\x00" * 50)

    call = await until_terminal(door, await door.hand_in(corrupt), 60)

    assert ("failed", "ingest", "unreadable_audio") == (
        call["status"],
        call["error"]["stage"],
        call["error"]["reason"],
    )
    letters = await until(lambda: backstage.dead_letters("ingest"), 10, what="a dead letter")
    reasons = [letter["MessageAttributes"]["x-dead-letter-reason"]["StringValue"] for letter in letters]
    assert "unreadable_audio" in reasons


async def test_a_call_in_which_nothing_is_said_completes(door: Door, tmp_path: Path) -> None:
    """Silence is a valid outcome: no model is asked, nothing is paid, the call completes."""
    silence = write_silence(tmp_path / "silence.wav")

    call = await until_terminal(door, await door.hand_in(silence), 60)

    assert ("completed", [], 0.0) == (call["status"], call["transcript"]["utterances"], call["cost_usd"])


async def test_an_object_that_appears_in_the_bucket_starts_the_pipeline(
    door: Door, backstage: Backstage, stack: Stack, tmp_path: Path
) -> None:
    """A recording put into S3 by anybody becomes a call; servers that cannot notify are told by an event."""
    recording = write_silence(tmp_path / "put.wav", seconds=2.5)
    key = "elsewhere/put here.wav"
    await backstage.s3.put_object(Bucket=backstage.audio, Key=key, Body=recording.read_bytes())

    call = await until_terminal(door, await put(backstage, stack, "recording", key), 60)

    assert "completed" == call["status"]


async def test_a_transcript_made_elsewhere_is_analysed_and_found(
    door: Door, backstage: Backstage, stack: Stack
) -> None:
    """A transcript under transcripts/ needs no recognition: it is analysed, found, and asked about."""
    words = "The harbour crane in Trieste needs a new gearbox before winter."
    said = {"id": "u1", "speaker": "customer", "channel": 1, "start_ms": 1000, "end_ms": 6000, "text": words}
    body = {"language": "en", "duration_ms": 8000, "utterances": [said]}
    key = "transcripts/elsewhere.json"
    await backstage.s3.put_object(Bucket=backstage.audio, Key=key, Body=json.dumps(body).encode())
    call_id = await put(backstage, stack, "transcript", key)

    call = await until_terminal(door, call_id, 60)
    assert ("completed", words) == (call["status"], call["transcript"]["utterances"][0]["text"])
    assert call_id == (await door.search("crane gearbox"))[0]["call_id"]
    (cited,) = (await door.question("What does the harbour crane need?"))["sentences"][0]["citations"]
    assert (call_id, ["u1"], words.removesuffix(".")) == (
        cited["call_id"],
        cited["utterance_ids"],
        cited["quote"],
    )


async def put(backstage: Backstage, stack: Stack, kind: str, key: str) -> str:
    """Wait for the call that an object starts; where servers cannot notify, an event tells of it."""
    if not stack.notifies:
        ref = {"bucket": backstage.audio, "key": key}
        await backstage.send("ingest", {"type": "call.uploaded.v1", kind: ref})
    where = {"recording": "recording.object.key", "transcript": "transcript.key"}[kind]

    async def kept() -> dict[str, str] | None:
        found: dict[str, str] | None = await backstage.db["calls"].find_one({where: key})
        return found

    row = await until(kept, 30, what="the call is kept")
    assert row is not None
    return row["call_id"]
