"""How often, and how soon, both transports make a failed request again."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from botocore.exceptions import ClientError
from faststream_sqs import FakeSQS
from faststream_sqs.access import Access, Transport
from faststream_sqs.fake import Fault
from faststream_sqs.fake.http import serving
from faststream_sqs.transport.retry import (
    CAN_REFUSE,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    THROTTLED_PAUSE,
    Repetition,
    pause,
)

KEYS: dict[str, Any] = {
    "region_name": "us-east-1",
    "aws_access_key_id": "key",
    "aws_secret_access_key": "secret",
}
TRANSPORTS: list[Transport] = ["aiobotocore", "lean"]
Connect = Callable[..., AbstractAsyncContextManager[Any]]


@pytest.fixture
async def connect(fake: FakeSQS) -> AsyncIterator[Connect]:
    async with serving(fake) as url:

        def connecting(transport: Transport, **more: Any) -> AbstractAsyncContextManager[Any]:
            return Access(endpoint_url=url, transport=transport, **KEYS | more).client()

        yield connecting


async def send(client: Any, fake: FakeSQS) -> Any:
    entries = [{"Id": "a", "MessageBody": "x"}]
    return await client.send_message_batch(QueueUrl=fake.add_queue("work"), Entries=entries)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_as_often_as_configured(connect: Connect, fake: FakeSQS, transport: Transport) -> None:
    """Two failures are repeated away where three attempts are allowed, three are not."""
    three = AioConfig(retries={"total_max_attempts": 3, "mode": "standard"})
    async with connect(transport, client_config=three) as client:
        fake.fail("send_message_batch", times=2)
        await send(client, fake)
        fake.fail("send_message_batch", times=3)
        with pytest.raises(ClientError):
            await send(client, fake)

    assert 6 == fake.requests["send_message_batch"]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_never_where_forbidden(connect: Connect, fake: FakeSQS, transport: Transport) -> None:
    """Where one attempt is allowed, one is made."""
    once = AioConfig(retries={"total_max_attempts": 1})
    async with connect(transport, client_config=once) as client:
        fake.fail("send_message_batch")
        with pytest.raises(ClientError):
            await send(client, fake)

    assert 1 == fake.requests["send_message_batch"]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_receive_is_repeated_once(connect: Connect, fake: FakeSQS, transport: Transport) -> None:
    """A receive is made twice at most: whoever polls backs off by itself, and the two would multiply.

    With an aiobotocore that cannot be told to stop it is made as often as any other request.
    """
    fake.fail("receive_message", times=4)
    async with connect(transport) as client:
        with pytest.raises(ClientError):
            await client.receive_message(QueueUrl=fake.add_queue("work"))

    assert (2 if transport == "lean" or CAN_REFUSE else 4) == fake.requests["receive_message"]


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("fault", [Fault(), Fault(reset=True)], ids=["unavailable", "reset"])
async def test_soon(connect: Connect, fake: FakeSQS, transport: Transport, fault: Fault) -> None:
    """Twenty requests that each fail once take a fraction of the ten seconds botocore would pause."""
    async with connect(transport) as client:
        await send(client, fake)
        started = time.monotonic()
        for _ in range(20):
            fake.fail("send_message_batch", fault)
            await send(client, fake)
        took = time.monotonic() - started

    # Twenty pauses of up to a second would take ten seconds; the rest is for a busy machine.
    assert (41, True) == (fake.requests["send_message_batch"], took < 20 * FIRST_PAUSE + 3)


async def test_the_lean_transport_respects_throttling(
    connect: Connect, fake: FakeSQS, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When SQS asks to slow down, the pause is of the order of a second, not of milliseconds."""
    monkeypatch.setattr("random.random", lambda: 0.5)
    async with connect("lean") as client:
        started = time.monotonic()
        fake.fail("send_message_batch", Fault("ThrottlingException", 400))
        await send(client, fake)
        took = time.monotonic() - started

    assert (2, True) == (fake.requests["send_message_batch"], took >= 0.5 * THROTTLED_PAUSE)


@dataclass
class Status:
    """What is looked at of an HTTP answer."""

    status_code: int


@pytest.mark.parametrize(
    ("code", "status", "ours"),
    [
        ("ThrottlingException", 400, False),
        ("RequestThrottled", 503, False),
        ("AccessDenied", 403, False),
        ("InternalError", 500, True),
        ("ServiceUnavailable", 503, True),
    ],
)
def test_only_passing_failures_are_hurried(code: str, status: int, *, ours: bool) -> None:
    """How long a throttled request waits, and what is not repeated at all, is left to botocore."""
    decision = Repetition(4)(1, (Status(status), {"Error": {"Code": code}}))

    assert ours is (decision is not None)


def test_pauses_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each pause is up to twice the one before, and never longer than the longest."""
    monkeypatch.setattr("random.random", lambda: 1.0)

    assert [0.05, 0.1, 0.2] == [pause(1), pause(2), pause(3)]
    assert [1.0, LONGEST_PAUSE] == [pause(1, throttled=True), pause(30)]
