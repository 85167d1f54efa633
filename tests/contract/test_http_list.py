"""What the list of calls tells of each of them at a glance."""

from dataclasses import dataclass
from typing import Any

from common.model import Call, CallKey, CallMetadata, ObjectRef, Recording
from common.pipeline import INGEST
from door_fakes import BUCKET, FakeCollection
from door_scene import KEY, Door, complete
from ingest.glances import Glances
from ingest_scene import NOW, Outside

NOTHING = {
    "agent": None,
    "customer": None,
    "company_name": None,
    "started_at": None,
    "filename": None,
    "duration_ms": None,
    "sentiment": None,
    "call_outcome": None,
}


async def keep(outside: Outside, key: CallKey, agent: str) -> None:
    """A call of *agent*'s with Bluebird, 61 seconds long."""
    recording = Recording(
        object=ObjectRef(bucket=BUCKET, key="a.wav"),
        size_bytes=9,
        container="wav",
        codec="pcm_s16le",
        sample_rate=8000,
        channels=2,
        duration_ms=61_000,
    )
    metadata = CallMetadata(agent=agent, company_name="Bluebird", filename="a.wav")
    await outside.calls.keep(Call(**dict(key), recording=recording, metadata=metadata, created_at=NOW))


async def about(door: Door) -> list[dict[str, Any]]:
    """What is told of each call, the newest first."""
    return [call["about"] for call in (await door.get("/calls")).json()["calls"]]


async def test_a_call_is_told_at_a_glance(door: Door) -> None:
    """Who spoke with whom, how long, and how it went."""
    await complete(door.outside)
    await keep(door.outside, KEY, "Dana")

    told = {"agent": "Dana", "company_name": "Bluebird", "filename": "a.wav", "duration_ms": 61_000}
    went = {"sentiment": "neutral", "call_outcome": "unknown"}
    assert [NOTHING | told | went] == await about(door)


async def test_a_call_of_which_nothing_is_kept_yet_is_listed(door: Door) -> None:
    """What is not known is null."""
    await door.outside.journal.begin(KEY, INGEST, NOW)

    assert [NOTHING] == await about(door)


async def test_a_revision_is_told_as_it_was_known_then(door: Door) -> None:
    """What a later revision found belongs to that one."""
    for revision, agent in ((1, "Dana"), (2, "Robin")):
        key = KEY.model_copy(update={"revision": revision})
        await door.outside.journal.begin(key, INGEST, NOW)
        await keep(door.outside, key, agent)

    assert ["Robin", "Dana"] == [told["agent"] for told in await about(door)]


async def test_another_tenants_call_of_the_same_id_is_not_told(door: Door) -> None:
    """Ids are unique within a tenant only."""
    await keep(door.outside, CallKey(tenant_id="other", call_id=KEY.call_id), "Eve")
    await door.outside.journal.begin(KEY, INGEST, NOW)

    assert [NOTHING] == await about(door)


@dataclass
class Counting:
    """Counts how often a collection was read."""

    collection: FakeCollection
    reads: int = 0

    def find(self, query: Any, fields: Any) -> Any:
        self.reads += 1
        return self.collection.find(query, fields)


async def test_a_page_costs_two_reads_however_long_it_is(door: Door) -> None:
    """One of the calls, one of the analyses."""
    rows = door.outside.rows
    counting = [Counting(rows[name]) for name in ("calls", "analyses")]
    door.app.state.opened["glances"] = Glances(*counting)
    for n in range(5):
        await door.outside.journal.begin(CallKey(tenant_id="default", call_id=f"c-{n}"), INGEST, NOW)

    assert 5 == len(await about(door))
    assert [1, 1] == [collection.reads for collection in counting]
