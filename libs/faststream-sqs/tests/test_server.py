"""The same promises over the wire: against MiniStack, or the server FASTSTREAM_SQS_TEST_URL names."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen
from uuid import uuid4

import pytest
from faststream.exceptions import NackMessage, RejectMessage
from faststream_sqs import (
    BatchFailure,
    FifoQueue,
    ProcessQueue,
    QueueNotFoundError,
    RedrivePolicy,
    S3ClaimCheck,
    SQSBatchMessage,
    SQSBroker,
    SQSMessage,
    SQSQueue,
)
from pydantic import BaseModel

START = 30.0  # seconds the server may take to answer


class Call(BaseModel):
    tenant_id: str
    number: int


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urlopen(f"{url}/_ministack/health", timeout=1):  # noqa: S310 - a loopback URL of our own
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"no server at {url}")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    if given := os.environ.get("FASTSTREAM_SQS_TEST_URL"):
        yield given
        return
    port = free_port()
    settings = {
        "SERVICES": "sqs,s3",
        "BIND_HOST": "127.0.0.1",
        "LOG_LEVEL": "WARNING",
        "GATEWAY_PORT": str(port),
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "ministack"], env=os.environ | settings, stdout=subprocess.DEVNULL
    )
    try:
        answers(f"http://127.0.0.1:{port}", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


MakeBroker = Callable[..., SQSBroker]


@pytest.fixture
async def make_broker(endpoint: str) -> AsyncIterator[MakeBroker]:
    brokers: list[SQSBroker] = []

    def make(**options: Any) -> SQSBroker:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
        defaults: dict[str, Any] = {"wait_time": 1, "logger": None, "on_missing_queue": "create"}
        brokers.append(SQSBroker(endpoint, **keys | defaults | options))
        return brokers[-1]

    yield make
    for broker in brokers:
        await broker.stop()


@pytest.fixture
def name() -> str:
    return f"work-{uuid4().hex[:8]}"


Eventually = Callable[..., Any]


async def test_pipeline(make_broker: MakeBroker, eventually: Eventually, name: str) -> None:
    """Messages pass through two handlers with body, headers, group and correlation id intact."""
    broker = make_broker(max_workers=4)
    arrived: dict[int, SQSMessage] = {}

    @broker.subscriber(name, prefetch=10)
    @broker.publisher(f"{name}-next", group_id=lambda call: call.tenant_id)
    async def forward(call: Call) -> Call:
        return call

    @broker.subscriber(f"{name}-next")
    async def collect(call: Call, message: SQSMessage) -> None:
        arrived[call.number] = message

    await broker.start()
    calls = [Call(tenant_id=f"t{n % 3}", number=n) for n in range(30)]
    await broker.publish_batch(
        *calls, queue=name, headers={f"h{n}": "ü" for n in range(12)}, correlation_id="c"
    )
    await eventually(lambda: len(arrived) == 30)

    assert {"t0", "t1", "t2"} == {message.group_id for message in arrived.values()}
    assert {"c"} == {message.correlation_id for message in arrived.values()}
    assert await broker.ping()


async def test_nack_and_reject(make_broker: MakeBroker, eventually: Eventually, name: str) -> None:
    """A returned message comes back counted; a rejected one arrives where the dead are, with a reason."""
    broker = make_broker()
    counts: list[int] = []
    dead: list[dict[str, Any]] = []
    await broker.connect()
    await broker.config.broker_config.locate(SQSQueue(f"{name}-dead"))

    @broker.subscriber(SQSQueue(name, visibility_timeout=30, redrive=RedrivePolicy(f"{name}-dead", 5)))
    async def handle(call: Call, message: SQSMessage) -> None:
        counts.append(message.receive_count)
        if message.receive_count == 1:
            raise NackMessage(delay=0)
        raise RejectMessage(reason="no such call")

    @broker.subscriber(f"{name}-dead")
    async def bury(call: Call, message: SQSMessage) -> None:
        dead.append(message.headers)

    await broker.start()
    await broker.publish(Call(tenant_id="t", number=1), name)
    await eventually(lambda: dead)

    expected = {"x-dead-letter-reason": "no such call", "x-dead-letter-source": name}
    assert ([1, 2], True) == (counts, dead[0].items() >= expected.items())


async def test_heartbeat(make_broker: MakeBroker, eventually: Eventually, name: str) -> None:
    """A handler longer than its lease is called once."""
    broker = make_broker(max_workers=2)
    calls: list[int] = []
    finished: list[int] = []

    @broker.subscriber(SQSQueue(name, visibility_timeout=2), ack_linger=0)
    async def handle(call: Call) -> None:
        calls.append(call.number)
        await asyncio.sleep(5)
        finished.append(call.number)

    await broker.start()
    await broker.publish(Call(tenant_id="t", number=1), name)
    await eventually(lambda: finished)

    assert [1] == calls


async def test_stop_strands_nothing(make_broker: MakeBroker, eventually: Eventually, name: str) -> None:
    """After a stop every unhandled message is there for the next consumer at once."""
    first, second = make_broker(), make_broker(max_workers=10)
    handled: list[int] = []

    @first.subscriber(SQSQueue(name, visibility_timeout=600), prefetch=9)
    async def slow(call: Call) -> None:
        handled.append(call.number)
        await asyncio.sleep(0.5)

    @second.subscriber(SQSQueue(name, visibility_timeout=600))
    async def rest(call: Call) -> None:
        handled.append(call.number)

    await first.start()
    await first.publish_batch(*(Call(tenant_id="t", number=n) for n in range(10)), queue=name)
    await eventually(lambda: handled)
    await first.stop()
    await second.start()
    await eventually(lambda: len(handled) >= 10)

    assert list(range(10)) == sorted(handled)


async def test_missing_queue(make_broker: MakeBroker, name: str) -> None:
    """The server's own error for a missing queue is understood."""
    broker = make_broker(on_missing_queue="fail")

    @broker.subscriber(name)
    async def handle(call: Call) -> None: ...

    with pytest.raises(QueueNotFoundError, match=name):
        await broker.start()


