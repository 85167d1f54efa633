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
from faststream_sqs import QueueNotFoundError, RedrivePolicy, SQSBroker, SQSMessage, SQSQueue
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
        "SERVICES": "sqs",
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
