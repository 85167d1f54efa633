"""The lean transport says what aiobotocore says, and fails as it fails."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from aiobotocore.credentials import AioCredentials
from aiobotocore.session import AioSession
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import EndpointConnectionError
from faststream_sqs import FakeSQS, SQSBroker
from faststream_sqs.access import Access, Transport
from faststream_sqs.engine.client import (
    AccessDeniedError,
    CallError,
    QueueGoneError,
    SQSApi,
    ThrottledError,
    TransientCallError,
)
from faststream_sqs.engine.recorder import SilentRecorder
from faststream_sqs.fake import Fault
from faststream_sqs.fake.http import serving
from faststream_sqs.transport.json import _dumps, dumps, loads
from faststream_sqs.transport.lean import UnsupportedConfigurationError, check

KEYS: dict[str, Any] = {
    "region_name": "us-east-1",
    "aws_access_key_id": "key",
    "aws_secret_access_key": "secret",
}
TRANSPORTS: list[Transport] = ["aiobotocore", "lean"]
ONCE = AioConfig(retries={"total_max_attempts": 1})
Connect = Callable[..., AbstractAsyncContextManager[Any]]


@pytest.fixture
async def endpoint(fake: FakeSQS) -> AsyncIterator[str]:
    async with serving(fake) as url:
        yield url


@pytest.fixture
def connect(endpoint: str) -> Connect:
    def connecting(transport: Transport, **more: Any) -> AbstractAsyncContextManager[Any]:
        return Access(endpoint_url=endpoint, transport=transport, **KEYS | more).client()

    return connecting


async def conversation(client: Any) -> list[Any]:
    """Every frequent request once, with all that a message may carry."""
    url = (await client.get_queue_url(QueueName="work"))["QueueUrl"]
    attributes = {
        "text": {"DataType": "String", "StringValue": "ü"},
        "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    sent = await client.send_message_batch(
        QueueUrl=url,
        Entries=[
            {"Id": "a", "MessageBody": "größe ✓", "MessageAttributes": attributes},
            {"Id": "b", "MessageBody": ""},
        ],
    )
    received = await client.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
        MessageSystemAttributeNames=["ApproximateReceiveCount"],
    )
    handle = {"ReceiptHandle": received["Messages"][0]["ReceiptHandle"]}
    extended = await client.change_message_visibility_batch(
        QueueUrl=url, Entries=[{"Id": "x", "VisibilityTimeout": 9, **handle}]
    )
    deleted = await client.delete_message_batch(QueueUrl=url, Entries=[{"Id": "x", **handle}])
    await client.send_message(QueueUrl=url, MessageBody="one", MessageAttributes=attributes)
    return [sent, received, extended, deleted]


async def test_same_answers(connect: Connect, fake: FakeSQS) -> None:
    """Bodies, attributes and partial failures are the same through both transports."""
    said: list[Any] = []
    for transport in TRANSPORTS:
        async with connect(transport) as client:
            answers = await conversation(client)
        for answer in answers:
            answer.pop("ResponseMetadata", None)
        said.append([answers[0].get("Failed"), _content(answers[1]), answers[2:]])
        fake.queues["work"].clear()

    assert said[0] == said[1]
    assert [b"\x00\xff", "größe ✓"] == [said[1][1]["bytes"], said[1][1]["body"]]


def _content(answer: Any) -> dict[str, Any]:
    (message,) = answer["Messages"]
    attributes = message["MessageAttributes"]
    return {
        "body": message["Body"],
        "bytes": attributes["bytes"]["BinaryValue"],
        "text": attributes["text"]["StringValue"],
        "system": message["Attributes"],
    }


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("AccessDeniedException", 400), AccessDeniedError),
        (Fault("InvalidParameterValue", 400), CallError),
        (Fault("ThrottlingException", 400), ThrottledError),
        (Fault("InternalFailure", 500), TransientCallError),
        (Fault(reset=True), TransientCallError),
    ],
    ids=["denied", "invalid", "throttled", "server", "reset"],
)
async def test_same_errors(
    connect: Connect, fake: FakeSQS, transport: Transport, fault: Fault, expected: type[CallError]
) -> None:
    """A failure is of the same class through both transports."""
    fake.fail("receive_message", fault, times=2)
    async with connect(transport, client_config=ONCE) as client:
        with pytest.raises(CallError) as raised:
            await SQSApi(client, SilentRecorder()).call(
                "receive_message", "work", QueueUrl=fake.add_queue("work")
            )

    assert expected is raised.type


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_same_missing_queue(connect: Connect, fake: FakeSQS, transport: Transport) -> None:
    """A queue that is gone is recognised, by botocore's own class."""
    async with connect(transport) as client:
        with pytest.raises(client.exceptions.QueueDoesNotExist):
            await client.receive_message(QueueUrl="http://127.0.0.1/000000000000/none")
        with pytest.raises(QueueGoneError):
            await SQSApi(client, SilentRecorder()).call("receive_message", "none", QueueUrl="http://h/0/none")


