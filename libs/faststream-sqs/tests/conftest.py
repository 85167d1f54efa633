"""A loop whose clock jumps instead of waiting, an SQS in memory, and a broker between the two."""

import asyncio
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen
from uuid import uuid4

import anyio.to_thread
import pytest
from faststream_sqs import FakeSQS, SQSBroker, TestSQSBroker
from faststream_sqs.engine.client import QueueInfo, SQSApi
from faststream_sqs.engine.consumer import Consumer, ConsumerOptions
from faststream_sqs.engine.dead_letter import DeadLetters
from faststream_sqs.engine.lease import Lease
from faststream_sqs.engine.recorder import CountingRecorder
from faststream_sqs.engine.sender import Sender
from faststream_sqs.engine.settlement import Settlement
from faststream_sqs.schemas import ConstantRetry

REAL_TIME = {
    "test_cases_consuming",
    "test_cases_middlewares",
    "test_cases_publishing",
    "test_cases_routers",
    "test_command_line",
    "test_conformance",
    "test_fake_http",
    "test_http",
    "test_lean",
    "test_repeating",
    "test_server",
}
START = 60.0  # seconds a server may take to answer

Handler = Callable[[Lease, Settlement], Awaitable[None]]


class JumpingSelector(selectors.DefaultSelector):
    """Skips the time the loop would sleep."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise RuntimeError("the test waits for something that will never happen")
        self.now += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Sleeps in no time."""

    def __init__(self) -> None:
        self._jumping = JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


@pytest.fixture(scope="session")
def virtual_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    """Makes such loops, for tests that run their own."""
    return VirtualLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    real = item.path.stem in REAL_TIME
    return {"real": asyncio.new_event_loop} if real else {"virtual": VirtualLoop}


@pytest.fixture(autouse=True)
def inline_threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """FastDepends reads the context in threads; a clock that jumps would not wait for them."""

    async def run_sync(call: Callable[..., Any], *args: Any, **_: Any) -> Any:
        return call(*args)

    if request.path.stem not in REAL_TIME:
        monkeypatch.setattr(anyio.to_thread, "run_sync", run_sync)


Eventually = Callable[[Callable[[], Any]], Awaitable[None]]


@pytest.fixture
def eventually() -> Eventually:
    """Wait for a condition, at most so many seconds."""

    async def wait(condition: Callable[[], Any], seconds: float = 30.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)

    return wait


@pytest.fixture
def fake() -> FakeSQS:
    """SQS with a work queue, its dead-letter queue and a queue for results."""
    sqs = FakeSQS()
    sqs.add_queue("dead")
    sqs.add_queue("work", VisibilityTimeout=30, dead_letter="dead", max_receive_count=5)
    sqs.add_queue("results")
    return sqs


MakeConsumer = Callable[..., Consumer]


@pytest.fixture
def recorder() -> CountingRecorder:
    return CountingRecorder()


@pytest.fixture
async def make_consumer(fake: FakeSQS, recorder: CountingRecorder) -> AsyncIterator[MakeConsumer]:
    """Start consumers of the fake's queues; they are stopped at the end."""
    api = SQSApi(fake, recorder)
    sender = Sender(api)
    started: list[Consumer] = []

    def make(
        handler: Handler,
        *,
        queue: str = "work",
        visibility: int = 30,
        dead: str | None = "dead",
        **options: Any,
    ) -> Consumer:
        name = queue
        info = QueueInfo(name, fake.add_queue(name), visibility=visibility, fifo=name.endswith(".fifo"))
        target = dead and DeadLetters(QueueInfo(dead, fake.add_queue(dead)), info, sender)
        consumer = Consumer(
            api,
            info,
            handler,
            ConsumerOptions(**{"wait_time": 1, "graceful_timeout": 10.0} | options),
            recorder=recorder,
            dead_letters=target or None,
            retry=ConstantRetry(7),
            log=lambda level, text: None,
        )
        consumer.start()
        started.append(consumer)
        return consumer

    yield make
    for consumer in started:
        await consumer.stop()


MakeBroker = Callable[..., SQSBroker]


@pytest.fixture
async def make_broker(fake: FakeSQS) -> AsyncIterator[MakeBroker]:
    """Brokers over the fake; they are stopped at the end."""
    async with AsyncExitStack() as stack:

        def make(**options: Any) -> SQSBroker:
            defaults: dict[str, Any] = {
                "client_factory": fake.client,
                "wait_time": 1,
                "logger": None,
                "retry": ConstantRetry(7),
            }
            broker = SQSBroker(**defaults | options)
            stack.push_async_callback(broker.stop)
            return broker

        yield make


def answers(url: str) -> bool:
    """Whether somebody listens there, whatever the answer."""
    try:
        with urlopen(url, timeout=1):  # noqa: S310 - a loopback URL of our own
            return True
    except HTTPError:
        return True
    except (URLError, OSError):
        return False


@contextmanager
def served(port: int, *command: str, **settings: str) -> Iterator[str]:
    """A server in a process of its own, once it answers."""
    url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + START
    with subprocess.Popen(  # noqa: S603 - a test server of our own environment
        [sys.executable, "-m", *command],
        env=os.environ | settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            while not answers(url):
                assert server.poll() is None, f"{command[0]} ended"
                assert time.monotonic() < deadline, f"{command[0]} does not answer"
                time.sleep(0.1)
            yield url
        finally:
            server.terminate()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def ministack() -> Iterator[str]:
    """MiniStack's URL."""
    port = free_port()
    settings = {
        "SERVICES": "sqs",
        "BIND_HOST": "127.0.0.1",
        "LOG_LEVEL": "WARNING",
        "GATEWAY_PORT": str(port),
    }
    with served(port, "ministack", **settings) as url:
        yield url


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """Moto's URL."""
    port = free_port()
    with served(port, "moto.server", "-H", "127.0.0.1", "-p", str(port)) as url:
        yield url


class Place:
    """Where a case of FastStream's is played: in memory, or over the wire."""

    def __init__(self, endpoint: str | None) -> None:
        self._endpoint = endpoint
        self.name = f"case-{uuid4().hex[:8]}"

    def broker(self, **options: Any) -> SQSBroker:
        """A broker of this place."""
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
        defaults: dict[str, Any] = {"wait_time": 1, "logger": None, "on_missing_queue": "create"}
        return SQSBroker(self._endpoint, **keys | defaults | options)

    def running(self, broker: SQSBroker) -> AbstractAsyncContextManager[SQSBroker]:
        """The broker at work."""
        return self._started(broker) if self._endpoint else TestSQSBroker(broker)

    @asynccontextmanager
    async def _started(self, broker: SQSBroker) -> AsyncIterator[SQSBroker]:
        async with broker:
            await broker.start()
            yield broker


@pytest.fixture(params=["memory", "ministack", "moto"])
def place(request: pytest.FixtureRequest) -> Place:
    """Each place in turn."""
    return Place(None if request.param == "memory" else request.getfixturevalue(request.param))
