"""Large bodies through S3, in the format of AWS's extended clients."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from faststream_sqs import FakeSQS, MessageTooLargeError, S3ClaimCheck, SQSBroker, SQSMessage, TestSQSBroker
from faststream_sqs.fake import refusal

MakeBroker = Callable[..., SQSBroker]
Eventually = Callable[..., Any]

LARGE = "x" * 2_000_000


class Content:
    def __init__(self, content: bytes) -> None:
        self._content = content

    async def read(self, amount: int) -> bytes:
        amount = min(amount, 65_536)  # as from a socket: what is there, not all that was asked for
        part, self._content = self._content[:amount], self._content[amount:]
        return part


class FakeS3:
    """Objects by bucket and key, and the next error."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}
        self.reads = 0
        self.errors: list[Exception] = []

    @asynccontextmanager
    async def client(self) -> AsyncIterator["FakeS3"]:
        yield self

    async def put_object(self, **request: Any) -> Mapping[str, Any]:
        self._fail()
        self.objects[request["Bucket"], request["Key"]] = request["Body"]
        return {}

    async def get_object(self, **request: Any) -> Mapping[str, Any]:
        self.reads += 1
        self._fail()
        place = (request["Bucket"], request["Key"])
        if place not in self.objects:
            raise refusal("NoSuchKey", "gone", 404)
        return {"Body": Content(self.objects[place]), "ContentLength": len(self.objects[place])}

    async def delete_object(self, **request: Any) -> Mapping[str, Any]:
        self._fail()
        del self.objects[request["Bucket"], request["Key"]]
        return {}

    def _fail(self) -> None:
        if self.errors:
            raise self.errors.pop(0)


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3()


def check(s3: FakeS3, **options: Any) -> S3ClaimCheck:
    return S3ClaimCheck(bucket="ours", client_factory=s3.client, make_key=lambda: "k-1", **options)


def pointing(bucket: str, key: str, *, legacy: bool = False) -> dict[str, Any]:
    kind = (
        "com.amazon.sqs.javamessaging.MessageS3Pointer"
        if legacy
        else "software.amazon.payloadoffloading.PayloadS3Pointer"
    )
    size = "SQSLargePayloadSize" if legacy else "ExtendedPayloadSize"
    return {
        "body": json.dumps([kind, {"s3BucketName": bucket, "s3Key": key}]),
        "MessageAttributes": {size: {"DataType": "Number", "StringValue": "5"}},
    }


async def test_large_message_goes_through_s3(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually, s3: FakeS3
) -> None:
    """SQS holds exactly the extended client's pointer; the handler sees the body; the object stays."""
    broker = make_broker(claim_check=check(s3, prefix="big/"))
    seen: list[int] = []

    @broker.subscriber("work")
    async def handle(body: str) -> None:
        seen.append(len(body))

    await broker.connect()
    await broker.publish(LARGE, "work", headers={"tenant": "acme"})
    (stored,) = fake.messages("work")
    await broker.start()
    await eventually(lambda: not fake.messages("work"))

    assert (
        '["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"ours","s3Key":"big/k-1"}]'
        == stored.entry["MessageBody"]
    )
    size = {"DataType": "Number", "StringValue": "2000000"}
    assert size == stored.entry["MessageAttributes"]["ExtendedPayloadSize"]
    assert ([2_000_000], [("ours", "big/k-1")]) == (seen, list(s3.objects))


async def test_small_message_does_not(fake: FakeSQS, make_broker: MakeBroker, s3: FakeS3) -> None:
    """What fits stays in SQS."""
    broker = make_broker(claim_check=check(s3))
    await broker.connect()
    await broker.publish("x" * 1_000_000, "work")

    assert ({}, 1_000_000) == (s3.objects, len(fake.bodies("work")[0]))


