"""Starting: queues found by name, checked against what is declared, or the start refused."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
from faststream.exceptions import SetupError
from faststream_sqs import (
    FakeSQS,
    QueueMismatchError,
    QueueNotFoundError,
    SQSBroker,
    SQSMessage,
    SQSQueue,
)
from pydantic import BaseModel

MakeBroker = Callable[..., SQSBroker]
Eventually = Callable[..., Any]


class Call(BaseModel):
    tenant_id: str
    number: int


CALL = Call(tenant_id="acme", number=1)


async def test_logical_names(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """An operator may put a queue anywhere: handlers and publishers keep its logical name."""
    url = fake.add_queue("prod-work-7")
    broker = make_broker(queue_urls={"logical": url, "out": "results"})

    @broker.subscriber("logical")
    @broker.publisher("out")
    async def handle(call: Call, message: SQSMessage) -> str:
        return message.queue

    await broker.start()
    await broker.publish(CALL, "logical")
    await eventually(lambda: fake.bodies("results"))

    assert ["logical"] == fake.bodies("results")


@pytest.mark.parametrize("endpoint", ["subscriber", "publisher"])
async def test_missing_queue_stops_the_start(make_broker: MakeBroker, endpoint: str) -> None:
    """A misspelt queue is an error naming it and the remedy, and is not created."""
    broker = make_broker()
    if endpoint == "subscriber":

        @broker.subscriber("typo")
        async def handle(call: Call) -> None: ...

    else:
        broker.publisher("typo")

    with pytest.raises(QueueNotFoundError, match=r"'typo' does not exist: create it.*queue_urls"):
        await broker.start()


async def test_missing_queue_may_be_created(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """With on_missing_queue='create' the queue is made as declared."""
    broker = make_broker(on_missing_queue="create")

    @broker.subscriber(SQSQueue("new", visibility_timeout=77))
    async def handle(call: Call) -> None: ...

    await broker.start()

    assert "77" == fake._queues["new"].attributes["VisibilityTimeout"]


async def test_mismatch_in_strict_mode(make_broker: MakeBroker) -> None:
    """A queue that is not as declared is refused in strict mode."""
    broker = make_broker(validate="strict")

    @broker.subscriber(SQSQueue("work", visibility_timeout=77))
    async def handle(call: Call) -> None: ...

    with pytest.raises(QueueMismatchError, match="VisibilityTimeout is 30, not 77"):
        await broker.start()


async def test_visibility_is_the_queues_own_unless_said(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """Nobody's default silently overrides the queue's visibility timeout."""
    broker = make_broker()
    fake.add_queue("long", VisibilityTimeout=600)

    @broker.subscriber("long")
    async def handle(call: Call) -> None: ...

    await broker.start()
    await asyncio.sleep(0.1)

    (received, *_) = [request for action, request in fake.log if action == "receive_message"]
    assert 600 == received["VisibilityTimeout"]


@pytest.mark.parametrize(
    ("option", "value"),
    [("max_workers", 0), ("wait_time", 21), ("visibility_timeout", 43_201), ("handler_timeout", 0)],
)
def test_impossible_settings(make_broker: MakeBroker, option: str, value: int) -> None:
    """A setting SQS cannot take is refused where it is written."""
    with pytest.raises(SetupError, match=option):
        make_broker().subscriber("work", **cast("Any", {option: value}))


async def test_restart(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """A stopped broker may be started again."""
    broker = make_broker()
    numbers: list[int] = []

    @broker.subscriber("work")
    async def handle(call: Call) -> None:
        numbers.append(call.number)

    for _ in range(2):
        await broker.start()
        await broker.publish(CALL, "work")
        await eventually(lambda: not fake.messages("work"))
        await broker.stop()

    assert [1, 1] == numbers


async def test_failed_start_holds_no_message(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """When one queue is missing, subscribers already started give back what they received."""
    fake.put("work", "{}")
    broker = make_broker()

    @broker.subscriber("work")
    async def handle(call: dict[str, Any]) -> None:
        await asyncio.sleep(10_000)

    broker.publisher("typo")
    with pytest.raises(QueueNotFoundError, match="typo"):
        await broker.start()

    assert (1, 0) == (len(fake.messages("work")), fake.in_flight("work"))
