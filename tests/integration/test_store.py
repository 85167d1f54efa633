"""One document per call and revision; the first one kept wins."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from common.errors import Permanent, Transient
from common.model import Call, CallKey, CallMetadata, Transcript
from common.store import Store
from motor.motor_asyncio import AsyncIOMotorClient
from nouns import KEY, transcript


@pytest.fixture
def store(database: Any) -> Store[Transcript]:
    return Store(database["transcripts"], Transcript)


def revision(number: int) -> CallKey:
    """Another revision of the same call."""
    return KEY.model_copy(update={"revision": number})


async def test_what_is_kept_is_found_unchanged(store: Store[Transcript]) -> None:
    """A document comes back as it went in."""
    await store.keep(transcript())

    assert transcript() == await store.find(KEY) == await store.get(KEY)


async def test_the_first_one_kept_wins(store: Store[Transcript]) -> None:
    """A second document for the same call and revision changes nothing; the first is returned."""
    other = transcript(spoken=(("agent", "Something else."),))
    await store.keep(transcript())

    assert transcript() == await store.keep(other)
    assert transcript() == await store.find(KEY)


async def test_of_many_at_once_one_is_kept_and_all_are_told_which(store: Store[Transcript]) -> None:
    """Ten workers with ten different documents end with one."""
    candidates = [transcript(spoken=(("agent", f"Worker {n}."),)) for n in range(10)]

    kept = await asyncio.gather(*(store.keep(candidate) for candidate in candidates))

    assert [kept[0]] * 10 == kept
    assert kept[0] in candidates


async def test_what_no_document_can_hold_is_told_at_once(database: Any) -> None:
    """No later delivery would be taken either: the call fails for good, with a reason."""
    calls = Store(database["calls"], Call)
    now = datetime(2026, 11, 22, tzinfo=UTC)
    for metadata in (CallMetadata(extra={"a\0b": "c"}), CallMetadata(extra={"a": "b" * 17 * 1024 * 1024})):
        with pytest.raises(Permanent, match="keeping a document"):
            await calls.keep(Call(**dict(KEY), metadata=metadata, created_at=now))
    with pytest.raises(Permanent, match="reading a document"):
        await calls.find(KEY.model_copy(update={"tenant_id": 2**63}))


async def test_the_newest_at_or_before_a_revision_counts(store: Store[Transcript]) -> None:
    """A re-run rests on what was kept before, never on what came after."""
    for number in (1, 2, 4):
        await store.keep(transcript(revision(number)))

    found = [await store.latest(revision(number)) for number in (1, 2, 3, 4, 9)]

    assert [1, 2, 2, 4, 4] == [document.revision for document in found if document]
    assert await store.find(revision(3)) is None


async def test_nothing_kept_yet_is_worth_another_try(store: Store[Transcript]) -> None:
    """The stage before announced it, so a read may be stale."""
    with pytest.raises(Transient) as error:
        await store.get(KEY)

    assert "not_kept" == error.value.reason
    assert await store.latest(KEY) is None


async def test_another_tenant_sees_nothing(store: Store[Transcript]) -> None:
    """The same call id does not open another tenant's document, nor replace it."""
    stranger = KEY.model_copy(update={"tenant_id": "globex"})
    await store.keep(transcript())

    assert (None, None) == (await store.find(stranger), await store.latest(stranger))
    mine = transcript(stranger, spoken=(("agent", "Mine."),))
    assert mine == await store.keep(mine)
    assert transcript() == await store.find(KEY)


async def test_preparing_again_changes_nothing(store: Store[Transcript], database: Any) -> None:
    """Every start prepares."""
    await store.prepare()
    await store.prepare()

    keys = [index["key"] for index in (await database["transcripts"].index_information()).values()]
    assert [("tenant_id", 1), ("call_id", 1), ("revision", -1)] in keys


async def test_a_server_out_of_reach_is_worth_another_try(fresh: str) -> None:
    """Connection errors of the driver come out as ours."""
    client: Any = AsyncIOMotorClient("mongodb://127.0.0.1:9/", serverSelectionTimeoutMS=50)
    try:
        with pytest.raises(Transient) as error:
            await Store(client[fresh]["transcripts"], Transcript).find(KEY)
    finally:
        client.close()

    assert "unavailable" == error.value.reason
