"""FastStream's cases of consuming, in memory and over the wire."""

import asyncio
from collections.abc import Callable
from typing import Any

from faststream import Context
from faststream_sqs import SQSBroker, SQSMessage
from pydantic import BaseModel

Place = Any
Eventually = Callable[..., Any]


class Call(BaseModel):
    number: int


async def test_one_handler_of_several_queues(place: Place, eventually: Eventually) -> None:
    """One function may serve several queues, and each message is handled once."""
    broker: SQSBroker = place.broker()
    seen: list[str] = []

    @broker.subscriber(f"{place.name}-1")
    @broker.subscriber(f"{place.name}-2")
    async def handle(body: str) -> None:
        seen.append(body)

    async with place.running(broker):
        await broker.publish("one", f"{place.name}-1")
        await broker.publish("two", f"{place.name}-2")
        await eventually(lambda: len(seen) == 2)

    assert ["one", "two"] == sorted(seen)


async def test_equal_messages(place: Place, eventually: Eventually) -> None:
    """Two messages alike are two messages."""
    broker: SQSBroker = place.broker()
    seen: list[str] = []

    @broker.subscriber(place.name)
    async def handle(body: str) -> None:
        seen.append(body)

    async with place.running(broker):
        await broker.publish("same", place.name)
        await broker.publish("same", place.name)
        await eventually(lambda: len(seen) == 2)

    assert ["same", "same"] == seen


async def test_filters_choose_the_handler(place: Place, eventually: Eventually) -> None:
    """Of a subscriber's handlers the first whose filter agrees is called, else the default."""
    broker: SQSBroker = place.broker()
    seen: list[str] = []
    subscriber = broker.subscriber(place.name)

    @subscriber(filter=lambda message: message.content_type == "application/json")
    async def structured(body: Any) -> None:
        seen.append("json")

    @subscriber
    async def other(body: str) -> None:
        seen.append("text")

    async with place.running(broker):
        await broker.publish({"a": 1}, place.name)
        await eventually(lambda: len(seen) == 1)
        await broker.publish("x", place.name)
        await eventually(lambda: len(seen) == 2)

    assert ["json", "text"] == seen


async def test_without_types_the_body_is_as_decoded(place: Place, eventually: Eventually) -> None:
    """With `apply_types=False` annotations are not enforced."""
    broker: SQSBroker = place.broker(apply_types=False)
    seen: list[Any] = []

    @broker.subscriber(place.name)
    async def handle(body: Call) -> None:
        seen.append(body)

    async with place.running(broker):
        await broker.publish({"number": "1"}, place.name)
        await eventually(lambda: seen)

    assert [{"number": "1"}] == seen


async def test_workers_work_side_by_side(place: Place, eventually: Eventually) -> None:
    """With several workers handlers wait for each other; with one they could not."""
    broker: SQSBroker = place.broker()
    meeting, met = asyncio.Barrier(3), list[int]()

    @broker.subscriber(place.name, max_workers=3)
    async def handle(body: int) -> None:
        await meeting.wait()
        met.append(body)

    async with place.running(broker):
        publishing = [asyncio.create_task(broker.publish(n, place.name)) for n in range(3)]
        await eventually(lambda: len(met) == 3)
        await asyncio.gather(*publishing)

    assert [0, 1, 2] == sorted(met)


async def test_context_reaches_the_handler(place: Place, eventually: Eventually) -> None:
    """A handler may ask for the message, its headers and its own queue's messages' ids by annotation."""
    broker: SQSBroker = place.broker()
    seen: list[tuple[Any, ...]] = []

    @broker.subscriber(place.name)
    async def handle(
        body: str,
        message: SQSMessage,
        tenant: str = Context("message.headers.tenant"),
        correlation_id: str = Context("message.correlation_id"),
    ) -> None:
        seen.append((body, tenant, correlation_id, message.correlation_id))

    async with place.running(broker):
        await broker.publish("x", place.name, headers={"tenant": "acme"}, correlation_id="c")
        await eventually(lambda: seen)

    assert [("x", "acme", "c", "c")] == seen


async def test_a_subscriber_made_late(place: Place, eventually: Eventually) -> None:
    """A subscriber made while the broker runs consumes between its own start and stop."""
    broker: SQSBroker = place.broker()
    seen: list[str] = []

    async def handle(body: str) -> None:
        seen.append(body)

    async with place.running(broker):
        subscriber = broker.subscriber(place.name, persistent=False)
        subscriber(handle)
        await subscriber.start()
        await broker.publish("x", place.name)
        await eventually(lambda: seen)
        await subscriber.stop()

    assert ["x"] == seen