async def test_batches(make_broker: MakeBroker, eventually: Eventually, name: str) -> None:
    """Several receives fill one batch, and only what failed comes again."""
    broker = make_broker()
    sizes: list[int] = []
    seen: list[int] = []

    @broker.subscriber(name, batch=True, batch_size=25, batch_window=1, ack_linger=0)
    async def handle(calls: list[Call], message: SQSBatchMessage) -> None:
        sizes.append(len(calls))
        seen.extend(call.number for call in calls)
        if len(sizes) == 1:
            raise BatchFailure({message.messages[0].message_id: NackMessage(delay=0)})

    await broker.connect()
    await broker.publish_batch(*(Call(tenant_id="t", number=n) for n in range(25)), queue=name)
    await broker.start()
    await eventually(lambda: len(seen) >= 26)
    await broker.stop()

    assert (25, 26, 25) == (sizes[0], len(seen), len(set(seen)))


async def test_fifo_batches(make_broker: MakeBroker, eventually: Eventually, name: str) -> None:
    """Batches of a FIFO queue keep the order of each group."""
    broker = make_broker(max_workers=2)
    queue = FifoQueue(f"{name}.fifo", content_based_deduplication=True)
    seen: dict[str, list[int]] = {"a": [], "b": []}

    @broker.subscriber(queue, batch=True, batch_size=3)
    async def handle(calls: list[Call]) -> None:
        for call in calls:
            seen[call.tenant_id].append(call.number)

    await broker.connect()
    await broker.config.broker_config.locate(queue)
    calls = [Call(tenant_id="ab"[n % 2], number=n) for n in range(12)]
    await broker.publish_batch(*calls, queue=queue, group_id=lambda call: call.tenant_id)
    await broker.start()
    await eventually(lambda: len(seen["a"]) + len(seen["b"]) == 12)

    assert {"a": [0, 2, 4, 6, 8, 10], "b": [1, 3, 5, 7, 9, 11]} == seen


async def test_requests(make_broker: MakeBroker, name: str) -> None:
    """Requests get their own replies; the queue made for them is gone after the stop."""
    server, client = make_broker(), make_broker(response_queue=ProcessQueue(f"{name}-replies-"))

    @server.subscriber(name, max_workers=10)
    async def handle(call: Call) -> int:
        return call.number * 2

    await server.start()
    await client.connect()
    replies = await asyncio.gather(*(client.request(Call(tenant_id="t", number=n), name) for n in range(12)))
    assert [n * 2 for n in range(12)] == [await reply.decode() for reply in replies]
    reader = client.config.broker_config.connected.replies
    assert reader is not None
    url = await reader.open()
    await client.stop()

    gone = make_broker(on_missing_queue="fail")
    await gone.connect()
    with pytest.raises(QueueNotFoundError):
        await gone.config.broker_config.locate(SQSQueue(url.rsplit("/", 1)[-1]))


async def test_taking_by_hand(make_broker: MakeBroker, name: str) -> None:
    """Messages taken by hand are gone once acknowledged, and back after the stop if not."""
    first, second = make_broker(), make_broker()
    taken, again = first.subscriber(name), second.subscriber(name)
    await first.start()
    await first.publish_batch("a", "b", queue=name)
    one, other = await taken.get_one(), await taken.get_one()
    assert one is not None
    assert other is not None
    await one.ack(flush=True)
    left = await other.decode()
    await first.stop()
    await second.start()
    back = await again.get_one(timeout=5)
    assert back is not None
    await back.ack(flush=True)

    assert (left, None) == (await back.decode(), await again.get_one(timeout=1))


async def test_claim_check(make_broker: MakeBroker, eventually: Eventually, endpoint: str, name: str) -> None:
    """Two mebibytes pass through S3, and the object goes after the message."""
    check = S3ClaimCheck(bucket=name, endpoint_url=endpoint, delete_after_ack=True)
    broker = make_broker(claim_check=check)
    seen: list[int] = []

    @broker.subscriber(name, ack_linger=0)
    async def handle(body: str) -> None:
        seen.append(len(body))

    async with broker._access.s3(endpoint) as s3:
        client: Any = s3
        await client.create_bucket(Bucket=name)
        await broker.connect()
        await broker.publish("x" * 2_000_000, name)
        assert 1 == (await client.list_objects_v2(Bucket=name)).get("KeyCount", 0)
        await broker.start()
        await eventually(lambda: seen)
        await broker.stop()
        assert 0 == (await client.list_objects_v2(Bucket=name)).get("KeyCount", 0)

    assert [2_000_000] == seen
