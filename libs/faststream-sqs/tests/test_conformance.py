"""The fake and three servers held to the same conversations; where they differ from SQS is listed."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from faststream_sqs import FakeSQS
from faststream_sqs.access import Access
from faststream_sqs.fake.http import serving

OTHER = os.environ.get("FASTSTREAM_SQS_TEST_URL")  # an ElasticMQ
SERVERS = ["fake", "ministack", "moto", *(["elasticmq"] if OTHER else [])]
KEYS: dict[str, Any] = {
    "region_name": "us-east-1",
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
}

Scenario = Callable[[Any, str], Awaitable[Any]]


async def refused(request: Awaitable[Any]) -> bool:
    """Whether the request, or an entry of it, was refused."""
    try:
        answer = await request
    except (ClientError, ParamValidationError):
        return True
    return bool(answer.get("Failed"))


def entries(*bodies: str, **common: Any) -> list[dict[str, Any]]:
    return [{"Id": str(n), "MessageBody": body, **common} for n, body in enumerate(bodies)]


def attributes(count: int, value: str = "x") -> dict[str, Any]:
    return {f"a{n}": {"DataType": "String", "StringValue": value} for n in range(count)}


async def send(client: Any, url: str, *bodies: str, **common: Any) -> Any:
    return await client.send_message_batch(QueueUrl=url, Entries=entries(*bodies, **common))


async def receive(client: Any, url: str, **more: Any) -> list[dict[str, Any]]:
    answer = await client.receive_message(QueueUrl=url, **{"MaxNumberOfMessages": 10} | more)
    return list(answer.get("Messages") or [])


async def change(client: Any, url: str, message: dict[str, Any], seconds: int) -> Any:
    entry = {"Id": "0", "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": seconds}
    return await client.change_message_visibility_batch(QueueUrl=url, Entries=[entry])


async def empty_body(client: Any, url: str) -> Any:
    return await refused(send(client, url, ""))


async def control_character(client: Any, url: str) -> Any:
    return await refused(send(client, url, "\x01"))


async def eleven_attributes(client: Any, url: str) -> Any:
    return await refused(send(client, url, "x", MessageAttributes=attributes(11)))


async def empty_attribute(client: Any, url: str) -> Any:
    return await refused(send(client, url, "x", MessageAttributes=attributes(1, "")))


async def too_long_a_delay(client: Any, url: str) -> Any:
    return await refused(send(client, url, "x", DelaySeconds=901))


async def empty_batch(client: Any, url: str) -> Any:
    return await refused(send(client, url))


async def eleven_entries(client: Any, url: str) -> Any:
    return await refused(send(client, url, *"abcdefghijk"))


async def equal_ids(client: Any, url: str) -> Any:
    return await refused(client.send_message_batch(QueueUrl=url, Entries=entries("a") + entries("b")))


async def two_large_messages(client: Any, url: str) -> Any:
    return await refused(send(client, url, "x" * 600_000, "y" * 600_000))


async def a_mebibyte(client: Any, url: str) -> Any:
    return await refused(send(client, url, "x" * 1_048_576))


async def receive_eleven(client: Any, url: str) -> Any:
    return await refused(client.receive_message(QueueUrl=url, MaxNumberOfMessages=11))


async def missing_queue(client: Any, url: str) -> Any:
    try:
        await client.receive_message(QueueUrl=f"{url}-none")
    except client.exceptions.QueueDoesNotExist:
        return "QueueDoesNotExist"
    return None


async def nothing_there(client: Any, url: str) -> Any:
    return await receive(client, url)


async def unasked_attributes(client: Any, url: str) -> Any:
    await send(client, url, "x", MessageAttributes=attributes(1))
    (message,) = await receive(client, url)
    return bool(message.get("MessageAttributes")), bool(message.get("Attributes"))


async def asked_attributes(client: Any, url: str) -> Any:
    binary = {"b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
    await send(client, url, "x", MessageAttributes=attributes(1) | binary)
    names = {"MessageAttributeNames": ["b"], "MessageSystemAttributeNames": ["ApproximateReceiveCount"]}
    (message,) = await receive(client, url, **names)
    own = {name: value["BinaryValue"] for name, value in message["MessageAttributes"].items()}
    return own, message["Attributes"]


async def second_delivery(client: Any, url: str) -> Any:
    await send(client, url, "x")
    named = {"MessageSystemAttributeNames": ["All"]}
    (first,) = await receive(client, url, **named)
    hidden = await receive(client, url)
    await change(client, url, first, 0)
    (second,) = await receive(client, url, **named)
    counts = [one["Attributes"]["ApproximateReceiveCount"] for one in (first, second)]
    return hidden, counts, first["ReceiptHandle"] != second["ReceiptHandle"]


async def stale_delete(client: Any, url: str) -> Any:
    await send(client, url, "x")
    (stale,) = await receive(client, url)
    await change(client, url, stale, 0)
    (fresh,) = await receive(client, url)
    await client.delete_message_batch(
        QueueUrl=url, Entries=[{"Id": "0", "ReceiptHandle": stale["ReceiptHandle"]}]
    )
    await refused(change(client, url, fresh, 0))
    return len(await receive(client, url, WaitTimeSeconds=1))


async def change_what_is_visible(client: Any, url: str) -> Any:
    await send(client, url, "x")
    (message,) = await receive(client, url)
    await change(client, url, message, 0)
    return await refused(change(client, url, message, 5))


async def long_poll(client: Any, url: str) -> Any:
    waiting = asyncio.create_task(receive(client, url, WaitTimeSeconds=10))
    await asyncio.sleep(0.3)
    started = time.monotonic()
    await send(client, url, "x")
    return len(await waiting), time.monotonic() - started < 3


async def given_back_to_a_poll(client: Any, url: str) -> Any:
    await send(client, url, "x")
    (message,) = await receive(client, url)
    waiting = asyncio.create_task(receive(client, url, WaitTimeSeconds=10))
    await asyncio.sleep(0.3)
    started = time.monotonic()
    await change(client, url, message, 0)
    return len(await waiting), time.monotonic() - started < 3


async def poll_of_nobody(client: Any, url: str) -> Any:
    waiting = asyncio.create_task(receive(client, url, WaitTimeSeconds=4))
    await asyncio.sleep(0.5)
    waiting.cancel()
    await asyncio.wait([waiting])
    await send(client, url, "x")
    await asyncio.sleep(1)
    return len(await receive(client, url))


async def delayed(client: Any, url: str) -> Any:
    await send(client, url, "x", DelaySeconds=2)
    return len(await receive(client, url)), len(await receive(client, url, WaitTimeSeconds=5))


async def redriven(client: Any, url: str) -> Any:
    for _ in range(2):
        for message in await receive(client, url):
            await change(client, url, message, 0)
    target = (await client.create_queue(QueueName=f"dead-{uuid4().hex}"))["QueueUrl"]
    facts = await client.get_queue_attributes(QueueUrl=target, AttributeNames=["QueueArn"])
    policy = f'{{"deadLetterTargetArn": "{facts["Attributes"]["QueueArn"]}", "maxReceiveCount": 1}}'
    await client.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": policy})
    await send(client, url, "x")
    (message,) = await receive(client, url)
    await change(client, url, message, 0)
    return len(await receive(client, url)), len(await receive(client, target, WaitTimeSeconds=2))


async def group_order(client: Any, url: str) -> Any:
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    line = await client.create_queue(QueueName=f"line-{uuid4().hex}.fifo", Attributes=attributes)
    line = line["QueueUrl"]
    for body, group in [("a1", "a"), ("b1", "b"), ("a2", "a")]:
        entry = {"MessageGroupId": group, "MessageDeduplicationId": body}
        await send(client, line, body, **entry)
    (first,) = await receive(client, line, MaxNumberOfMessages=1)
    others = [message["Body"] for message in await receive(client, line)]
    return first["Body"], others


async def deduplicated(client: Any, url: str) -> Any:
    line = (
        await client.create_queue(QueueName=f"line-{uuid4().hex}.fifo", Attributes={"FifoQueue": "true"})
    )["QueueUrl"]
    for _ in range(2):
        await send(client, line, "x", MessageGroupId="g", MessageDeduplicationId="d")
    return len(await receive(client, line))


async def fifo_without_a_group(client: Any, url: str) -> Any:
    line = (
        await client.create_queue(QueueName=f"line-{uuid4().hex}.fifo", Attributes={"FifoQueue": "true"})
    )["QueueUrl"]
    return await refused(send(client, line, "x", MessageDeduplicationId="d"))


SQS: dict[Scenario, Any] = {
    empty_body: True,
    control_character: True,
    eleven_attributes: True,
    empty_attribute: True,
    too_long_a_delay: True,
    empty_batch: True,
    eleven_entries: True,
    equal_ids: True,
    two_large_messages: True,
    a_mebibyte: False,
    receive_eleven: True,
    missing_queue: "QueueDoesNotExist",
    nothing_there: [],
    unasked_attributes: (False, False),
    asked_attributes: ({"b": b"\x00\xff"}, {"ApproximateReceiveCount": "1"}),
    second_delivery: ([], ["1", "2"], True),
    stale_delete: 1,
    change_what_is_visible: True,
    long_poll: (1, True),
    given_back_to_a_poll: (1, True),
    poll_of_nobody: 0,  # not known of AWS; a stop must bear it
    delayed: (0, 1),
    redriven: (0, 1),
    group_order: ("a1", ["b1"]),
    deduplicated: 1,
    fifo_without_a_group: True,
}

NO_LEASE = "a message that is visible again still takes a new visibility"
DIFFERENT: dict[str, dict[str, str]] = {
    "fake": {},
    "ministack": {
        "eleven_attributes": "attributes are not counted",
        "empty_attribute": "empty values are taken",
        "too_long_a_delay": "delays have no limit",
        "change_what_is_visible": NO_LEASE,
    },
    "moto": {
        "empty_body": "an empty body is taken",
        "control_character": "characters XML does not know are taken",
        "eleven_attributes": "attributes are not counted",
        "empty_attribute": "empty values are taken",
        "stale_delete": "an old receipt handle still deletes",
        "change_what_is_visible": NO_LEASE,
    },
    "elasticmq": {
        "empty_batch": "a batch of nothing is taken",
        "change_what_is_visible": NO_LEASE,
    },
}


def case(server: str, scenario: Scenario) -> Any:
    """A scenario on a server, expected to fail where the server is known to differ."""
    name = scenario.__name__
    reason = DIFFERENT[server].get(name)
    known = pytest.mark.xfail(strict=True, raises=AssertionError, reason=f"{server}: {reason}")
    return pytest.param(server, scenario, id=f"{server}-{name}", marks=[known] if reason else [])


@pytest.fixture
async def client(server: str, request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    if server == "fake":
        async with serving(FakeSQS()) as url, Access(endpoint_url=url, **KEYS).client() as ours:
            yield ours
        return
    url = str(OTHER) if server == "elasticmq" else request.getfixturevalue(server)
    async with Access(endpoint_url=url, **KEYS).client() as theirs:
        yield theirs


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")  # aiobotocore's way
@pytest.mark.parametrize(("server", "scenario"), [case(server, one) for server in SERVERS for one in SQS])
async def test_conformance(client: Any, server: str, scenario: Scenario) -> None:
    """Each server does what SQS does, but for the differences we know of."""
    url = (await client.create_queue(QueueName=f"conform-{uuid4().hex}"))["QueueUrl"]

    assert SQS[scenario] == await scenario(client, url)
