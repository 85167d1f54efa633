"""Recordings handed in part by part."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import md5
from typing import Any

import httpx
import pytest
from common.errors import Transient
from common.model import ObjectRef
from common.parts import Part, Target
from door_fakes import BUCKET
from door_scene import Door, opened, problem
from ingest.parted import SMALLEST_PART
from ingest_scene import NOW, Outside, door_settings, wav
from pymongo.errors import AutoReconnect

CALL = wav(0.2)
LARGEST = 3 * SMALLEST_PART


@dataclass
class Gangway:
    """The door, for somebody with a large recording."""

    door: Door

    async def announce(self, size: int, **fields: Any) -> httpx.Response:
        return await self.door.client.post(
            "/api/v1/uploads", json={"filename": "call.WAV", "size_bytes": size} | fields
        )

    async def complete(self, upload: Any, parts: list[dict[str, Any]]) -> httpx.Response:
        path = f"/api/v1/uploads/{upload['upload_id']}/complete"
        return await self.door.client.post(path, json={"parts": parts})

    async def give_up(self, upload: Any) -> httpx.Response:
        return await self.door.client.delete(f"/api/v1/uploads/{upload['upload_id']}")

    def send(self, upload: Any, content: bytes) -> list[dict[str, Any]]:
        """Each part to its address, as the store's answers name them."""
        step = upload["part_size_bytes"]
        return [
            {
                "number": part["number"],
                "etag": f'"{self._put(part, content[n * step :][: part["size_bytes"]])}"',
            }
            for n, part in enumerate(upload["parts"])
        ]

    def _put(self, part: Any, content: bytes) -> str:
        storage_id = httpx.URL(part["url"]).path.removeprefix("/")
        return self.door.outside.parts.send(storage_id, part["number"], content)

    async def hand_in(self, content: bytes = CALL, **fields: Any) -> httpx.Response:
        upload = (await self.announce(len(content), **fields)).json()
        return await self.complete(upload, self.send(upload, content))


@pytest.fixture
async def gangway() -> AsyncIterator[Gangway]:
    settings = door_settings(max_upload_bytes=1000, max_recording_bytes=LARGEST)
    async with opened(Outside(settings)) as door:
        yield Gangway(door)


async def test_what_is_sent_in_parts_is_a_call(gangway: Gangway) -> None:
    """201 leads to it, its recording looked at, its metadata kept, whatever one request may carry."""
    answer = await gangway.hand_in(agent="Anna", channel_roles="agent,customer", extra={"deal": "17"})
    call = await gangway.door.call(answer.json()["call_id"])

    assert (201, f"/api/v1/calls/{answer.json()['call_id']}") == (
        answer.status_code,
        answer.headers["location"],
    )
    assert ("Anna", ["agent", "customer"], {"deal": "17"}, "call.WAV") == tuple(
        call["metadata"][name] for name in ("agent", "channel_roles", "extra", "filename")
    )
    assert ("wav", len(CALL)) == (call["recording"]["container"], call["recording"]["size_bytes"])


async def test_the_object_is_named_after_its_call(gangway: Gangway) -> None:
    """The bucket's own notification of it speaks of the same call; the sidecar is there before it."""
    call_id = (await gangway.hand_in(agent="Anna")).json()["call_id"]
    objects = gangway.door.outside.bucket.objects
    key = f"default/2026/11/22/{call_id}.wav"

    assert [(BUCKET, f"{key}.json"), (BUCKET, key)] == list(objects)
    assert "Anna" == json.loads(objects[BUCKET, f"{key}.json"][0])["agent"]


async def test_parts_are_of_one_size_and_add_up(gangway: Gangway) -> None:
    """Addresses are signed for their part and its size; the last is the rest."""
    upload = (await gangway.announce(2 * SMALLEST_PART + 5)).json()
    parts = [(part["number"], part["size_bytes"]) for part in upload["parts"]]

    assert [(1, SMALLEST_PART), (2, SMALLEST_PART), (3, 5)] == parts
    assert all(f"size={part['size_bytes']}" in part["url"] for part in upload["parts"])
    assert "expires=86400" in upload["parts"][0]["url"]


