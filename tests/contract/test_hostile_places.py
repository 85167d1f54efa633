"""Hostile keys, buckets and addresses: nothing but what is allowed, and the tenant's own, is ever opened."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from common.clients import open_bedrock, open_s3, open_sqs
from common.errors import Permanent, PipelineError
from common.events import CallUploaded
from common.model import ObjectRef
from common.recordings import ObjectStat, RecordingBucket
from common.settings import AwsSettings
from common.staying import StayingSession
from door_fakes import BUCKET, FakeBucket
from door_scene import Door, complete
from faststream_sqs.sessions import open_session
from ingest.inspector import Inspector
from ingest.recording import Location, Rules, subject
from ingest.uploads import read
from waiting import until

RULES = Rules(BUCKET, (Location(BUCKET), Location("vendor", "calls/")), "default", 10**9)
MINE = "acme/2026/11/22/c-0123456789abcdef0123456789abcdef.wav"
METADATA_SERVICE = "169.254.169.254"

ANYBODY: Any = {
    "region_name": "us-east-1",
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
}
Shape = Callable[[str, str], dict[str, Any]]


@dataclass
class Canary(FakeBucket):
    """Remembers every object that somebody reached for."""

    reached: list[str] = field(default_factory=list)

    async def stat(self, ref: ObjectRef) -> ObjectStat:
        self.reached.append(f"{ref.bucket}/{ref.key}")
        return await super().stat(ref)

    async def fetch(self, ref: ObjectRef, path: Path) -> int:
        self.reached.append(f"{ref.bucket}/{ref.key}")
        return await super().fetch(ref, path)

    async def read(self, ref: ObjectRef, limit: int) -> bytes:
        self.reached.append(f"{ref.bucket}/{ref.key}")
        return await super().read(ref, limit)


def named(bucket: str, key: str) -> dict[str, Any]:
    return {"type": "call.uploaded.v1", "tenant_id": "globex", "recording": {"bucket": bucket, "key": key}}


def as_transcript(bucket: str, key: str) -> dict[str, Any]:
    return {"type": "call.uploaded.v1", "tenant_id": "globex", "transcript": {"bucket": bucket, "key": key}}


def enveloped(bucket: str, key: str) -> dict[str, Any]:
    return {"specversion": "1.0", "type": "call.uploaded.v1", "data": named(bucket, key)}


def notified(bucket: str, key: str) -> dict[str, Any]:
    record = {
        "eventSource": "aws:s3",
        "eventVersion": "2.1",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": {"key": key, "eTag": "e"}},
    }
    return {"Records": [record]}


def forwarded(bucket: str, key: str) -> dict[str, Any]:
    return {"Type": "Notification", "Message": json.dumps(notified(bucket, key))}


def routed(bucket: str, key: str) -> dict[str, Any]:
    detail = {"bucket": {"name": bucket}, "object": {"key": key, "etag": "e"}}
    return {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}


def predecessors(bucket: str, key: str) -> dict[str, Any]:
    return {"call_id": "c-1", "s3_bucket": bucket, "s3_key": key, "format": "wav", "timestamp": None}


SHAPES: dict[str, Shape] = {
    each.__name__: each
    for each in (named, as_transcript, enveloped, notified, forwarded, routed, predecessors)
}
PLACES = {
    "a parent": (BUCKET, "../secret.wav"),
    "a parent inside": (BUCKET, "globex/../acme/secret.wav"),
    "a parent at the end": (BUCKET, "globex/.."),
    "out of a prefix": ("vendor", "calls/../secret.wav"),
    "beside a prefix": ("vendor", "callsigns/secret.wav"),
    "a NUL": (BUCKET, "a\x00.wav"),
    "a line": (BUCKET, "a\r\nHost: evil.wav"),
    "another bucket": ("other-bucket", "a.wav"),
    "an address for a bucket": ("s3://other-bucket", "a.wav"),
    "a longer name": (f"{BUCKET}-evil", "a.wav"),
    "a path in a bucket": (f"{BUCKET}/../other", "a.wav"),
    "a user in a bucket": (f"{BUCKET}@evil.test", "a.wav"),
    "the metadata service": (METADATA_SERVICE, "latest/meta-data/iam/"),
    "loopback": ("127.0.0.1:27017", "a.wav"),
    "loopback as IPv6": ("[::1]", "a.wav"),
    "a mapped address": (f"[::ffff:{METADATA_SERVICE}]", "a.wav"),
    "a name that may turn": ("rebound.evil.test", "a.wav"),
    "a file": ("file:///etc", "passwd"),
    "another tenant's": (BUCKET, MINE),
}
OWNERLESS = {"notified", "forwarded", "routed"}  # S3 names no tenant: the key does


async def taken(body: dict[str, Any], bucket: FakeBucket) -> Permanent | None:
    """What ingest does with a message up to the recording itself; why it refused, if it did."""
    held: Any = bucket
    inspector = Inspector(held, RULES)
    try:
        (upload,) = read(body, RULES.default_tenant)
        ref, refused = await inspector.locate(upload, subject(upload))
        if refused is None:
            await _opened(inspector, upload, ref)
    except Permanent as error:
        return error
    return refused


async def _opened(inspector: Inspector, upload: CallUploaded, ref: ObjectRef) -> None:
    await inspector.sidecar(ref)
    await (inspector.recording(upload, ref) if upload.recording else inspector.transcript(upload, ref))


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
async def test_no_message_makes_us_reach_outside(shape: Shape, place: tuple[str, str]) -> None:
    """Whatever shape it has: it is refused for its place, or as no message, and nothing was reached for."""
    if shape.__name__ in OWNERLESS and place[1] == MINE:
        pytest.skip("a notice by the bucket itself is its owner's")
    bucket = Canary()
    bucket.put(place[1], b"secret", bucket=place[0])
    refused = await taken(shape(*place), bucket)

    assert [] == bucket.reached
    assert refused is not None
    assert refused.reason in {"forbidden_location", "invalid_message"}


@pytest.mark.parametrize(
    "key", ["%2e%2e/secret.wav", "globex/%2E%2E%2Fsecret.wav", "..%2fsecret.wav", "a%00"]
)
@pytest.mark.parametrize("shape", [notified, forwarded])
async def test_what_a_notice_spells_out_of_sight_is_refused(shape: Shape, key: str) -> None:
    """S3's notices have their keys encoded: what counts is what it means."""
    bucket = Canary()
    refused = await taken(shape(BUCKET, key), bucket)

    assert ("forbidden_location", []) == (refused.reason if refused else None, bucket.reached)


