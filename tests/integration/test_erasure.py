"""A call is erased from real stores: what was kept, what is kept too late, and what stays."""

from datetime import timedelta
from typing import Any

import pytest
from common.entry import Source
from common.errors import Permanent
from common.index import ChunkIndex
from common.journal import Journal
from common.ledger import ASK
from common.model import Analysis, Call, CallKey, CallMetadata, ObjectRef, Recording
from common.pipeline import ANALYZE, EMBED, INGEST, PIPELINE, TRANSCRIBE
from common.recordings import RecordingBucket
from common.store import Store
from common.transcripts import transcripts_in
from common.work import Claims, WorkId
from index_scene import AT_ONCE, CHUNKS, MODEL, VECTORS, everything
from ingest.erasure import AGAIN, Erasure
from nouns import KEY, reopen, transcript, work
from structlog.testing import capture_logs
from sweeping import NOW, Clock

OTHER = KEY.model_copy(update={"call_id": "c-43"})
STRANGER = KEY.model_copy(update={"tenant_id": "globex"})
COLLECTIONS = ("calls", "transcripts", "transcript_parts", "analyses", "work")


class Kept:
    """A tenant's stores, and calls in them."""

    def __init__(self, database: Any, s3: Any, bucket: str, search: Any, fresh: str) -> None:
        self.database = database
        self.bucket = bucket
        self.clock = Clock()
        self.objects = RecordingBucket(s3)
        self.journal = Journal(database["journal"])
        self.claims = Claims(database["work"], days=1)
        self.index = ChunkIndex(search, MODEL, fresh, shape=AT_ONCE)
        self.erasure = Erasure(self.journal, database, self.objects, bucket, self.clock)

    def recording(self, key: CallKey) -> ObjectRef:
        return ObjectRef(bucket=self.bucket, key=f"audio/{key.tenant_id}-{key.call_id}.wav")

    async def call(self, key: CallKey) -> None:
        """A call all the way, with all that is kept of it."""
        await self.database["ledger"].insert_one({"tenant_id": key.tenant_id, "call_id": key.call_id})
        ref = self.recording(key)
        for name in (ref.key, f"{ref.key}.json", f"{key.tenant_id}/{key.call_id}/1.json"):
            await self.objects.put(ObjectRef(bucket=self.bucket, key=name), b"{}", "application/json")
        for stage in PIPELINE:
            await self.journal.begin(key, stage, NOW, Source(recording=ref) if stage is INGEST else None)
            await self.journal.finish(key, stage, NOW, 1.0, None)
        await self.documents(key)
        await self.index.replace(key, [self.of(key, chunk) for chunk in CHUNKS], VECTORS)

    def of(self, key: CallKey, chunk: Any) -> Any:
        return chunk.model_copy(update=dict(key))

    async def documents(self, key: CallKey) -> None:
        recording = Recording(
            object=self.recording(key),
            container="wav",
            codec="pcm",
            sample_rate=8000,
            channels=2,
            size_bytes=2,
        )
        call = Call(**dict(key), recording=recording, metadata=CallMetadata(), created_at=NOW)
        await Store(self.database["calls"], Call).keep(call)
        await transcripts_in(self.database).keep(transcript(key))
        analysis = Analysis(**dict(key), insights=None, prompt_version="1", work=work("gpt"))
        await Store(self.database["analyses"], Analysis).keep(analysis)

        async def done() -> CallMetadata:
            return CallMetadata(agent="Dana")

        await self.claims.once(WorkId(key, ANALYZE.name, ("asked",)), CallMetadata, done)
        several = key.model_copy(update={"call_id": ASK})
        await self.claims.once(WorkId(several, ASK, (key.call_id,)), CallMetadata, done)

    async def erase(self, key: CallKey) -> None:
        entry = await self.journal.find(key.tenant_id, key.call_id)
        assert entry is not None
        await self.erasure.erase(entry, self.index)

    async def rows(self, key: CallKey) -> dict[str, int]:
        """How many documents there are of a call, or about several with it, where there are any."""
        query = {"tenant_id": key.tenant_id, "call_id": {"$in": [key.call_id, ASK]}}
        counts = {name: [r async for r in self.database[name].find(query)] for name in COLLECTIONS}
        return {name: len(rows) for name, rows in counts.items() if rows}

    async def names(self, s3: Any) -> set[str]:
        return {row["Key"] for row in (await s3.list_objects_v2(Bucket=self.bucket)).get("Contents", [])}


@pytest.fixture
async def kept(database: Any, s3: Any, bucket: str, search: Any, fresh: str) -> Kept:
    return Kept(database, s3, bucket, search, fresh)


