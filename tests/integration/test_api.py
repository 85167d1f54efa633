"""The door on real servers: what is handed in is stored, announced and found again."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from common.clients import open_redis
from common.pipeline import PIPELINE
from common.settings import RedisSettings
from faststream_sqs.sessions import open_session
from ingest.app import create_app
from ingest.cache import AnswerCache
from ingest.limiter import Limiter
from ingest.settings import DoorSettings
from ingest_scene import serving, wav
from onebox.aws import NotOffered, create_queues, notify, queue_arn
from servers import Servers
from waiting import until

REGION = "us-east-1"
ROOT = "http://127.0.0.1:8000"
PATIENCE = 20  # seconds


@dataclass
class World:
    """The servers, the queues on them, and clients of both."""

    server: Servers
    sqs: Any
    s3: Any
    bucket: str
    queues: dict[str, str]
    name: str

    def settings(self, **more: Any) -> DoorSettings:
        return DoorSettings(
            aws_region=REGION,
            aws_endpoint_url_sqs=self.server("sqs"),
            aws_endpoint_url_s3=self.server("s3"),
            s3_bucket_audio=self.bucket,
            s3_bucket_transcripts="callstream-transcripts",
            mongodb_uri=self.server("mongo"),
            mongodb_database=self.name,
            redis_endpoint=self.server("redis"),
            opensearch_url="http://127.0.0.1:1",
            openai_api_key="none",
            sqs_ingest_queue_url=self.queues["ingest"],
            sqs_transcribe_queue_url=self.queues["transcribe"],
            sqs_analyze_queue_url=self.queues["analyze"],
            sqs_embed_queue_url=self.queues["embed"],
            sqs_wait_seconds=1,
            **more,
        )

    async def receive(self, queue: str, count: int) -> list[Any]:
        """The next messages' bodies, within the deadline."""
        bodies: list[Any] = []
        async with asyncio.timeout(PATIENCE):
            while len(bodies) < count:
                bodies += await self._poll(self.queues[queue])
        return bodies

    async def tell(self, call_id: str) -> None:
        """Send the notice that S3 sends where it can."""
        found = await self.s3.list_objects_v2(Bucket=self.bucket)
        (key,) = (row["Key"] for row in found["Contents"] if row["Key"].endswith(f"{call_id}.wav"))
        stored = {"bucket": {"name": self.bucket}, "object": {"key": key}}
        record = {
            "eventVersion": "2.4",
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": stored,
        }
        await self.sqs.send_message(
            QueueUrl=self.queues["ingest"], MessageBody=json.dumps({"Records": [record]})
        )

    async def empty(self, queue: str) -> bool:
        """Whether nothing waits on a queue or is in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = await self.sqs.get_queue_attributes(QueueUrl=self.queues[queue], AttributeNames=names)
        return {"0"} == {answer["Attributes"][name] for name in names}

    async def _poll(self, url: str) -> list[Any]:
        answer = await self.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1, MaxNumberOfMessages=10)
        found = answer.get("Messages") or []
        for message in found:
            await self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in found]


@pytest.fixture
async def world(server: Servers, s3: Any, bucket: str, fresh: str) -> AsyncIterator[World]:
    sqs_url = server("sqs")
    async with open_session().create_client("sqs", region_name=REGION, endpoint_url=sqs_url) as sqs:
        names = {stage.name: f"{stage.name}-{fresh}" for stage in PIPELINE}
        created = await create_queues(sqs, {full: {} for full in names.values()})
        queues = {logical: created[full] for logical, full in names.items()}
        yield World(server, sqs, s3, bucket, queues, fresh)
        for url in created.values():
            await sqs.delete_queue(QueueUrl=url)
            await sqs.delete_queue(QueueUrl=f"{url}-dlq")


@asynccontextmanager
async def opened(settings: DoorSettings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        serving(app),
        httpx.AsyncClient(transport=transport, base_url=f"{ROOT}/api/v1") as client,
    ):
        yield client


async def hand_in(client: httpx.AsyncClient, content: bytes) -> httpx.Response:
    file = {"file": ("call.wav", content, "audio/wav")}
    return await client.post("/calls/upload", files=file, data={"agent": "Anna"})


async def test_what_is_handed_in_is_stored_and_announced(world: World) -> None:
    """After 201 the object, its sidecar and the event are there, although nobody drains the queue."""
    content = wav(150.0, rate=48_000)  # 29 MB: several parts
    async with opened(world.settings(ingest_consumer=False)) as client:
        answer = await hand_in(client, content)
    (event,) = await world.receive("ingest", 1)
    stored = await world.s3.get_object(Bucket=world.bucket, Key=event["recording"]["key"])
    async with stored["Body"] as body:
        kept = await body.read()
    sidecar = await world.s3.head_object(Bucket=world.bucket, Key=f"{event['recording']['key']}.json")

    assert (201, "call.uploaded.v1") == (answer.status_code, event["type"])
    assert (answer.json()["call_id"], "default") == (event["call_id"], event["tenant_id"])
    assert event["recording"]["etag"] == stored["ETag"].strip('"')
    assert (content == kept, "audio/wav") == (True, stored["ContentType"])
    assert sidecar["ContentLength"] > 0


async def hand_in_parts(client: httpx.AsyncClient, content: bytes) -> httpx.Response:
    """As a browser does: announce, send each part to the store, complete."""
    told = {"filename": "call.wav", "size_bytes": len(content), "agent": "Anna"}
    upload = (await client.post("/uploads", json=told)).json()
    step, sent = upload["part_size_bytes"], []
    async with httpx.AsyncClient(timeout=PATIENCE) as browser:
        for n, part in enumerate(upload["parts"]):
            answer = await browser.put(part["url"], content=content[n * step :][: part["size_bytes"]])
            sent.append({"number": part["number"], "etag": answer.headers["etag"]})
    return await client.post(f"/uploads/{upload['upload_id']}/complete", json={"parts": sent})


async def test_what_comes_in_parts_is_one_call_however_often(world: World) -> None:
    """The object is whole under its call's name, announced once; the same again makes no second object."""
    content = wav(150.0, rate=48_000)
    async with opened(world.settings(ingest_consumer=False, max_upload_bytes=1)) as client:
        answers = [await hand_in_parts(client, content) for _ in range(2)]
    (event,) = await world.receive("ingest", 1)
    found = (await world.s3.list_objects_v2(Bucket=world.bucket))["Contents"]

    assert [201, 200] == [answer.status_code for answer in answers]
    assert {event["call_id"]} == {answer.json()["call_id"] for answer in answers}
    assert {event["recording"]["key"], f"{event['recording']['key']}.json"} == {row["Key"] for row in found}
    assert len(content) in {row["Size"] for row in found}
    assert await world.empty("ingest")


