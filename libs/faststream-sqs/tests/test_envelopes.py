"""SNS notifications, S3 events and EventBridge events, opened."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from faststream_sqs import (
    EventBridgeEvent,
    FakeSQS,
    S3Event,
    S3Record,
    SNSNotification,
    SQSBroker,
    SQSMessage,
    TestSQSBroker,
    Unwrapped,
)
from faststream_sqs.envelope import envelope_of
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

MakeBroker = Callable[..., SQSBroker]
Eventually = Callable[..., Any]

S3_EVENT = {
    "Records": [
        {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": "eu-central-1",
            "eventTime": "2026-11-01T10:00:00.000Z",
            "eventName": "ObjectCreated:Put",
            "s3": {
                "bucket": {"name": "calls", "arn": "arn:aws:s3:::calls"},
                "object": {"key": "a+b/%C3%BC.wav", "size": 3, "eTag": "e", "sequencer": "1"},
            },
        },
        {
            "eventName": "ObjectRemoved:Delete",
            "s3": {"bucket": {"name": "calls"}, "object": {"key": "plain.wav"}},
        },
    ]
}
TEST_EVENT = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "calls"}
BRIDGE = {
    "version": "0",
    "id": "e-1",
    "detail-type": "call.recorded",
    "source": "crm",
    "account": "1",
    "time": "2026-11-01T10:00:00Z",
    "region": "eu-central-1",
    "resources": ["r"],
    "detail": {"number": 7},
}
BRIDGED_S3 = BRIDGE | {
    "source": "aws.s3",
    "detail-type": "Object Created",
    "detail": {"bucket": {"name": "calls"}, "object": {"key": "a+b.wav", "size": 3, "etag": "e"}},
}


def notification(body: Any) -> dict[str, Any]:
    return {
        "Type": "Notification",
        "MessageId": "n-1",
        "TopicArn": "arn:aws:sns:eu-central-1:1:calls",
        "Subject": "a call",
        "Timestamp": "2026-11-01T10:00:00Z",
        "Message": json.dumps(body),
        "MessageAttributes": {"tenant": {"Type": "String", "Value": "acme"}},
    }


class Call(BaseModel):
    number: int


@pytest.mark.parametrize("event", [S3_EVENT, notification(S3_EVENT)], ids=["from S3 itself", "through SNS"])
@pytest.mark.parametrize("envelope", ["s3", "auto"])
async def test_s3_event(event: dict[str, Any], envelope: Any) -> None:
    """A handler gets typed records with decoded keys, however many there are."""
    broker = SQSBroker(logger=None)
    seen: list[S3Record] = []

    @broker.subscriber("work", envelope=envelope)
    async def handle(event: S3Event) -> None:
        seen.extend(event.records)

    async with TestSQSBroker(broker) as test:
        await test.publish(event, "work")

    first, second = seen
    assert ("calls", "a b/ü.wav", 3, "ObjectCreated:Put") == (
        first.bucket,
        first.key,
        first.size,
        first.event_name,
    )
    assert ("plain.wav", None) == (second.key, second.size)


async def test_s3_event_through_eventbridge() -> None:
    """EventBridge's form of the same event gives the same record; there, keys are not encoded."""
    broker = SQSBroker(logger=None)
    seen: list[S3Record] = []

    @broker.subscriber("work", envelope="s3")
    async def handle(event: S3Event) -> None:
        seen.extend(event.records)

    async with TestSQSBroker(broker) as test:
        await test.publish(BRIDGED_S3, "work")

    assert [("calls", "a+b.wav", 3)] == [(one.bucket, one.key, one.size) for one in seen]


@pytest.mark.parametrize("event", [TEST_EVENT, notification(TEST_EVENT)], ids=["plain", "through SNS"])
@pytest.mark.parametrize("batch", [False, True])
async def test_s3_test_event_is_dropped(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually, event: dict[str, Any], *, batch: bool
) -> None:
    """The message S3 sends when a queue is set up is acknowledged and calls no handler."""
    broker = make_broker()
    called: list[Any] = []

    @broker.subscriber("work", envelope="s3", batch=batch)
    @broker.publisher("results")
    async def handle(event: Any) -> None:
        called.append(event)

    await broker.start()
    fake.put("work", json.dumps(event))
    await eventually(lambda: not fake.messages("work"))

    assert ([], [], []) == (called, fake.bodies("dead"), fake.bodies("results"))


