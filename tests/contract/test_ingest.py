"""What ingest promises its neighbours."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from common.errors import Permanent, Transient
from common.events import CallIngested
from common.journal import Entry
from common.model import Call, CallKey
from common.pipeline import INGEST
from door_fakes import BUCKET, FakeBucket
from faststream.asgi import AsgiFastStream
from faststream_sqs import SQSBroker, TestSQSBroker
from ingest.app import create_consumer
from ingest.handler import ingested
from ingest_scene import Outside, door_settings, serving, wav

CONTRACTS = Path(__file__).parents[2] / "libs/common/contracts"
KEY = "acme/support/call 42+1.wav"
SIDECAR = f"{KEY}.json"
ACME = CallKey(tenant_id="acme", call_id="c-42")


def golden(name: str) -> Any:
    return json.loads((CONTRACTS / f"{name}.json").read_text())


@dataclass
class Ingest:
    """The stage, running."""

    broker: SQSBroker
    outside: Outside

    async def receive(self, notice: Any) -> None:
        await self.broker.publish(notice, INGEST.queue)

    @property
    def announced(self) -> list[Any]:
        return [call.args[0] for call in ingested.mock.call_args_list]

    async def entries(self) -> list[Entry]:
        rows = [row async for row in self.outside.rows["journal"].find({}, limit=100)]
        return [Entry.model_validate(row) for row in rows]

    async def only_entry(self) -> Entry:
        (entry,) = await self.entries()
        return entry

    async def call(self) -> Call | None:
        return await self.outside.calls.find((await self.only_entry()).key)


def broker_of(stage: AsgiFastStream) -> SQSBroker:
    assert isinstance(stage.broker, SQSBroker)
    return stage.broker


@pytest.fixture
def outside() -> Outside:
    settings = door_settings(
        filename_pattern=r"^(?P<call_type>[a-z]+) (?P<deal>\d+)",
        tenant_key_pattern=r"^(?:transcripts/)?(?P<tenant>[^/]+)/",
    )
    scene = Outside(settings)
    scene.bucket.put(KEY, wav(8.0))
    return scene


@pytest.fixture
async def ingest(outside: Outside) -> AsyncIterator[Ingest]:
    stage = create_consumer(outside.settings, outside.open)
    async with TestSQSBroker(broker_of(stage)) as broker, serving(stage):
        yield Ingest(broker, outside)


async def test_a_golden_upload_becomes_a_golden_call(ingest: Ingest) -> None:
    """CallUploaded is answered with CallIngested, and the call is kept with what was found."""
    await ingest.receive(golden("call.uploaded.v1"))

    assert [golden("call.ingested.v1")] == ingest.announced
    call = await ingest.outside.calls.get(ACME)
    assert ("Anna", "Globex", "outbound") == (
        call.metadata.agent,
        call.metadata.customer,
        call.metadata.direction,
    )
    assert call.recording == CallIngested.model_validate(golden("call.ingested.v1")).recording


async def test_a_redelivered_call_is_fetched_and_announced_once(ingest: Ingest) -> None:
    """A second delivery finds that the call was announced, and lets it be."""
    for _ in range(2):
        await ingest.receive(golden("call.uploaded.v1"))

    assert [golden("call.ingested.v1")] == ingest.announced
    assert 1 == ingest.outside.bucket.reads


async def test_a_call_that_was_kept_and_not_announced_is_announced(ingest: Ingest) -> None:
    """A worker that died between the two left the call kept; the next delivery announces it."""
    await ingest.receive(golden("call.uploaded.v1"))
    ingest.outside.rows["work"].forget()
    await ingest.receive(golden("call.uploaded.v1"))

    assert [golden("call.ingested.v1")] * 2 == ingest.announced
    assert 1 == ingest.outside.bucket.reads


async def test_of_two_workers_at_once_one_announces_the_call(ingest: Ingest) -> None:
    """One keeps the call and announces it; the other gives its message back and finds it done later."""
    notice = golden("call.uploaded.v1")
    await asyncio.gather(ingest.receive(notice), ingest.receive(notice))

    assert [golden("call.ingested.v1")] == ingest.announced
    assert 1 == ingest.outside.rows["calls"].count()


class Failing(FakeBucket):
    """A bucket that fails in one way."""

    failure: Exception

    async def fetch(self, ref: Any, path: Any) -> int:
        raise self.failure


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (Transient("later", reason="storage_unavailable"), "uploaded"),
        (Permanent("gone", reason="not_found"), "failed"),
    ],
)
async def test_a_failed_call_is_neither_kept_nor_announced(
    outside: Outside, failure: Any, status: str
) -> None:
    """A fault that may pass leaves the call waiting, one that will not ends it; the journal says why."""
    bucket = Failing(outside.bucket.objects)
    bucket.failure, outside.bucket = failure, bucket
    stage = create_consumer(outside.settings, outside.open)
    async with TestSQSBroker(broker_of(stage)) as broker, serving(stage):
        ingest = Ingest(broker, outside)
        await ingest.receive(golden("call.uploaded.v1"))
        entry = await ingest.only_entry()

        assert ([], 0) == (ingest.announced, outside.rows["calls"].count())
    error = entry.stages["ingest"].error
    assert error is not None
    assert (status, failure.reason) == (entry.status, error.reason)


async def test_after_a_fault_the_next_delivery_succeeds(ingest: Ingest) -> None:
    """A recording that was not there yet is found when the message comes again."""
    content = ingest.outside.bucket.objects.pop((BUCKET, KEY))
    await ingest.receive(golden("call.uploaded.v1"))
    failed = await ingest.only_entry()
    ingest.outside.bucket.objects[BUCKET, KEY] = content
    await ingest.receive(golden("call.uploaded.v1"))

    assert ("failed", "uploaded") == (failed.status, (await ingest.only_entry()).status)
    assert [golden("call.ingested.v1")] == ingest.announced


@pytest.mark.parametrize("notice", [{}, [], "nonsense", {"type": "call.uploaded.v1"}, {"Records": [{}]}])
async def test_nonsense_is_refused_quietly(ingest: Ingest, notice: Any) -> None:
    """What cannot be understood is kept nowhere and announced to nobody."""
    await ingest.receive(notice)

    assert ([], []) == (ingest.announced, await ingest.entries())


async def test_an_event_from_the_future_is_understood(ingest: Ingest) -> None:
    """Unknown fields are ignored."""
    await ingest.receive(golden("call.uploaded.v1") | {"mood": {"sunny": True}})

    assert [golden("call.ingested.v1")] == ingest.announced


@pytest.mark.parametrize("shape", ["s3", "eventbridge"])
async def test_an_object_notification_becomes_a_call_of_its_keys_tenant(ingest: Ingest, shape: str) -> None:
    """Tenant and metadata come from the key, the id from the object."""
    await ingest.receive(golden(f"call.uploaded.v1.{shape}"))
    call = await ingest.call()

    assert call is not None
    assert ("acme", "call", {"deal": "42"}) == (
        call.tenant_id,
        call.metadata.call_type,
        call.metadata.extra,
    )
    assert KEY.rpartition("/")[2] == call.metadata.filename
    assert call.call_id.startswith("c-")
    assert 1 == len(ingest.announced)


async def test_all_notices_of_one_object_are_one_call(ingest: Ingest) -> None:
    """S3's notice, EventBridge's, and an event that names neither id nor ETag agree on the id."""
    await ingest.receive(golden("call.uploaded.v1.s3"))
    await ingest.receive(golden("call.uploaded.v1.eventbridge"))
    await ingest.receive(
        {"type": "call.uploaded.v1", "recording": {"bucket": BUCKET, "key": KEY}},
    )

    assert 1 == len(ingest.announced)
    assert 1 == len(await ingest.entries())
    assert 1 == ingest.outside.bucket.reads


async def test_an_upload_through_our_door_and_its_notification_are_one_call(ingest: Ingest) -> None:
    """A key of ours carries the call's id."""
    call_id = "c-0123456789abcdef0123456789abcdef"
    key = f"globex/2026/11/22/{call_id}.wav"
    ingest.outside.bucket.put(key, wav(), etag="first")
    event = {"type": "call.uploaded.v1", "tenant_id": "globex", "call_id": call_id}
    await ingest.receive(event | {"recording": {"bucket": BUCKET, "key": key, "etag": "of another upload"}})
    notice = golden("call.uploaded.v1.s3")
    notice["Records"][0]["s3"]["object"] = {"key": key, "size": 1, "eTag": "first"}
    await ingest.receive(notice)

    assert ("globex", call_id) == ((await ingest.only_entry()).tenant_id, (await ingest.only_entry()).call_id)
    assert 1 == len(ingest.announced)