async def test_the_same_recording_again_is_the_same_call(gangway: Gangway) -> None:
    """Known by its parts' digests before they are joined: nothing is stored twice."""
    first = await gangway.hand_in()
    gangway.door.outside.now = NOW + timedelta(days=1)
    again = await gangway.hand_in(filename="other.wav")
    other = await gangway.hand_in(wav(0.3))

    assert first.json()["call_id"] == again.json()["call_id"] != other.json()["call_id"]
    assert (201, 200, 201) == (first.status_code, again.status_code, other.status_code)
    assert ["filename"] == again.json()["metadata_ignored"]
    assert 4 == len(gangway.door.outside.bucket.objects)
    assert {} == gangway.door.outside.parts.open


async def test_an_erased_recording_does_not_come_back_in_parts(gangway: Gangway) -> None:
    """Neither by completing its upload again nor by sending it anew."""
    upload = (await gangway.announce(len(CALL))).json()
    parts = gangway.send(upload, CALL)
    call_id = (await gangway.complete(upload, parts)).json()["call_id"]
    await gangway.door.client.delete(f"/api/v1/calls/{call_id}")

    answers = [await gangway.complete(upload, parts), await gangway.hand_in()]

    assert [409, 409] == [answer.status_code for answer in answers]
    assert {} == gangway.door.outside.bucket.objects