@pytest.mark.parametrize(
    "key",
    ["http://169.254.169.254/latest", "file:///etc/passwd", "//evil.test/a.wav", "%2e%2e/a.wav", "é|;`$(id)"],
)
async def test_an_address_for_a_key_is_a_key(key: str) -> None:
    """It names an object in the allowed bucket, however it looks; nothing reads it as anything else."""
    bucket = Canary()
    await taken(named(BUCKET, key), bucket)

    assert {f"{BUCKET}/{key}", f"{BUCKET}/{key}.json"} >= set(bucket.reached) != set()


IDS = [
    *("..%2f..%2fc-1", "%2e%2e", "c-1%00", "c-1%0d%0aX: y"),
    *("s3:%2f%2fother%2fa", "http:%2f%2f169.254.169.254", "c-1%2f..%2fc-2"),
]


@pytest.mark.parametrize("hostile", IDS)
@pytest.mark.parametrize(
    "part", ["", "/recording", "/peaks", "/events", "/transcript", "/metrics", "/similar"]
)
async def test_no_path_of_the_api_makes_us_reach_outside(door: Door, hostile: str, part: str) -> None:
    """404 or 422, and the store has not been asked."""
    await complete(door.outside)
    canary = Canary()
    door.app.state.opened["recordings"] = canary
    answer = await door.get(f"/calls/{hostile}{part}")

    assert answer.status_code in {404, 422}
    assert [] == canary.reached


class Repeating(asyncio.Protocol):
    """Says always the same."""

    def __init__(self, answer: bytes, asked: list[bytes], here: set[asyncio.Protocol]) -> None:
        self._answer = answer
        self._asked = asked
        self._here = here

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._here.add(self)

    def data_received(self, data: bytes) -> None:
        self._asked.append(data)
        self._transport.write(self._answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self._here.discard(self)


@asynccontextmanager
async def listening(answer: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server on loopback, and what it was asked."""
    asked: list[bytes] = []
    here: set[asyncio.Protocol] = set()

    async def gone() -> bool:
        await asyncio.sleep(0)  # a look later, so that the other side has let go, too
        return not here

    loop = asyncio.get_running_loop()
    async with await loop.create_server(lambda: Repeating(answer, asked, here), "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
        await until(gone, 5, what="everybody is gone")


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
async def test_no_redirect_is_followed(status: str) -> None:
    """A store that sends us elsewhere is a store that fails."""
    once = AioConfig(
        s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, http_session_cls=StayingSession
    )
    secret = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: x\r\n\r\n"
    async with listening(secret) as (elsewhere, reached):
        away = f"HTTP/1.1 {status}\r\nLocation: {elsewhere}/latest\r\nContent-Length: 0\r\n\r\n"
        async with listening(away.encode()) as (store, asked):
            client = open_session().create_client("s3", endpoint_url=store, config=once, **ANYBODY)
            async with client as s3:
                with pytest.raises(PipelineError):
                    await RecordingBucket(s3).stat(ObjectRef(bucket=BUCKET, key="a.wav"))

    assert asked
    assert [] == reached


async def test_the_clients_we_open_follow_none() -> None:
    """Of the store, of queues and of models."""
    settings = AwsSettings(aws_region="us-east-1", aws_endpoint_url="http://127.0.0.1:1")
    async with (
        open_s3(settings) as s3,
        open_sqs(settings) as sqs,
        open_bedrock("http://127.0.0.1:1", "us-east-1", read_timeout=1) as bedrock,
    ):
        sessions = [type(each._endpoint.http_session) for each in (s3, sqs, bedrock)]

    assert [StayingSession] * 3 == sessions
