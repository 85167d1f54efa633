"""Bad input, line by line: one clear error or the dead-letter queue, the worker unharmed, nothing lost."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from faststream_sqs import (
    FakeSQS,
    FifoParameterError,
    MessageTooLargeError,
    QueueNotFoundError,
    SQSAccessError,
    SQSBroker,
    TooManyAttributesError,
)
from faststream_sqs.engine.client import MAX_BYTES
from faststream_sqs.fake import Fault
from pydantic import BaseModel

MakeBroker = Callable[..., SQSBroker]
Eventually = Callable[..., Any]

SECRET = "spoken-in-confidence"
DENIED = Fault("AccessDenied", status=403)


class Call(BaseModel):
    number: int


def says(**attributes: str) -> dict[str, Any]:
    """String attributes; underscores stand for hyphens."""
    return {
        name.replace("_", "-"): {"DataType": "String", "StringValue": value}
        for name, value in attributes.items()
    }


@pytest.mark.parametrize("batch", [False, True], ids=["single", "batch"])
@pytest.mark.parametrize(
    ("body", "attributes", "reason"),
    [
        pytest.param(f"{{{SECRET}", says(content_type="application/json"), "unreadable", id="malformed JSON"),
        pytest.param(f'{{"number": "{SECRET}"}}', {}, "invalid: ", id="another shape"),
        pytest.param(
            '{"number": 1}',
            says(content_type="application/x-unheard-of"),
            "; its content type is application/x-unheard-of",
            id="unknown content type",
        ),
        pytest.param(f"{SECRET}!", says(content_encoding="base64"), "InvalidBodyError", id="text as base64"),
        pytest.param(SECRET, says(content_encoding="empty"), "InvalidBodyError", id="text called empty"),
        pytest.param("gZY=", says(content_encoding="base64"), "invalid: ", id="no text in base64"),
        pytest.param(SECRET, says(content_type="text/plain"), "invalid: ", id="text for a model"),
    ],
)
async def test_unreadable_message(
    fake: FakeSQS,
    make_broker: MakeBroker,
    eventually: Eventually,
    body: str,
    attributes: dict[str, Any],
    reason: str,
    *,
    batch: bool,
) -> None:
    """What cannot be read lies in the dead-letter queue after one delivery, with its reason; work goes on."""
    broker = make_broker()
    handled: list[int] = []

    if batch:

        @broker.subscriber("work", batch=True)
        async def handle_all(calls: list[Call]) -> None:
            handled.extend(call.number for call in calls)
    else:

        @broker.subscriber("work")
        async def handle(call: Call) -> None:
            handled.append(call.number)

    fake.put("work", body, MessageAttributes=attributes)
    fake.put("work", '{"number": 1}')
    await broker.start()
    await eventually(lambda: not fake.messages("work"))

    (dead,) = fake.messages("dead")
    told = {name: value["StringValue"] for name, value in dead.entry["MessageAttributes"].items()}
    assert ([1], body, "1") == (handled, dead.entry["MessageBody"], told["x-dead-letter-receive-count"])
    assert reason in told["x-dead-letter-reason"]
    assert SECRET not in told["x-dead-letter-reason"]


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        pytest.param(
            {"queue": "work", "headers": {f"h{n}": SECRET for n in range(9)}},
            TooManyAttributesError,
            "use headers='auto'",
            id="eleven attributes",
        ),
        pytest.param(
            {"queue": "work", "message": SECRET * (MAX_BYTES // len(SECRET) + 1)},
            MessageTooLargeError,
            f"SQS takes {MAX_BYTES}: set SQSBroker.claim_check",
            id="a body over the limit",
        ),
        pytest.param(
            {"queue": "line.fifo"}, FifoParameterError, "'line.fifo' needs a group_id", id="no group"
        ),
        pytest.param(
            {"queue": "line.fifo", "group_id": "g", "delay": 5},
            FifoParameterError,
            "takes no delay per message",
            id="a delay on a FIFO queue",
        ),
        pytest.param(
            {"queue": "typo"}, QueueNotFoundError, "'typo' does not exist: create it", id="no queue"
        ),
        pytest.param({"queue": "denied"}, SQSAccessError, "grant sqs:SendMessage", id="no rights"),
    ],
)
@pytest.mark.parametrize("several", [False, True], ids=["publish", "publish_batch"])
async def test_unsendable_message(
    fake: FakeSQS,
    make_broker: MakeBroker,
    arguments: dict[str, Any],
    error: type[Exception],
    text: str,
    *,
    several: bool,
) -> None:
    """What SQS would not take is one error with cause and remedy; the next message goes."""
    broker = make_broker(headers="attributes")
    fake.add_queue("line.fifo")
    fake.add_queue("denied")
    await broker.connect()
    if arguments["queue"] == "denied":
        fake.fail("send_message_batch", DENIED)
    given = {"message": SECRET} | arguments
    message = given.pop("message")
    publish: Any = broker.publish_batch if several else broker.publish

    with pytest.raises(Exception, match=text) as caught:
        await publish(message, **given)
    await broker.publish("next", "work")

    found = next(iter(getattr(caught.value, "failed", {0: caught.value}).values()))
    assert (error, ["next"]) == (type(found), fake.bodies("work"))
    assert SECRET not in str(caught.value)


async def test_unsendable_result(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """A handler whose result SQS would not take has failed: its message comes back, none is lost."""
    broker, counts = make_broker(), []

    @broker.subscriber("work")
    @broker.publisher("results")
    async def handle(number: int) -> str:
        counts.append(number)
        return SECRET * (MAX_BYTES if len(counts) < 3 else 1)

    await broker.start()
    await broker.publish(1, "work")
    await eventually(lambda: not fake.messages("work"))

    assert ([1, 1, 1], [SECRET]) == (counts, fake.bodies("results"))


@pytest.mark.parametrize(
    ("action", "right"),
    [
        ("get_queue_url", "sqs:GetQueueUrl"),
        ("get_queue_attributes", "sqs:GetQueueAttributes"),
    ],
)
async def test_missing_rights_at_the_start(
    fake: FakeSQS, make_broker: MakeBroker, action: str, right: str
) -> None:
    """Rights missing for the start are named there."""
    broker = make_broker()

    @broker.subscriber("work")
    async def handle(number: int) -> None: ...

    fake.fail(action, DENIED)
    with pytest.raises(SQSAccessError, match=rf"'work'.*grant {right}"):
        await broker.start()


@pytest.mark.parametrize(
    ("action", "right"),
    [
        ("receive_message", "sqs:ReceiveMessage"),
        ("delete_message_batch", "sqs:DeleteMessage"),
        ("change_message_visibility_batch", "sqs:ChangeMessageVisibility"),
    ],
)
async def test_missing_rights_while_consuming(
    fake: FakeSQS,
    make_broker: MakeBroker,
    eventually: Eventually,
    caplog: pytest.LogCaptureFixture,
    action: str,
    right: str,
) -> None:
    """Missing rights are logged by name; once they are given, every message is handled to its end."""
    broker, seen = make_broker(logger=logging.getLogger("rights")), []

    @broker.subscriber("work")
    async def handle(number: int) -> None:
        seen.append(number)
        if len(seen) == 1:
            raise RuntimeError("again")

    fake.fail(action, DENIED)
    await broker.start()
    await broker.publish(1, "work")
    await eventually(lambda: not fake.messages("work"), 200)

    assert any(right in text and "'work'" in text for text in caplog.messages)
    assert {1} == set(seen)


async def test_queue_deleted_while_consuming(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """A queue that goes away makes the broker unready, not dead; when it is back, so is the work."""
    broker, handled = make_broker(), []

    @broker.subscriber("work")
    async def handle(number: int) -> None:
        handled.append(number)

    await broker.start()
    kept = fake.queues.pop("work")
    await eventually(lambda: not broker.subscribers[0].healthy)  # type: ignore[attr-defined]
    assert (False, True) == (await broker.ping(), broker.alive)
    fake.queues["work"] = kept
    fake.put("work", "1")
    await eventually(lambda: handled, 100)

    assert [1] == handled
