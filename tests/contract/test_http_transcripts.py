"""What the HTTP door tells of what was said: files in five formats, and metrics."""

from typing import Any

import pytest
from common.model import CallKey, Coverage, Damage, Refused, Transcript
from common.pipeline import INGEST
from common.talk import talk_in
from door_scene import KEY, Door, complete, problem
from ingest.api.answers import MetricsAnswer
from ingest.exports import EXPORTS
from ingest_scene import NOW

FLAGGED = Coverage(
    speech_ms=1000,
    transcribed_ms=900,
    share=0.9,
    flagged=True,
    refused=(Refused(reason="loop", ms=100, count=1),),
)


async def add(door: Door, call_id: str, transcript: Transcript | None = None) -> None:
    """A call under way, with what is transcribed of it."""
    key = CallKey(tenant_id="default", call_id=call_id)
    await door.outside.journal.begin(key, INGEST, NOW)
    if transcript:
        await door.outside.transcripts.keep(transcript.model_copy(update={"call_id": call_id}))


async def kept(door: Door) -> Transcript:
    return await door.outside.transcripts.get(KEY)


@pytest.mark.parametrize(
    ("name", "media_type", "begins"),
    [
        ("json", "application/json", '{"tenant_id":"default","call_id":"c-1"'),
        ("csv", "text/csv; charset=utf-8; header=present", "id,speaker,channel,start_ms,end_ms,text"),
        ("srt", "application/x-subrip; charset=utf-8", "1\r\n00:00:00,000 --> 00:00:00,900\r\nagent: it is"),
        ("vtt", "text/vtt; charset=utf-8", "WEBVTT\n\nu1\n00:00:00.000 --> 00:00:00.900\n<v agent>it is"),
        ("txt", "text/plain; charset=utf-8", "[00:00:00] agent: it is slow"),
    ],
)
async def test_a_transcript_is_a_file_in_the_format_asked_for(
    door: Door, name: str, media_type: str, begins: str
) -> None:
    """By parameter or by Accept, under the call's name."""
    await complete(door.outside)
    answer = await door.get(f"/calls/c-1/transcript?format={name}", Accept="image/png")
    accepted = await door.get("/calls/c-1/transcript", Accept=media_type.split(";", maxsplit=1)[0])

    assert (200, media_type) == (answer.status_code, answer.headers["content-type"])
    assert f'attachment; filename="c-1.{name}"' == answer.headers["content-disposition"]
    assert answer.text.startswith(begins)
    assert answer.content == accepted.content


async def test_a_transcript_is_json_unless_something_else_is_asked_for(door: Door) -> None:
    """All that is kept."""
    await complete(door.outside)
    answer = await door.get("/calls/c-1/transcript")

    assert await kept(door) == Transcript.model_validate_json(answer.content)


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        ("c-404/transcript", "*/*", 404),
        ("c-404/metrics", "*/*", 404),
        ("c-2/transcript", "*/*", 404),
        ("c-2/metrics", "*/*", 404),
        ("c-1/transcript?revision=9", "*/*", 404),
        ("c-1/transcript", "image/png", 406),
        ("c-1/transcript?format=docx", "*/*", 422),
    ],
)
async def test_what_cannot_be_had_is_a_problem(door: Door, path: str, accept: str, status: int) -> None:
    """No such call, nothing transcribed yet, no such format."""
    await complete(door.outside)
    await add(door, "c-2")

    assert status == problem(await door.get(f"/calls/{path}", Accept=accept))[0]


async def test_a_long_transcript_is_sent_in_blocks(door: Door) -> None:
    """Thousands of small pieces make few blocks, and nothing is lost between them."""
    await complete(door.outside)
    (said,) = (await kept(door)).utterances
    many = tuple(said.model_copy(update={"id": f"u{n}", "text": "word " * 20}) for n in range(1, 5001))
    await add(door, "c-long", (await kept(door)).model_copy(update={"utterances": many}))
    async with door.client.stream("GET", "/api/v1/calls/c-long/transcript?format=txt") as answer:
        body = b"".join([block async for block in answer.aiter_bytes()])

    assert 5000 == body.count(b"\n")
    assert "content-length" not in answer.headers


@pytest.mark.parametrize("older", [True, False])
async def test_metrics_tell_how_a_call_was_led(door: Door, *, older: bool) -> None:
    """Also of a transcript from before there were any."""
    await complete(door.outside)
    document = await kept(door)
    if not older:
        document = document.model_copy(update={"talk": talk_in(document)})
    await add(door, "c-3", document)
    answer: Any = (await door.get("/calls/c-3/metrics")).json()

    assert ("c-3", 1, 1000, 900, 100) == (
        answer["call_id"],
        answer["revision"],
        answer["duration_ms"],
        answer["talk"]["talk_ms"],
        answer["talk"]["silence_ms"],
    )
    assert {"unavailable": "one_speaker"} == answer["talk"]["exchange"]


async def test_what_was_not_heard_is_told(door: Door) -> None:
    """In the call's answer and beside its metrics: coverage below 98 %, and what was damaged."""
    await complete(door.outside)
    damage = (Damage(what="cut_off", at_ms=1000),)
    document = (await kept(door)).model_copy(update={"coverage": FLAGGED, "damage": damage})
    await add(door, "c-4", document)
    call, metrics = await door.call("c-4"), (await door.get("/calls/c-4/metrics")).json()

    for told in (call["transcript"], metrics):
        assert (True, True, 0.9) == (told["flagged"], told["damaged"], told["coverage"]["share"])
        assert [{"what": "cut_off", "at_ms": 1000, "lost_ms": None, "times": 1}] == told["damage"]
        assert ["loop"] == [each["reason"] for each in told["coverage"]["refused"]]
        assert told["speakers_known"] is False


async def test_a_calls_answer_leaves_single_words_to_the_file(door: Door) -> None:
    """They would make it many times as long."""
    await complete(door.outside)
    (said,) = (await door.call("c-1"))["transcript"]["utterances"]

    assert {"id", "speaker", "channel", "start_ms", "end_ms", "text", "language", "confidence"} == said.keys()


async def test_files_and_metrics_are_documented(door: Door) -> None:
    """Each media type has an example, and the metrics' is an answer of today's shape."""
    paths: Any = (await door.client.get("/openapi.json")).json()["paths"]
    files, figures = (
        paths[f"/api/v1/calls/{{call_id}}/{name}"]["get"]["responses"]["200"]["content"]
        for name in ("transcript", "metrics")
    )
    example = figures["application/json"]["example"]

    assert {export.media_type for export in EXPORTS.values()} == files.keys()
    assert all("example" in each for each in files.values())
    assert example == MetricsAnswer.model_validate(example).model_dump(mode="json")