async def test_an_erased_call_is_nowhere(kept: Kept, s3: Any) -> None:
    """Not in MongoDB, S3 or the index; another call and another tenant's lose nothing but shared answers."""
    for key in (KEY, OTHER, STRANGER):
        await kept.call(key)
    of_strangers = await kept.rows(STRANGER)

    await kept.erase(KEY)

    assert {} == await kept.rows(KEY)
    assert {"calls": 1, "transcripts": 1, "analyses": 1, "work": 1} == await kept.rows(OTHER)
    assert of_strangers == await kept.rows(STRANGER)
    assert not {name for name in await kept.names(s3) if "acme-c-42" in name or "acme/c-42/" in name}
    assert 6 == len(await kept.names(s3))
    assert {"c-43"} == {name.split(":")[1] for name in await everything(kept.index)}
    assert 3 == len(await everything(kept.index, "globex"))


async def test_what_it_cost_stays(kept: Kept) -> None:
    """The ledger holds figures, and what was paid was paid."""
    await kept.call(KEY)
    await kept.erase(KEY)

    assert 1 == len([row async for row in kept.database["ledger"].find({"call_id": "c-42"})])


async def test_no_stage_begins_on_it_and_nobody_finds_it(kept: Kept) -> None:
    """The journal keeps a tombstone, in which nothing of the call is told."""
    await kept.call(KEY)
    await kept.erase(KEY)

    assert (await kept.journal.begin(KEY, TRANSCRIBE, NOW)).erased
    assert None is await kept.journal.find("acme", "c-42")
    assert [] == await kept.journal.revisions("acme", "c-42", 5)
    assert [] == await kept.journal.newest("acme", 5)
    assert [] == [entry async for entry in kept.journal.unfinished(NOW + timedelta(days=9))]


async def test_what_a_stage_keeps_too_late_goes_too(kept: Kept, s3: Any) -> None:
    """A worker that began before the erasure ends after it: six hours later nothing of it is left."""
    await kept.call(KEY)
    await kept.erase(KEY)
    await kept.documents(KEY)
    await kept.objects.put(ObjectRef(bucket=kept.bucket, key="acme/c-42/1.json"), b"{}", "application/json")
    await kept.index.replace(KEY, CHUNKS, VECTORS)

    assert 0 == await kept.erasure.again()
    kept.clock.after(AGAIN)
    looked = [await kept.erasure.again() for _ in range(2)]

    assert [1, 0] == looked
    assert ({}, set(), set()) == (await kept.rows(KEY), await kept.names(s3), await everything(kept.index))


async def test_an_erasure_that_broke_off_is_done_to_its_end(kept: Kept, s3: Any) -> None:
    """Its tombstone stands before the objects go: the second look removes what the first did not."""
    await kept.call(KEY)
    await kept.journal.bury("acme", "c-42", NOW, NOW)

    await kept.erasure.again()

    assert ({}, set()) == (await kept.rows(KEY), await kept.names(s3))


async def test_all_revisions_are_erased(kept: Kept) -> None:
    """A redo is of the same call."""
    await kept.call(KEY)
    second = (await reopen(kept.journal, KEY, EMBED, 4, NOW)).key
    await kept.journal.begin(second, INGEST, NOW)

    await kept.erase(KEY)

    assert (await kept.journal.begin(second, EMBED, NOW)).erased
    assert None is await kept.journal.find("acme", "c-42")


async def test_one_that_cannot_be_removed_keeps_no_other_waiting(kept: Kept, s3: Any) -> None:
    """It is told, stays on the list, and is looked for again after a while."""
    for key in (KEY, OTHER):
        await kept.call(key)
        await kept.journal.bury(key.tenant_id, key.call_id, NOW, NOW)
    erase = kept.objects.erase

    async def refuse_one(ref: ObjectRef) -> None:
        if "c-42" in ref.key:
            raise Permanent("access is denied", reason="forbidden")
        await erase(ref)

    with pytest.MonkeyPatch.context() as denied:
        denied.setattr(kept.objects, "erase", refuse_one)
        with capture_logs() as lines:
            await kept.erasure.again()
    assert ["forbidden"] == [line["reason"] for line in lines if line["event"] == "call.not_erased"]
    assert ({}, {}) == (await kept.rows(OTHER), await kept.rows(KEY))
    assert {"audio/acme-c-42.wav"} <= await kept.names(s3)

    kept.clock.after(AGAIN)
    await kept.erasure.again()
    assert ({}, set()) == (await kept.rows(KEY), await kept.names(s3))