async def test_a_notice_of_several_uploads_is_taken_apart(ingest: Ingest) -> None:
    """Each record is a call of its own; one that fails takes no other with it."""
    ingest.outside.bucket.put("globex/second.wav", wav(2.0), etag="e2")
    ingest.outside.bucket.put("globex/broken.wav", b"text", etag="e3")
    notice = golden("call.uploaded.v1.s3")
    (first,) = notice["Records"]
    others = [("globex/broken.wav", "e3"), ("globex/second.wav", "e2")]
    for key, etag in others:
        stored = {"bucket": {"name": BUCKET}, "object": {"key": key, "size": 1, "eTag": etag}}
        notice["Records"].append(first | {"s3": stored})
    await ingest.receive(notice)

    assert ["failed", "uploaded", "uploaded"] == sorted(entry.status for entry in await ingest.entries())
    assert {KEY, "globex/second.wav"} == {event["recording"]["object"]["key"] for event in ingest.announced}


async def test_the_predecessors_message_is_understood(ingest: Ingest) -> None:
    """It is a call of the default tenant under its own id."""
    await ingest.receive(golden("call.uploaded.v1.predecessor"))

    (event,) = ingest.announced
    assert ("default", "7f9c24e8-3b12-4fef-91e0-5ad6f3a7c0de") == (event["tenant_id"], event["call_id"])


