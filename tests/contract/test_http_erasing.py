"""What the HTTP door promises whoever erases a call."""

from collections.abc import AsyncIterator

import pytest
from common.model import ObjectRef
from door_scene import Door, complete, opened, problem
from ingest_scene import Outside, door_settings, wav

TRANSCRIPTS = "callstream-transcripts"


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with opened(Outside(door_settings())) as door:
        yield door


async def handed_in(door: Door) -> str:
    """A call that was uploaded and ingested, and whose transcript is archived."""
    call_id: str = (await door.hand_in(fields={"agent": "Dana"})).json()["call_id"]
    await door.outside.bucket.put_json(
        ObjectRef(bucket=TRANSCRIPTS, key=f"default/{call_id}/1.json"), {"utterances": []}
    )
    return call_id


async def erase(door: Door, call_id: str) -> int:
    return (await door.client.delete(f"/api/v1/calls/{call_id}")).status_code


async def test_nothing_is_left_of_an_erased_call(door: Door) -> None:
    """Neither recording nor documents nor chunks; nobody finds it any more."""
    call_id = await handed_in(door)
    other = (await door.hand_in(wav(2.0))).json()["call_id"]

    assert 204 == await erase(door, call_id)

    assert 404 == problem(await door.get(f"/calls/{call_id}"))[0]
    assert [other] == [each["call_id"] for each in (await door.get("/calls")).json()["calls"]]
    assert {other} == {key.split("/")[-1].split(".")[0] for _, key in door.outside.bucket.objects}
    assert [call_id] == [key.call_id for key in door.outside.index.erased]
    assert 1 == door.outside.rows["calls"].count()


async def test_nothing_is_remembered_of_an_erased_call(door: Door) -> None:
    """What was answered of it before is not kept until its time is over."""
    await complete(door.outside)
    await door.call("c-1")
    remembered = len(door.outside.cache.kept)
    await erase(door, "c-1")

    assert (1, {}) == (remembered, door.outside.cache.kept)


async def test_erasing_again_is_harmless(door: Door) -> None:
    """Whoever did not hear the answer asks again."""
    call_id = await handed_in(door)
    assert [204, 204] == [await erase(door, call_id) for _ in range(2)]


async def test_what_never_was_cannot_be_erased(door: Door) -> None:
    """An unknown call is not found."""
    assert 404 == await erase(door, "c-unknown")


async def test_an_erased_recording_is_not_taken_in_again(door: Door) -> None:
    """Somebody asked that it be gone; whoever copies it back is told."""
    call_id = await handed_in(door)
    await erase(door, call_id)

    status, told = problem(await door.hand_in(fields={"agent": "Dana"}))

    assert (409, True) == (status, "was erased on 2026-11-22" in told)
    assert {} == door.outside.bucket.objects
