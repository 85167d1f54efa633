"""What the HTTP door promises whoever hands in a recording."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from common.errors import Transient
from door_fakes import BUCKET
from door_scene import Door, problem
from ingest_scene import NOW, wav


async def test_a_recording_handed_in_is_a_call(door: Door) -> None:
    """201 leads to the call, whose recording and metadata are kept."""
    fields = {"agent": "Anna", "direction": "inbound", "started_at": "2026-11-22T09:00:00Z"}
    answer = await door.hand_in(fields=fields | {"extra": '{"deal": "17"}'})
    call_id = answer.json()["call_id"]
    call = await door.call(call_id)

    assert 201 == answer.status_code
    assert f"/api/v1/calls/{call_id}" == answer.headers["location"]
    assert {"call_id": call_id, "status": "uploaded", "metadata_ignored": []} == answer.json()
    assert ("Anna", "inbound", {"deal": "17"}, "call.wav") == tuple(
        call["metadata"][name] for name in ("agent", "direction", "extra", "filename")
    )
    assert ("wav", 8000, 2, 1000) == tuple(
        call["recording"][name] for name in ("container", "sample_rate", "channels", "duration_ms")
    )


async def test_the_object_lies_under_tenant_date_and_call(door: Door) -> None:
    """The key tells whose call it is; a sidecar with the metadata lies beside it."""
    call_id = (await door.hand_in(fields={"agent": "Anna"})).json()["call_id"]
    key = f"default/2026/11/22/{call_id}.wav"

    assert {(BUCKET, key), (BUCKET, f"{key}.json")} == set(door.outside.bucket.objects)
    sidecar = json.loads(door.outside.bucket.objects[BUCKET, f"{key}.json"][0])
    assert {"agent": "Anna", "filename": "call.wav", "extra": {}} == {
        n: v for n, v in sidecar.items() if n != "traceparent"
    }


@pytest.mark.parametrize(
    ("name", "extension"), [("a.MP3", "mp3"), ("a.exe", "bin"), ("a", "bin"), ("../../b.ogg", "ogg")]
)
async def test_a_name_decides_only_the_extension(door: Door, name: str, extension: str) -> None:
    """A strange name is no reason to refuse; nothing else of it reaches the key."""
    answer = await door.hand_in(name=name)
    call_id = answer.json()["call_id"]

    assert 201 == answer.status_code
    assert (BUCKET, f"default/2026/11/22/{call_id}.{extension}") in door.outside.bucket.objects


async def test_the_same_recording_again_is_the_same_call(door: Door) -> None:
    """Even on another day: nothing is stored twice."""
    first = await door.hand_in()
    door.outside.now = NOW + timedelta(days=1)
    second = await door.hand_in(name="other.mp3")
    other = await door.hand_in(wav(2.0))

    assert first.json()["call_id"] == second.json()["call_id"] != other.json()["call_id"]
    assert 4 == len(door.outside.bucket.objects)


@pytest.mark.parametrize(
    ("fields", "ignored"),
    [
        ({}, []),
        ({"agent": "Anna", "started_at": "2026-11-22T10:00:00+01:00", "extra": '{"deal": "17"}'}, []),
        ({"agent": "Dana", "customer": "Acme"}, ["agent", "customer"]),
        ({"extra": '{"deal": "18"}'}, ["extra"]),
        ({"started_at": "2026-11-22"}, ["started_at"]),
    ],
)
async def test_a_call_that_is_there_already_keeps_its_metadata(
    door: Door, fields: dict[str, str], ignored: list[str]
) -> None:
    """200, and the fields are named that it has otherwise: nothing is lost in silence."""
    kept = {"agent": "Anna", "started_at": "2026-11-22T09:00:00.000123Z", "extra": '{"deal": "17", "n": "1"}'}
    first = await door.hand_in(fields=kept)
    again = await door.hand_in(fields=fields)
    call = await door.call(first.json()["call_id"])

    assert (201, 200) == (first.status_code, again.status_code)
    assert first.headers["location"] == again.headers["location"]
    assert ([], ignored) == (first.json()["metadata_ignored"], again.json()["metadata_ignored"])
    assert ("Anna", None) == (call["metadata"]["agent"], call["metadata"]["customer"])


async def test_an_unconfirmed_upload_is_no_success_and_a_retry_is_the_same_call(door: Door) -> None:
    """While the queue is away the answer is 503, nothing is lost, and the call can already be seen."""
    broker = door.app.state.broker
    door.hears_nothing()
    refused = await door.hand_in()
    listed = (await door.get("/calls")).json()["calls"]
    door.app.state.broker = broker
    retried = await door.hand_in()

    assert 503 == problem(refused)[0]
    assert int(refused.headers["retry-after"]) > 0
    assert [retried.json()["call_id"]] == [call["call_id"] for call in listed]
    assert 201 == retried.status_code
    assert 2 == len(door.outside.bucket.objects)


@pytest.mark.parametrize(
    "fields",
    [
        {"direction": "sideways"},
        {"started_at": "yesterday"},
        {"extra": "{"},
        {"extra": "[1]"},
        {"extra": '{"a": {}}'},
    ],
)
async def test_bad_metadata_is_refused_by_name(door: Door, fields: dict[str, str]) -> None:
    """400 names the field, and nothing is stored."""
    answer = await door.hand_in(fields=fields)

    assert 400 == problem(answer)[0]
    assert next(iter(fields)) in answer.text
    assert {} == door.outside.bucket.objects


async def test_a_missing_or_empty_recording_is_refused(door: Door) -> None:
    """400 says what to send."""
    missing = await door.client.post("/api/v1/calls/upload", data={"agent": "Anna"})
    empty = await door.client.post("/api/v1/calls/upload", files={"file": ("a.wav", b"", "audio/wav")})

    assert [400, 400] == [problem(missing)[0], problem(empty)[0]]
    assert "'file'" in problem(missing)[1]


@pytest.mark.parametrize("counted", [True, False], ids=["by its claim", "as it streams"])
async def test_a_recording_that_is_too_large_is_refused(door: Door, *, counted: bool) -> None:
    """413, whether or not the client says how much it will send; nothing is stored."""
    body = (
        b"--x\r\n" + b'Content-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + bytes(2_000_000)
    )

    async def stream() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    headers = {"content-type": "multipart/form-data; boundary=x"}
    content: Any = body if counted else stream()
    answer = await door.client.post("/api/v1/calls/upload", content=content, headers=headers)

    assert 413 == problem(answer)[0]
    assert "400000 bytes" in problem(answer)[1]
    assert {} == door.outside.bucket.objects


async def test_storage_that_fails_is_503(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault that may pass asks for a retry and tells nothing of our insides."""

    async def fail(*_: Any) -> None:
        raise Transient("uploading a part: 10.0.0.7 refused", reason="storage_unavailable")

    monkeypatch.setattr(door.outside.bucket, "put_file", fail)
    answer = await door.hand_in()

    assert 503 == problem(answer)[0]
    assert "10.0.0.7" not in answer.text


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"Agent: hello.\n", "a text"),
        (b"<html><body>Log in</body></html>", "an HTML page"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"PK\x03\x04" + bytes(20), "a ZIP archive or an Office document"),
        (b"\x89PNG\r\n\x1a\n", "an image"),
    ],
)
async def test_what_is_plainly_no_recording_is_refused(door: Door, content: bytes, kind: str) -> None:
    """415 says what it seems to be and what is taken; nothing is stored, and there is no call."""
    answer = await door.hand_in(content)

    said = (
        f"This seems to be {kind}, and no recording: send wav, mp3, m4a, flac, ogg, opus, webm, amr or wma."
    )
    assert (415, said) == problem(answer)
    assert "no_audio_stream" == answer.json()["reason"]
    assert ({}, []) == (door.outside.bucket.objects, (await door.get("/calls")).json()["calls"])


async def test_a_file_just_over_the_limit_is_refused_too(door: Door) -> None:
    """The limit is the file's, not that of the body around it."""
    answer = await door.hand_in(bytes(400_001))

    assert (413, {}) == (problem(answer)[0], door.outside.bucket.objects)