async def test_the_buckets_test_event_is_let_go(ingest: Ingest) -> None:
    """Configuring a notification leaves no trace."""
    await ingest.receive({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET})

    assert ([], []) == (ingest.announced, await ingest.entries())


async def test_a_sidecar_tells_what_event_and_name_do_not(ingest: Ingest) -> None:
    """Event, name, sidecar: the earlier is believed."""
    sidecar = {"agent": "Sidecar", "contact_email": "a@b.test", "call_type": "Sidecar", "floor": 3}
    ingest.outside.bucket.put(SIDECAR, json.dumps(sidecar).encode())
    await ingest.receive(golden("call.uploaded.v1"))
    call = await ingest.outside.calls.get(ACME)

    assert ("Anna", "a@b.test", "call") == (
        call.metadata.agent,
        call.metadata.contact_email,
        call.metadata.call_type,
    )
    assert {"deal": "17", "floor": "3"} == call.metadata.extra


@pytest.mark.parametrize("roles", ["customer, agent", ["customer", "agent"]])
async def test_a_call_tells_who_speaks_on_which_channel(ingest: Ingest, roles: object) -> None:
    """As an object's metadata can say it, or as JSON does; the transcriber hears of it."""
    ingest.outside.bucket.put(SIDECAR, json.dumps({"channel_roles": roles}).encode())
    await ingest.receive(golden("call.uploaded.v1"))

    assert [["customer", "agent"]] == [event["channel_roles"] for event in ingest.announced]