async def test_an_upload_and_its_notification_are_one_call(world: World) -> None:
    """The door's event and the bucket's own are one call, announced once, with the door's metadata."""
    notified = await notify(world.s3, world.bucket, await queue_arn(world.sqs, world.queues["ingest"]))
    async with opened(world.settings()) as client:
        call_id = (await hand_in(client, wav(2.0))).json()["call_id"]
        if isinstance(notified, NotOffered):
            await world.tell(call_id)
        events = await world.receive("transcribe", 1)
        await until(lambda: world.empty("ingest"), 30, what="both notices are dealt with")
        calls = (await client.get("/calls")).json()["calls"]
        call = (await client.get(f"/calls/{call_id}")).json()

    assert [call_id] == [event["call_id"] for event in events] == [call["call_id"] for call in calls]
    assert await world.empty("transcribe")
    assert ("Anna", 2000) == (call["metadata"]["agent"], call["recording"]["duration_ms"])


async def test_a_recordings_address_serves_ranges(world: World) -> None:
    """Whoever follows the redirect may ask for a part, as players do."""
    content = wav(2.0)
    async with opened(world.settings()) as client:
        call_id = (await hand_in(client, content)).json()["call_id"]
        await world.receive("transcribe", 1)
        address = (await client.get(f"/calls/{call_id}/recording")).headers["location"]
    async with httpx.AsyncClient() as player:
        part = await player.get(address, headers={"Range": "bytes=8-11"})

    assert (206, b"WAVE") == (part.status_code, part.content)


async def test_what_cannot_be_opened_is_failed_where_it_is_asked_for(world: World) -> None:
    """A bad recording is a failed call with a reason, its message in the dead-letter queue."""
    async with opened(world.settings()) as client:
        call_id = (await hand_in(client, b"no audio at all\x00")).json()["call_id"]
        world.queues["dead"] = f"{world.queues['ingest']}-dlq"
        (dead,) = await world.receive("dead", 1)
        call = (await client.get(f"/calls/{call_id}")).json()

    assert (call_id, "failed", "unreadable_audio") == (
        dead["call_id"],
        call["status"],
        call["error"]["reason"],
    )


async def test_a_running_stage_is_ready(world: World) -> None:
    """The probes answer on the API's port, once the queue is polled."""
    async with opened(world.settings()) as client:

        async def probed() -> bool:
            answers = [await client.get(f"{ROOT}/health/{name}") for name in ("live", "ready")]
            return [200, 200] == [answer.status_code for answer in answers]

        assert await until(probed, PATIENCE, what="live and ready")


async def test_the_limit_is_shared_and_answers_are_remembered(world: World) -> None:
    """Two processes count one client together, and read one another's answers."""
    settings = RedisSettings(redis_endpoint=world.server("redis"))
    async with open_redis(settings) as one, open_redis(settings) as other:
        limiters = [Limiter("2/minute", one), Limiter("2/minute", other)]
        waits = [await limiter.seconds_to_wait(world.name) for limiter in (*limiters, *limiters)]
        await AnswerCache(one).set("name", b"answer")
        kept = await AnswerCache(other).get("name"), await AnswerCache(other).get("nothing")
        await AnswerCache(one).forget(["name", "nothing"])
        gone = await AnswerCache(other).get("name")

    assert [None, None] == waits[:2]
    assert all(wait and 1 <= wait <= 60 for wait in waits[2:])
    assert (b"answer", None, None) == (*kept, gone)