async def test_threshold(fake: FakeSQS, make_broker: MakeBroker, s3: FakeS3) -> None:
    """The operator may send everything through S3."""
    broker = make_broker(claim_check=check(s3, threshold=0))
    await broker.connect()
    await broker.publish("x", "work", headers={f"h{n}": "x" for n in range(9)})

    (stored,) = fake.messages("work")
    assert ([b"x"], True) == (list(s3.objects.values()), len(stored.entry["MessageAttributes"]) <= 10)


@pytest.mark.parametrize("legacy", [False, True])
async def test_other_clients_messages_are_read(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually, s3: FakeS3, *, legacy: bool
) -> None:
    """What the Java, Python or Go client stored is read, in today's format and in the old one."""
    s3.objects["theirs", "k"] = b"hello"
    broker = make_broker(claim_check=check(s3, allowed_buckets=frozenset({"theirs"})))
    seen: list[str] = []

    @broker.subscriber("work")
    async def handle(body: str) -> None:
        seen.append(body)

    await broker.start()
    fake.put("work", **pointing("theirs", "k", legacy=legacy))
    await eventually(lambda: not fake.messages("work"))

    assert ["hello"] == seen


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(pointing("somebody-elses", "k"), id="a bucket not allowed"),
        pytest.param(pointing("ours", "gone"), id="an object that is gone"),
        pytest.param(pointing("ours", "large"), id="more than the limit"),
        pytest.param(pointing("ours", "binary"), id="no text"),
        pytest.param(pointing("ours", "k") | {"body": "no pointer"}, id="no pointer"),
        pytest.param(pointing("ours", "k") | {"body": '["odd", {}]'}, id="an unknown store"),
    ],
)
async def test_bodies_that_cannot_be_had(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually, s3: FakeS3, message: dict[str, Any]
) -> None:
    """A pointer that leads nowhere, or where it must not, is dead-lettered; no foreign bucket is read."""
    s3.objects["somebody-elses", "k"] = b"secret"
    s3.objects["ours", "large"] = b"x" * 101
    s3.objects["ours", "binary"] = b"\xff\xfe"
    broker = make_broker(claim_check=check(s3, max_payload=100))
    seen: list[str] = []

    @broker.subscriber("work")
    async def handle(body: str) -> None:
        seen.append(body)

    await broker.start()
    fake.put("work", **message)
    await eventually(lambda: fake.bodies("dead"))

    (dead,) = fake.messages("dead")
    reason = dead.entry["MessageAttributes"]["x-dead-letter-reason"]["StringValue"]
    assert ([], message["body"], True) == (seen, dead.entry["MessageBody"], reason.startswith("no body"))
    assert s3.reads == (0 if "somebody" in message["body"] or "s3Key" not in message["body"] else 1)


async def test_outage_of_s3_loses_nothing(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually, s3: FakeS3
) -> None:
    """While S3 does not answer, messages come back by the retry policy."""
    s3.objects["ours", "k"] = b"hello"
    s3.errors = [refusal("SlowDown", "later", 503), TimeoutError(), refusal("AccessDenied", "no", 403)]
    broker = make_broker(claim_check=check(s3))
    counts: list[int] = []

    @broker.subscriber("work")
    async def handle(body: str, message: SQSMessage) -> None:
        counts.append(message.receive_count)

    await broker.start()
    fake.put("work", **pointing("ours", "k"))
    await eventually(lambda: not fake.messages("work"), 120)

    assert ([4], []) == (counts, fake.bodies("dead"))


async def test_object_is_deleted_only_when_asked(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually, s3: FakeS3
) -> None:
    """With delete_after_ack the object goes once SQS has deleted its message, and not before."""
    broker = make_broker(claim_check=check(s3, threshold=0, delete_after_ack=True))
    there: list[bool] = []

    @broker.subscriber("work")
    async def handle(body: str, message: SQSMessage) -> None:
        there.append(bool(s3.objects))
        if message.receive_count == 1:
            raise RuntimeError("once")

    await broker.start()
    await broker.publish("x", "work")
    await eventually(lambda: not fake.messages("work"), 60)
    await eventually(lambda: not s3.objects)

    assert [True, True] == there