@pytest.mark.parametrize("sidecar", [b"{", b"[]", b"\xff\xfe", b"[" * 60_000, b" " * 70_000])
async def test_a_bad_sidecar_costs_no_call(ingest: Ingest, sidecar: bytes) -> None:
    """Metadata is never worth a call."""
    ingest.outside.bucket.put(SIDECAR, sidecar)
    await ingest.receive(golden("call.uploaded.v1"))

    assert [golden("call.ingested.v1")] == ingest.announced


async def test_a_transcript_made_elsewhere_enters_after_ingest(ingest: Ingest) -> None:
    """A transcript under transcripts/ is announced by reference; no recording is needed."""
    ingest.outside.bucket.put("transcripts/acme/7.json", b'{"utterances": []}', etag="t1")
    notice = golden("call.uploaded.v1.s3")
    notice["Records"][0]["s3"]["object"] = {"key": "transcripts/acme/7.json", "size": 1, "eTag": "t1"}
    await ingest.receive(notice)

    (event,) = ingest.announced
    assert (None, "acme") == (event["recording"], event["tenant_id"])
    assert {"bucket": BUCKET, "key": "transcripts/acme/7.json", "version": None, "etag": "t1"} == event[
        "transcript"
    ]


async def test_a_transcript_from_a_forbidden_place_is_refused(ingest: Ingest) -> None:
    """Every object that an event names must lie where it may."""
    await ingest.receive(golden("call.uploaded.v1") | {"transcript": {"bucket": "stranger", "key": "t.json"}})
    failed = (await ingest.only_entry()).failed

    assert failed is not None
    assert ("forbidden_location", []) == (failed.reason, ingest.announced)


@pytest.mark.parametrize(
    ("place", "content", "reason"),
    [
        ({"bucket": "stranger", "key": "a.wav"}, b"x", "forbidden_location"),
        ({"bucket": BUCKET, "key": "acme/../a.wav"}, b"x", "forbidden_location"),
        ({"bucket": BUCKET, "key": "acme/missing.wav"}, None, "not_found"),
        ({"bucket": BUCKET, "key": "acme/empty.wav"}, b"", "empty_file"),
        ({"bucket": BUCKET, "key": "acme/text.wav"}, b"hello", "no_audio_stream"),
        ({"bucket": BUCKET, "key": "acme/broken.wav"}, b"RIFF\x00", "unreadable_audio"),
        ({"bucket": BUCKET, "key": "acme/slow.wav"}, wav(10, rate=1000), "unsupported_audio"),
        ({"bucket": BUCKET, "key": "acme/new.wav", "etag": "old"}, wav(), "changed"),
        ({"bucket": BUCKET, "key": "x y/a.wav", "etag": "e"}, wav(), None),
    ],
)
async def test_what_is_no_recording_ends_with_a_reason(
    ingest: Ingest, place: dict[str, str], content: bytes | None, reason: str | None
) -> None:
    """Every refusal is in the journal of its call; only a call of nobody has none."""
    if content is not None:
        ingest.outside.bucket.put(place["key"], content, bucket=place["bucket"])
    await ingest.receive({"type": "call.uploaded.v1", "recording": place})
    failures = [entry.failed.reason for entry in await ingest.entries() if entry.failed]

    assert ([reason] if reason else []) == failures
    assert [] == ingest.announced


async def test_a_call_is_announced_in_its_tenants_group(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fair queues need to know whose message it is."""
    sent: list[Any] = []

    async def remember(event: CallIngested, **options: Any) -> None:
        sent.append((event.call_id, options))

    stage = create_consumer(outside.settings, outside.open)
    async with TestSQSBroker(broker_of(stage)) as broker, serving(stage):
        monkeypatch.setattr(ingested, "publish", remember)
        await broker.publish(golden("call.uploaded.v1"), INGEST.queue)

    assert [("c-42", {"group_id": "acme"})] == sent