async def test_unreachable() -> None:
    """Nobody listening is botocore's connection error."""
    async with Access(
        endpoint_url="http://127.0.0.1:1", transport="lean", client_config=ONCE, **KEYS
    ).client() as client:
        with pytest.raises(EndpointConnectionError):
            await client.receive_message(QueueUrl="http://127.0.0.1:1/0/q")


async def test_a_broker_over_it(endpoint: str, fake: FakeSQS, eventually: Any) -> None:
    """A broker consumes and publishes through the lean transport."""
    broker = SQSBroker(endpoint, transport="lean", wait_time=1, logger=None, **KEYS)
    seen: list[int] = []

    @broker.subscriber("work", ack_linger=0)
    @broker.publisher("results")
    async def handle(number: int) -> int:
        seen.append(number)
        return number

    async with broker:
        await broker.start()
        await asyncio.gather(*(broker.publish(n, "work") for n in range(20)))
        await eventually(lambda: len(fake.bodies("results")) == 20 and not fake.messages("work"))

    assert list(range(20)) == sorted(seen)


class CountingCredentials(AioCredentials):
    """A role's credentials, which change."""

    asked = 0

    async def get_frozen_credentials(self) -> ReadOnlyCredentials:  # type: ignore[override]  # as aiobotocore does
        self.asked += 1
        return ReadOnlyCredentials("k", "s", f"t{self.asked}")


async def test_credentials_are_asked_for_each_time(
    endpoint: str, fake: FakeSQS, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A role's credentials are taken from the chain at every request, so that it can renew them."""
    chain, session = CountingCredentials("k", "s"), AioSession()

    async def get_credentials() -> CountingCredentials:
        return chain

    monkeypatch.setattr(session, "get_credentials", get_credentials)
    access = Access(endpoint_url=endpoint, region_name="us-east-1", session=session, transport="lean")
    async with access.client() as client:
        for _ in range(3):
            await client.receive_message(QueueUrl=fake.add_queue("work"))

    assert chain.asked >= 3


@pytest.mark.parametrize(
    ("url", "config", "named"),
    [
        ("http://127.0.0.1:1/path", {}, "an endpoint with a path"),
        ("https://h", {"proxies": {"https": "http://proxy.test"}}, "a proxy"),
        ("https://h", {"use_fips_endpoint": True}, "a FIPS endpoint"),
        ("https://h", {"use_dualstack_endpoint": True}, "a dual-stack endpoint"),
        ("https://h", {"client_cert": "cert.pem"}, "a client certificate"),
        ("https://h", {"signature_version": "v4a"}, "signature version 'v4a'"),
        ("https://h", {"connector_args": {"keepalive_timeout": 1}}, "connector arguments"),
        ("https://h", {"retries": {"mode": "adaptive"}}, "adaptive retries"),
    ],
)
def test_refuses_what_it_cannot_honour(url: str, config: dict[str, Any], named: str) -> None:
    """A configuration that would be ignored is refused, by name and with the way out."""
    with pytest.raises(UnsupportedConfigurationError, match=f"{named}.*transport='aiobotocore'"):
        check(url, AioConfig(**config))


def test_refuses_a_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that botocore would take from the environment is not silently gone round."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    with pytest.raises(UnsupportedConfigurationError, match="a proxy"):
        check("https://sqs.eu-central-1.amazonaws.com", AioConfig())


def test_accepts_our_own_configuration() -> None:
    """What the broker configures by itself is supported."""
    check("https://sqs.eu-central-1.amazonaws.com", Access()._config())


def test_json_with_and_without_orjson() -> None:
    """Both encoders say the same."""
    content = {"a": ["ü", 1, None], "b": {"c": "\u2028"}}

    assert [content, content] == [loads(dumps(content)), loads(_dumps(content))]


async def test_the_largest_batch(connect: Connect, fake: FakeSQS) -> None:
    """A mebibyte of messages goes through, though JSON makes more of it."""
    bodies = ['"' * 104_857 for _ in range(10)]
    async with connect("lean") as client:
        answer = await client.send_message_batch(
            QueueUrl=fake.add_queue("work"),
            Entries=[{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)],
        )

    assert ([], bodies) == (answer["Failed"], fake.bodies("work"))


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_economy_on_the_wire(
    endpoint: str, fake: FakeSQS, eventually: Any, transport: Transport
) -> None:
    """Saturated, over HTTP, one message consumed and one published cost a third of a request at most."""
    fake.round_trip = 0.005
    for number in range(500):
        fake.put("work", str(number))
    broker = SQSBroker(endpoint, transport=transport, wait_time=1, logger=None, **KEYS)

    @broker.subscriber("work", max_workers=10, prefetch=20)
    @broker.publisher("results")
    async def handle(number: int) -> int:
        return number

    async with broker:
        await broker.start()
        await eventually(lambda: len(fake.messages("results")) == 500 and not fake.messages("work"))

    counted = {name: count for name, count in broker.requests.items() if not name.startswith("get_")}
    assert sum(counted.values()) / 500 <= 0.33, counted
