"""What becomes of a message: by its handler's verdict, its content, and the time it takes."""

import asyncio
import logging
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from faststream import Context
from faststream.exceptions import NackMessage, RejectMessage, SkipMessage
from faststream_sqs import (
    FakeSQS,
    SQSBroker,
    SQSMessage,
)
from pydantic import BaseModel, TypeAdapter

MakeBroker = Callable[..., SQSBroker]
Eventually = Callable[..., Any]


class Call(BaseModel):
    tenant_id: str
    number: int


CALL = Call(tenant_id="acme", number=1)


def visibilities(fake: FakeSQS) -> list[int]:
    requests = [request for action, request in fake.log if action == "change_message_visibility_batch"]
    return [entry["VisibilityTimeout"] for request in requests for entry in request["Entries"]]


async def test_failing_handler_loses_nothing(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """By default a message whose handler fails comes back after the retry policy's delay."""
    broker = make_broker()
    counts: list[int] = []

    @broker.subscriber("work")
    async def handle(call: Call, message: SQSMessage) -> None:
        counts.append(message.receive_count)
        if message.receive_count < 3:
            raise RuntimeError("not yet")

    await broker.start()
    await broker.publish(CALL, "work")
    await eventually(lambda: not fake.messages("work"), 60)

    assert ([1, 2, 3], [7, 7]) == (counts, visibilities(fake))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(NackMessage(delay=42), 42, id="nack with a delay"),
        pytest.param(NackMessage(), 7, id="nack by policy"),
        pytest.param(NackMessage(delay=0), 0, id="nack at once"),
    ],
)
async def test_nack(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually, error: Exception, expected: int
) -> None:
    """`raise NackMessage(delay=...)` decides when the message comes back."""
    broker = make_broker()

    @broker.subscriber("work")
    async def handle(call: Call) -> None:
        raise error

    await broker.start()
    await broker.publish(CALL, "work")
    await eventually(lambda: visibilities(fake))

    assert expected == visibilities(fake)[0]


async def test_reject(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """`raise RejectMessage(reason=...)` moves the message to the queue's dead-letter queue."""
    broker = make_broker()

    @broker.subscriber("work")
    async def handle(call: Call) -> None:
        raise RejectMessage(reason="the call was withdrawn")

    await broker.start()
    await broker.publish(CALL, "work")
    await eventually(lambda: not fake.messages("work"))

    (dead,) = fake.messages("dead")
    reason = dead.entry["MessageAttributes"]["x-dead-letter-reason"]["StringValue"]
    assert "the call was withdrawn" == reason


@pytest.mark.parametrize("body", ['{"tenant_id": "acme"}', "no json at all", "[1]", " "])
async def test_invalid_message_is_rejected_at_once(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually, body: str
) -> None:
    """What cannot be read is dead-lettered on its first delivery; the reason does not quote it."""
    broker = make_broker()

    @broker.subscriber("work")
    async def handle(call: Call) -> None: ...

    await broker.start()
    fake.put("work", body)
    await eventually(lambda: not fake.messages("work"))

    (dead,) = fake.messages("dead")
    said = {name: value["StringValue"] for name, value in dead.entry["MessageAttributes"].items()}
    assert (body, "1") == (dead.entry["MessageBody"], said["x-dead-letter-receive-count"])
    assert "acme" not in said["x-dead-letter-reason"]


async def test_undecodable_json_is_rejected(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """A body that is not the JSON it claims to be is rejected on its first delivery."""
    broker = make_broker()

    @broker.subscriber("work")
    async def handle(call: dict[str, Any]) -> None: ...

    await broker.start()
    says = {"content-type": {"DataType": "String", "StringValue": "application/json"}}
    fake.put("work", "{", MessageAttributes=says)
    await eventually(lambda: fake.bodies("dead"))

    assert ["{"] == fake.bodies("dead")


async def test_handlers_own_validation_error_is_not_the_messages(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """A handler that fails to validate something of its own is tried again, not dead-lettered."""
    broker = make_broker()

    @broker.subscriber("work")
    async def handle(call: Call) -> None:
        TypeAdapter(int).validate_python("what a model answered")

    await broker.start()
    await broker.publish(CALL, "work")
    await eventually(lambda: visibilities(fake))

    assert ([7], []) == (visibilities(fake)[:1], fake.bodies("dead"))


async def test_wrong_context_is_not_the_messages_fault(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """A misconfigured program does not empty its queue into the dead-letter queue."""
    broker = make_broker()
    broker.context.set_global("limit", "many")

    @broker.subscriber("work")
    async def handle(call: Call, limit: Annotated[int, Context(cast=True)]) -> None: ...

    await broker.start()
    await broker.publish(CALL, "work")
    await eventually(lambda: visibilities(fake))

    assert [] == fake.bodies("dead")


async def test_handler_timeout(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """A handler that takes too long is cancelled and its message comes back by the ack policy."""
    broker = make_broker(handler_timeout=50)
    ended: list[float] = []

    @broker.subscriber("work")
    async def handle(call: Call) -> None:
        started = asyncio.get_running_loop().time()
        try:
            await asyncio.sleep(10_000)
        finally:
            ended.append(asyncio.get_running_loop().time() - started)

    await broker.start()
    await broker.publish(CALL, "work")
    await eventually(lambda: 7 in visibilities(fake), 120)

    assert [50] == [round(seconds) for seconds in ended]


async def test_skipped_message_frees_its_worker(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """SkipMessage settles nothing: the worker goes on, the message returns by itself."""
    broker = make_broker()
    numbers: list[int] = []

    @broker.subscriber("work")
    async def handle(call: Call) -> None:
        numbers.append(call.number)
        if call.number == 1:
            raise SkipMessage

    await broker.start()
    await broker.publish_batch(CALL, Call(tenant_id="acme", number=2), queue="work")
    await eventually(lambda: len(numbers) == 2)

    assert [1, 2] == numbers
    await eventually(lambda: len(fake.messages("work")) == 1)


async def test_invalid_content_is_not_logged(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says that a message was invalid and where, not what it said."""
    broker = make_broker(logger=logging.getLogger("quiet"))
    caplog.set_level(logging.INFO, "quiet")

    @broker.subscriber("work")
    async def handle(call: Call) -> None: ...

    await broker.start()
    fake.put("work", '{"tenant_id": "acme", "number": "a secret"}')
    await eventually(lambda: fake.bodies("dead"))

    assert ("number" in caplog.text, "a secret" in caplog.text) == (True, False)