async def test_what_is_no_s3_event_is_dead_lettered(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """Anything else in a queue of S3 events is invalid, and rejected on its first delivery."""
    broker = make_broker()

    @broker.subscriber("work", envelope="s3")
    async def handle(event: S3Event) -> None: ...

    await broker.start()
    fake.put("work", '{"Records": [{"s3": "odd"}], "records": 3}')
    await eventually(lambda: fake.bodies("dead"))

    assert 1 == len(fake.bodies("dead"))


async def test_sns_notification() -> None:
    """The handler gets the message; the notification's attributes are headers, its facts at hand."""
    broker = SQSBroker(logger=None)
    seen: list[tuple[Call, Any, Any]] = []

    @broker.subscriber("work", envelope="sns")
    async def handle(call: Call, message: SQSMessage) -> None:
        seen.append((call, message.headers["tenant"], message.envelope))

    async with TestSQSBroker(broker) as test:
        await test.publish(notification({"number": 7}), "work")

    (call, tenant, envelope) = seen[0]
    assert (7, "acme") == (call.number, tenant)
    assert isinstance(envelope, SNSNotification)
    assert ("arn:aws:sns:eu-central-1:1:calls", "a call") == (envelope.topic_arn, envelope.subject)


async def test_raw_delivery_needs_no_change() -> None:
    """A subscriber for SNS reads a message that came without its envelope, too."""
    broker = SQSBroker(logger=None)
    seen: list[int] = []

    @broker.subscriber("work", envelope="sns")
    async def handle(call: Call) -> None:
        seen.append(call.number)

    async with TestSQSBroker(broker) as test:
        await test.publish({"number": 7}, "work")

    assert [7] == seen


@pytest.mark.parametrize(
    ("envelope", "event"),
    [("eventbridge", BRIDGE), ("auto", BRIDGE), ("auto", notification(BRIDGE))],
)
async def test_eventbridge_event(envelope: Any, event: dict[str, Any]) -> None:
    """A handler gets the typed event."""
    broker = SQSBroker(logger=None)
    seen: list[EventBridgeEvent] = []

    @broker.subscriber("work", envelope=envelope)
    async def handle(event: EventBridgeEvent) -> None:
        seen.append(event)

    async with TestSQSBroker(broker) as test:
        await test.publish(event, "work")

    (got,) = seen
    assert ("e-1", "crm", "call.recorded", {"number": 7}) == (
        got.id,
        got.source,
        got.detail_type,
        got.detail,
    )


async def test_own_envelope() -> None:
    """Anything with an `unwrap` is an envelope."""

    class Wrapped:
        def unwrap(self, body: bytes) -> Unwrapped | None:
            return Unwrapped(json.dumps(json.loads(body)["data"]).encode(), "seen")

    broker = SQSBroker(logger=None)
    seen: list[tuple[int, Any]] = []

    @broker.subscriber("work", envelope=Wrapped())
    async def handle(call: Call, message: SQSMessage) -> None:
        seen.append((call.number, message.envelope))

    async with TestSQSBroker(broker) as test:
        await test.publish({"data": {"number": 7}}, "work")

    assert [(7, "seen")] == seen


def test_unknown_envelope() -> None:
    """A misspelt envelope is refused where it is written."""
    with pytest.raises(ValueError, match="'kafka'"):
        SQSBroker(logger=None).subscriber("work", envelope="kafka")  # type: ignore[arg-type]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Records", "s3", "object", "Type", "Message", "detail", "source", "Event", "id"])
            | st.text(),
            inner,
            max_size=4,
        )
    ),
)


@given(body=st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
@pytest.mark.parametrize("name", ["sns", "s3", "eventbridge", "auto"])
def test_no_body_breaks_an_envelope(name: Any, body: bytes) -> None:
    """Whatever arrives, opening it raises nothing."""
    envelope = envelope_of(name)
    assert envelope is not None
    content = envelope.unwrap(body)

    assert content is None or isinstance(content.body, bytes)