async def test_two_who_complete_at_once_are_told_the_same(
    gangway: Gangway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One joins the parts; the other finds them joined, and that nothing is amiss."""
    upload = (await gangway.announce(len(CALL))).json()
    parts = gangway.send(upload, CALL)
    listed, both = gangway.door.outside.parts.there, asyncio.Barrier(2)

    async def together(target: Target) -> tuple[Part, ...]:
        found = await listed(target)
        await both.wait()
        return found

    monkeypatch.setattr(gangway.door.outside.parts, "there", together)
    answers = await asyncio.gather(*(gangway.complete(upload, parts) for _ in range(2)))

    assert [201, 201] == [answer.status_code for answer in answers]
    assert 1 == len({answer.json()["call_id"] for answer in answers})


async def test_an_upload_that_cannot_be_noted_is_given_up(
    gangway: Gangway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody would know of it: the store keeps no parts of it, and its bytes are not counted."""

    async def away(*_: Any) -> None:
        raise AutoReconnect

    monkeypatch.setattr(gangway.door.outside.rows["uploads"], "insert_one", away)
    answer = await gangway.announce(len(CALL))

    assert (503, {}) == (answer.status_code, gangway.door.outside.parts.open)


async def test_completing_again_answers_the_same(gangway: Gangway) -> None:
    """Whoever did not hear the answer asks again."""
    upload = (await gangway.announce(len(CALL))).json()
    parts = gangway.send(upload, CALL)
    answers = [await gangway.complete(upload, parts) for _ in range(2)]

    assert [201, 201] == [answer.status_code for answer in answers]
    assert 1 == len({answer.json()["call_id"] for answer in answers})
    assert 2 == len(gangway.door.outside.bucket.objects)


@pytest.mark.parametrize("at", ["joined", "publish"])
async def test_a_completion_that_broke_off_is_gone_on_with(
    gangway: Gangway, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """The parts are joined already: nothing is sent again, and the call is announced."""
    upload = (await gangway.announce(len(CALL))).json()
    parts = gangway.send(upload, CALL)

    async def fail(*_: Any, **__: Any) -> None:
        raise Transient("away")

    with monkeypatch.context() as broken:
        if at == "joined":
            broken.setattr(gangway.door.outside.parted_uploads, "joined", fail)
        else:
            broken.setattr(gangway.door.outside.journal, "expect", fail)
        assert 503 == (await gangway.complete(upload, parts)).status_code
    again = await gangway.complete(upload, parts)

    assert 201 == again.status_code
    assert "call_id" in await gangway.door.call(again.json()["call_id"])


async def test_what_is_joined_already_cannot_be_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its completion broke off before we had noted it: the recording stays, counts, and becomes its call."""

    async def fail(*_: Any, **__: Any) -> None:
        raise Transient("away")

    async with opened(Outside(door_settings(upload_bytes_per_day=len(CALL)))) as door:
        gangway = Gangway(door)
        upload = (await gangway.announce(len(CALL))).json()
        parts = gangway.send(upload, CALL)
        with monkeypatch.context() as broken:
            broken.setattr(door.outside.parted_uploads, "name", fail)
            assert 503 == (await gangway.complete(upload, parts)).status_code
        assert 204 == (await gangway.give_up(upload)).status_code
        full, again = await gangway.announce(1), await gangway.complete(upload, parts)

    assert (429, 201) == (full.status_code, again.status_code)


@pytest.mark.parametrize(
    ("sent", "told", "why"),
    [
        (CALL[:-1], {}, "bytes instead of"),
        (None, {}, "has not come"),
        (CALL, {"etag": '"0"'}, "ETag"),
        (CALL, {"number": 2}, "was not announced"),
    ],
)
async def test_parts_that_are_not_the_announced_ones_are_named(
    gangway: Gangway, sent: bytes | None, told: dict[str, Any], why: str
) -> None:
    """409 and no object; what is sent again then is taken."""
    upload = (await gangway.announce(len(CALL))).json()
    if sent is not None:
        gangway.send(upload, sent)
    etag = md5(sent or b"", usedforsecurity=False).hexdigest()
    refused = await gangway.complete(upload, [{"number": 1, "etag": etag} | told])
    before = dict(gangway.door.outside.bucket.objects)
    mended = await gangway.complete(upload, gangway.send(upload, CALL))

    assert (409, {}) == (problem(refused)[0], before)
    assert why in " ".join(each["message"] for each in refused.json()["errors"])
    assert 201 == mended.status_code


async def test_a_browser_that_is_not_shown_etags_can_complete(gangway: Gangway) -> None:
    """Sizes and numbers are checked all the same."""
    upload = (await gangway.announce(len(CALL))).json()
    gangway.send(upload, CALL)

    assert 201 == (await gangway.complete(upload, [{"number": 1, "etag": ""}])).status_code


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"size": LARGEST + 1}, 413),
        ({"size": 0}, 422),
        ({"filename": ""}, 422),
        ({"direction": "x"}, 422),
        ({"bucket": "other"}, 422),
        ({"key": "other/2026/11/22/x.wav"}, 422),
        ({"tenant_id": "other"}, 422),
    ],
)
async def test_what_cannot_be_taken_is_refused_before_a_byte_is_sent(
    gangway: Gangway, fields: dict[str, Any], status: int
) -> None:
    """Nobody chooses where it goes or whose it is."""
    answer = await gangway.announce(**({"size": 1} | fields))

    assert (status, {}) == (problem(answer)[0], gangway.door.outside.parts.open)


async def test_a_day_has_only_so_many_bytes() -> None:
    """429 names the setting, for uploads in parts and in one piece; what is given up does not count."""
    outside = Outside(door_settings(upload_bytes_per_day=2 * len(CALL)))
    async with opened(outside) as door:
        gangway = Gangway(door)
        upload = (await gangway.announce(len(CALL))).json()
        await gangway.hand_in(CALL)
        refused = [await gangway.announce(1), await door.hand_in(CALL)]
        assert 204 == (await gangway.give_up(upload)).status_code
        taken = await door.hand_in(wav(0.1))
        outside.now = NOW + timedelta(days=1)
        tomorrow = await gangway.announce(len(CALL))

    assert [429, 429] == [problem(answer)[0] for answer in refused]
    assert all("UPLOAD_BYTES_PER_DAY" in problem(answer)[1] for answer in refused)
    assert [48600] * 2 == [int(answer.headers["retry-after"]) for answer in refused]
    assert (201, 201) == (taken.status_code, tomorrow.status_code)


async def test_a_recording_that_is_there_already_costs_no_bytes() -> None:
    """A retried upload is not counted twice."""
    async with opened(Outside(door_settings(upload_bytes_per_day=len(CALL)))) as door:
        answers = [(await door.hand_in(CALL)).status_code for _ in range(3)]

    assert [201, 200, 200] == answers


async def test_an_upload_that_fails_costs_no_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be stored was not handed in."""
    async with opened(Outside(door_settings(upload_bytes_per_day=len(CALL)))) as door:
        with monkeypatch.context() as broken:

            async def fail(*_: Any) -> None:
                raise Transient("away")

            broken.setattr(door.outside.bucket, "put_file", fail)
            refused = await door.hand_in(CALL)
        taken = await door.hand_in(CALL)

    assert (503, 201) == (refused.status_code, taken.status_code)


async def test_an_upload_that_is_not_announced_costs_no_bytes() -> None:
    """However often it is tried while the queue is away: 503 says to try again, and so one may."""
    async with opened(Outside(door_settings(upload_bytes_per_day=len(CALL)))) as door:
        broker = door.app.state.broker
        door.hears_nothing()
        refused = [(await door.hand_in(CALL)).status_code for _ in range(2)]
        door.app.state.broker = broker
        taken = await door.hand_in(CALL)

    assert [503, 503, 201] == [*refused, taken.status_code]


async def test_what_lapsed_is_given_up(gangway: Gangway) -> None:
    """Its parts go when the next one is announced; by then nobody can complete it."""
    upload = (await gangway.announce(len(CALL))).json()
    parts = gangway.send(upload, CALL)
    gangway.door.outside.now = NOW + timedelta(hours=24)
    late = await gangway.complete(upload, parts)
    await gangway.announce(1)

    assert 404 == problem(late)[0]
    assert 1 == len(gangway.door.outside.parts.open)


async def test_what_was_given_up_is_gone(gangway: Gangway) -> None:
    """204, then 404; a completed one is a call, which stays."""
    upload = (await gangway.announce(len(CALL))).json()
    parts = gangway.send(upload, CALL)
    statuses = [
        (await gangway.give_up(upload)).status_code,
        (await gangway.give_up(upload)).status_code,
        (await gangway.complete(upload, parts)).status_code,
    ]
    done = (await gangway.announce(len(CALL))).json()
    await gangway.complete(done, gangway.send(done, CALL))

    assert [204, 404, 404] == statuses
    assert 204 == (await gangway.give_up(done)).status_code
    assert 2 == len(gangway.door.outside.bucket.objects)


async def test_another_tenants_upload_is_unknown(gangway: Gangway) -> None:
    """As one that never was."""
    upload = (await gangway.announce(len(CALL))).json()
    rows = gangway.door.outside.rows["uploads"]
    await rows.update_one({"_id": upload["upload_id"]}, {"$set": {"tenant_id": "other"}})
    theirs = await gangway.complete(upload, gangway.send(upload, CALL))
    nobodys = await gangway.complete(upload | {"upload_id": "u-" + "0" * 32}, [{"number": 1, "etag": ""}])

    assert (404, theirs.content) == (problem(theirs)[0], nobodys.content)
    assert 404 == problem(await gangway.give_up(upload))[0]


async def test_what_the_store_joined_is_looked_at(gangway: Gangway, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object of another size than was announced becomes no call."""
    bucket = gangway.door.outside.bucket

    async def less(target: Target, _parts: tuple[Part, ...]) -> None:
        bucket.put(target.ref.key, b"less")

    monkeypatch.setattr(gangway.door.outside.parts, "join", less)
    refused = await gangway.hand_in()

    assert 409 == problem(refused)[0]
    assert [] == (await gangway.door.get("/calls")).json()["calls"]
    assert 4 == (await bucket.stat(ObjectRef(bucket=BUCKET, key=list(bucket.objects)[1][1]))).size_bytes
