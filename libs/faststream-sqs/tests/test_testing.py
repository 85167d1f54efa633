"""Tests of handlers without SQS."""

from typing import Annotated

import pytest
from faststream import Context, FastStream, TestApp
from faststream.exceptions import NackMessage, RejectMessage
from faststream_sqs import (
    FifoParameterError,
    SQSBroker,
    SQSMessage,
    SQSPublisher,
    SQSQueue,
    SQSRoute,
    SQSRouter,
    TestSQSBroker,
)
from pydantic import BaseModel, ValidationError


class Call(BaseModel):
    number: int


@pytest.fixture
def broker() -> SQSBroker:
    return SQSBroker(logger=None)


async def test_handler_and_publisher_are_recorded(broker: SQSBroker) -> None:
    """A handler's call and its publication can be asserted."""

    @broker.publisher("results")
    @broker.subscriber("work")
    async def handle(call: Call) -> Call:
        return Call(number=call.number + 1)

    results = broker.publisher("results")
    async with TestSQSBroker(broker) as test:
        await test.publish(Call(number=1), "work", headers={"x": "y"})

        await handle.assert_called_once_with({"number": 1}, headers={"x": "y"})
        results.mock.assert_called_once_with({"number": 2})


async def test_a_message_goes_to_one_subscriber(broker: SQSBroker) -> None:
    """A queue delivers a message once, however many subscribers it has."""
    seen: list[str] = []

    @broker.subscriber("work")
    async def first(call: Call) -> None:
        seen.append("first")

    @broker.subscriber("work")
    async def second(call: Call) -> None:
        seen.append("second")

    async with TestSQSBroker(broker) as test:
        await test.publish(Call(number=1), "work")

    assert 1 == len(seen)


async def test_bodies_go_through_json(broker: SQSBroker) -> None:
    """What a handler receives is what JSON leaves of what was sent."""
    bodies: list[dict[str, list[int]]] = []

    @broker.subscriber("work")
    async def handle(body: dict[str, list[int]]) -> None:
        bodies.append(body)

    async with TestSQSBroker(broker) as test:
        await test.publish({"a": (1, 2)}, "work")

    assert [{"a": [1, 2]}] == bodies


async def test_errors_reach_the_test(broker: SQSBroker) -> None:
    """A handler's error is raised where the message was published."""

    @broker.subscriber("work")
    async def handle(call: Call) -> None:
        raise RuntimeError("no")

    async with TestSQSBroker(broker) as test:
        with pytest.raises(RuntimeError, match="no"):
            await test.publish(Call(number=1), "work")
        with pytest.raises(ValidationError):
            await test.publish({"number": "x"}, "work")


@pytest.mark.parametrize("verdict", [NackMessage(delay=3), RejectMessage(reason="no")])
async def test_verdicts_do_not_reach_the_test(broker: SQSBroker, verdict: Exception) -> None:
    """NackMessage and RejectMessage are decisions, not errors."""

    @broker.subscriber("work")
    async def handle(call: Call, message: SQSMessage) -> None:
        raise verdict

    async with TestSQSBroker(broker) as test:
        await test.publish(Call(number=1), "work")

        handle.mock.assert_called_once()


async def test_facts_of_a_message(broker: SQSBroker) -> None:
    """A message under test has the facts of a real one."""
    facts: list[object] = []

    @broker.subscriber("work")
    async def handle(call: Call, message: SQSMessage) -> None:
        facts.extend([message.queue, message.receive_count, message.group_id, message.is_last_attempt])

    async with TestSQSBroker(broker) as test:
        await test.publish(Call(number=1), "work", group_id=lambda call: f"g{call.number}")

    assert ["work", 1, "g1", False] == facts


async def test_fifo_rules_hold_in_tests(broker: SQSBroker) -> None:
    """What a FIFO queue refuses fails in the test already."""
    async with TestSQSBroker(broker) as test:
        with pytest.raises(FifoParameterError, match="group_id"):
            await test.publish("x", "line.fifo")
        with pytest.raises(FifoParameterError, match="delay"):
            await test.publish("x", "line.fifo", group_id="g", delay=5)


async def test_batches(broker: SQSBroker) -> None:
    """A batch is delivered message by message."""
    numbers: list[int] = []

    @broker.subscriber("work")
    async def handle(call: Call) -> None:
        numbers.append(call.number)

    async with TestSQSBroker(broker) as test:
        results = await test.publish_batch(Call(number=1), Call(number=2), queue="work")

    assert ([1, 2], 2) == (numbers, len({result.message_id for result in results}))


async def test_router_in_one_test_after_another() -> None:
    """One router serves several brokers under test, each with its own context."""
    router = SQSRouter(prefix="eu-")
    seen: list[str] = []

    @router.subscriber(SQSQueue("work"))
    @router.publisher(SQSQueue("results"))
    async def handle(call: Call, name: Annotated[str, Context()]) -> Call:
        seen.append(name)
        return call

    for name in ("first", "second"):
        broker = SQSBroker(logger=None)
        broker.context.set_global("name", name)
        broker.include_router(router)
        async with TestSQSBroker(broker) as test:
            await test.publish(Call(number=1), "eu-work")

    assert ["first", "second"] == seen


async def test_routes() -> None:
    """Handlers may be declared as data."""
    results: list[int] = []

    async def handle(call: Call) -> Call:
        return Call(number=call.number + 1)

    async def collect(call: Call) -> None:
        results.append(call.number)

    routes = [SQSRoute(handle, "work", publishers=[SQSPublisher("results")]), SQSRoute(collect, "results")]
    broker = SQSBroker(logger=None, routers=[SQSRouter(handlers=routes)])
    async with TestSQSBroker(broker) as test:
        await test.publish(Call(number=1), "work")

    assert [2] == results


async def test_application(broker: SQSBroker) -> None:
    """A FastStream application starts and stops around the broker under test."""
    steps: list[str] = []

    @broker.subscriber("work")
    async def handle(call: Call) -> None:
        steps.append("handled")

    app = FastStream(broker, logger=None)
    app.after_startup(lambda: steps.append("started"))
    async with TestSQSBroker(broker) as test, TestApp(app):
        await test.publish(Call(number=1), "work")

    assert ["started", "handled"] == steps