async def test_deletion_outlives_the_stop(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually, s3: FakeS3
) -> None:
    """Stopping finishes what was acknowledged, the object included."""
    broker = make_broker(claim_check=check(s3, threshold=0, delete_after_ack=True))
    done = asyncio.Event()

    @broker.subscriber("work", ack_linger=100)
    async def handle(body: str) -> None:
        done.set()

    await broker.start()
    await broker.publish("x", "work")
    await done.wait()
    await broker.stop()

    assert ({}, []) == (s3.objects, fake.bodies("work"))


async def test_failing_store_fails_the_publication(
    fake: FakeSQS, make_broker: MakeBroker, s3: FakeS3
) -> None:
    """When S3 does not take the body nothing is sent."""
    broker = make_broker(claim_check=check(s3))
    await broker.connect()
    s3.errors = [refusal("InternalError", "no", 500)]

    with pytest.raises(Exception, match="S3 put in bucket 'ours': InternalError"):
        await broker.publish(LARGE, "work")
    assert [] == fake.bodies("work")


async def test_too_large_without_a_claim_check(make_broker: MakeBroker) -> None:
    """The error names the option."""
    broker = make_broker()
    await broker.connect()

    with pytest.raises(MessageTooLargeError, match="claim_check"):
        await broker.publish(LARGE, "work")


async def test_in_memory(s3: FakeS3) -> None:
    """Under test large messages pass without S3, if the broker has a claim check."""
    broker = SQSBroker(logger=None, claim_check=check(s3))
    seen: list[int] = []

    @broker.subscriber("work")
    async def handle(body: str) -> None:
        seen.append(len(body))

    async with TestSQSBroker(broker) as test:
        await test.publish(LARGE, "work")

    assert ([2_000_000], {}) == (seen, s3.objects)


def test_impossible_threshold(s3: FakeS3) -> None:
    """A threshold above SQS's limit is refused."""
    with pytest.raises(ValueError, match="threshold"):
        check(s3, threshold=2_000_000)


async def test_a_batch_is_not_held_up(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually, s3: FakeS3
) -> None:
    """Of a batch, those whose bodies can be had are handled, the others dead-lettered."""
    s3.objects["ours", "k"] = b'"hello"'
    broker = make_broker(claim_check=check(s3))
    seen: list[list[str]] = []

    @broker.subscriber("work", batch=True)
    async def handle(bodies: list[Any]) -> None:
        seen.append(bodies)

    fake.put("work", **pointing("ours", "gone"))
    fake.put("work", **pointing("ours", "k"))
    fake.put("work", '"small"')
    await broker.start()
    await eventually(lambda: not fake.messages("work"))

    assert (1, ["hello", "small"]) == (len(fake.bodies("dead")), seen[0])


async def test_reply_through_s3(fake: FakeSQS, make_broker: MakeBroker, s3: FakeS3) -> None:
    """Replies may be large, too."""
    fake.add_queue("replies")
    broker = make_broker(claim_check=check(s3), response_queue="replies")

    @broker.subscriber("work")
    async def handle(size: int) -> str:
        return "x" * size

    await broker.start()
    reply = await broker.request(2_000_000, "work")

    assert 2_000_000 == len(reply.body)


async def test_undeleted_object_is_told(
    fake: FakeSQS,
    make_broker: MakeBroker,
    eventually: Eventually,
    s3: FakeS3,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An object that could not be deleted is named in the log, and harms nobody."""
    caplog.set_level(logging.INFO, "stored")
    broker = make_broker(
        claim_check=check(s3, threshold=0, delete_after_ack=True), logger=logging.getLogger("stored")
    )

    @broker.subscriber("work")
    async def handle(body: str) -> None:
        s3.errors = [refusal("AccessDenied", "no", 403)]

    await broker.start()
    await broker.publish("x", "work")
    await eventually(lambda: "stays in S3" in caplog.text)

    assert [] == fake.bodies("work")
