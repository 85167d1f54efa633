"""The SQS in memory is as strict as the real one."""

import asyncio
from typing import Any

import pytest
from botocore.exceptions import ClientError
from faststream_sqs import FakeSQS
from faststream_sqs.fake import Fault


@pytest.fixture
def url(fake: FakeSQS) -> str:
    return fake.add_queue("work")


def batch(*bodies: str, **common: Any) -> list[dict[str, Any]]:
    return [{"Id": str(n), "MessageBody": body, **common} for n, body in enumerate(bodies)]


def attributes(count: int, value: str = "x") -> dict[str, Any]:
    return {f"a{n}": {"DataType": "String", "StringValue": value} for n in range(count)}


async def receive(fake: FakeSQS, url: str, **more: Any) -> list[dict[str, Any]]:
    named = {"MessageSystemAttributeNames": ["All"]} | more
    answer = await fake.receive_message(QueueUrl=url, MaxNumberOfMessages=10, **named)
    return list(answer.get("Messages", []))


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({"MessageBody": ""}, id="empty body"),
        pytest.param({"MessageBody": "\x00"}, id="a character XML does not know"),
        pytest.param({"MessageBody": "x", "MessageAttributes": attributes(11)}, id="eleven attributes"),
        pytest.param({"MessageBody": "x", "MessageAttributes": attributes(1, "")}, id="empty attribute"),
        pytest.param({"MessageBody": "x", "DelaySeconds": 901}, id="too long a delay"),
    ],
)
async def test_refuses(fake: FakeSQS, url: str, entry: dict[str, Any]) -> None:
    """An entry SQS refuses is refused, and nothing is stored."""
    answer = await fake.send_message_batch(QueueUrl=url, Entries=[{"Id": "0", **entry}])

    assert [True] == [failure["SenderFault"] for failure in answer["Failed"]]
    assert [] == fake.bodies("work")


@pytest.mark.parametrize(
    "entries", [[], batch(*"abcdefghijk"), batch("a") + batch("b"), batch("x" * 600_000, "y" * 600_000)]
)
async def test_refuses_batches(fake: FakeSQS, url: str, entries: list[dict[str, Any]]) -> None:
    """No entries, eleven, two of one id, and more than a mebibyte are errors of the request."""
    with pytest.raises(ClientError):
        await fake.send_message_batch(QueueUrl=url, Entries=entries)


async def test_visibility(fake: FakeSQS, url: str) -> None:
    """A received message is hidden for its lease and comes back with a higher count and a new handle."""
    fake.put("work", "x")
    (first,) = await receive(fake, url, VisibilityTimeout=10)
    assert [] == await receive(fake, url)
    (second,) = await receive(fake, url, WaitTimeSeconds=20)

    assert ["1", "2"] == [m["Attributes"]["ApproximateReceiveCount"] for m in (first, second)]
    assert first["ReceiptHandle"] != second["ReceiptHandle"]


async def test_stale_handles(fake: FakeSQS, url: str) -> None:
    """A stale handle deletes nothing though it succeeds, and changes no visibility."""
    fake.put("work", "x")
    (stale,) = await receive(fake, url, VisibilityTimeout=1)
    await asyncio.sleep(2)
    await receive(fake, url)
    entry = {"Id": "0", "ReceiptHandle": stale["ReceiptHandle"]}

    deleted = await fake.delete_message_batch(QueueUrl=url, Entries=[entry])
    changed = await fake.change_message_visibility_batch(
        QueueUrl=url, Entries=[entry | {"VisibilityTimeout": 0}]
    )

    assert ([], ["x"]) == (deleted["Failed"], fake.bodies("work"))
    assert "ReceiptHandleIsInvalid" == changed["Failed"][0]["Code"]


async def test_redrive(fake: FakeSQS) -> None:
    """After its last delivery a message is in the dead-letter queue."""
    url = fake.add_queue("twice", dead_letter="dead", max_receive_count=2)
    fake.put("twice", "x")
    for _ in range(2):
        await receive(fake, url, VisibilityTimeout=1)
        await asyncio.sleep(1)

    assert ([], ["x"]) == (await receive(fake, url), fake.bodies("dead"))


async def test_long_poll_wakes_up(fake: FakeSQS, url: str) -> None:
    """A waiting receive returns when a message comes, and empty when none does."""
    waiting = asyncio.create_task(receive(fake, url, WaitTimeSeconds=20))
    await asyncio.sleep(3)
    fake.put("work", "x")

    assert 1 == len(await waiting)
    started = asyncio.get_running_loop().time()
    assert [] == await receive(fake, url, WaitTimeSeconds=5)
    assert 5 == pytest.approx(asyncio.get_running_loop().time() - started)


async def test_deduplication(fake: FakeSQS) -> None:
    """A FIFO queue takes a deduplication id once within five minutes."""
    url = fake.add_queue("line.fifo")
    common = {"MessageGroupId": "g", "MessageDeduplicationId": "d"}
    for _ in range(2):
        await fake.send_message_batch(QueueUrl=url, Entries=batch("x", **common))

    assert ["x"] == fake.bodies("line.fifo")


@pytest.mark.parametrize("after_effect", [False, True])
async def test_faults(fake: FakeSQS, url: str, *, after_effect: bool) -> None:
    """A fault fails the request, before or after SQS did what was asked."""
    fake.fail("send_message_batch", Fault(after_effect=after_effect))

    with pytest.raises(ClientError):
        await fake.send_message_batch(QueueUrl=url, Entries=batch("x"))

    assert (["x"] if after_effect else []) == fake.bodies("work")
