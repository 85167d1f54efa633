"""Messages taken by hand, and subscribers that come and go."""

import asyncio
import gc
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, cast

import pytest
from faststream.exceptions import IncorrectState, SetupError
from faststream_sqs import FakeSQS, QueueNotFoundError, SQSBroker, SQSMessage, TestSQSBroker

MakeBroker = Callable[..., SQSBroker]
Eventually = Callable[..., Any]


async def test_get_one(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """A message is held for whoever took it until it is acknowledged."""
    broker = make_broker()
    subscriber = broker.subscriber("work")
    await broker.start()
    await broker.publish("hello", "work", headers={"x": "y"})

    message = await subscriber.get_one(timeout=5)

    assert message is not None
    assert ("hello", "y") == (await message.decode(), message.headers["x"])
    await asyncio.sleep(300)
    assert (1, 1) == (message.receive_count, fake.in_flight("work"))
    await message.ack()
    await eventually(lambda: not fake.messages("work"))


async def test_get_one_of_an_empty_queue(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """Nothing within the time is None, by one long poll."""
    broker = make_broker()
    subscriber = broker.subscriber("work")
    await broker.start()
    started = asyncio.get_running_loop().time()

    assert await subscriber.get_one(timeout=7) is None
    assert (7, 1) == (
        round(asyncio.get_running_loop().time() - started),
        broker.requests["receive_message"],
    )


async def test_what_comes_after_the_asker_left_goes_back(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """A cancelled `get_one` hides no message: what its poll still brings is given back."""
    broker = make_broker()
    subscriber = broker.subscriber("work")
    await broker.start()
    asking = asyncio.create_task(subscriber.get_one(timeout=20))
    await asyncio.sleep(1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await broker.publish("hello", "work")
    await eventually(lambda: fake.requests["change_message_visibility_batch"])
    await eventually(lambda: not fake.in_flight("work"))

    assert ["hello"] == fake.bodies("work")


async def test_stopping_gives_back_what_was_taken(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """What was taken and not settled is visible again after the stop."""
    broker = make_broker()
    subscriber = broker.subscriber("work")
    await broker.start()
    await broker.publish("hello", "work")
    await subscriber.get_one()
    await broker.stop()

    assert (1, 0) == (len(fake.messages("work")), fake.in_flight("work"))


async def test_iteration(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """`async for` takes messages as they come; what it took ahead goes back when it ends."""
    broker = make_broker()
    subscriber = broker.subscriber("work", prefetch=9)
    await broker.start()
    await broker.publish_batch(*"abcde", queue="work")
    seen: list[Any] = []

    async with aclosing(cast("AsyncGenerator[SQSMessage]", aiter(subscriber))) as messages:
        async for message in messages:
            seen.append(await message.decode())
            await message.ack()
            if len(seen) == 3:
                break

    await eventually(lambda: len(fake.messages("work")) == 2 and not fake.in_flight("work"))
    assert (["a", "b", "c"], ["d", "e"]) == (seen, fake.bodies("work"))


async def test_pulling_needs_a_subscriber_without_handlers(make_broker: MakeBroker) -> None:
    """Two ways of consuming do not mix, and both need a start."""
    broker = make_broker()

    @broker.subscriber("work")
    async def handle(body: str) -> None: ...

    (with_handler,) = broker.subscribers
    with pytest.raises(SetupError, match="has a handler"):
        await with_handler.get_one()
    with pytest.raises(IncorrectState, match="not started"):
        await broker.subscriber("results").get_one()


async def test_pulling_from_a_missing_queue(make_broker: MakeBroker) -> None:
    """A misspelt queue stops the start here, too."""
    broker = make_broker()
    subscriber = broker.subscriber("typo")

    with pytest.raises(QueueNotFoundError, match="'typo'"):
        await broker.start()
    assert subscriber.queue.name == "typo"


async def test_dynamic_subscriber(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """A subscriber made while the broker runs consumes from its own start to its own stop."""
    broker = make_broker()
    await broker.start()
    seen: list[str] = []
    subscriber = broker.subscriber("work", persistent=False)

    @subscriber
    async def handle(body: str) -> None:
        seen.append(body)

    await broker.publish("one", "work")
    async with subscriber:
        await eventually(lambda: seen and not fake.messages("work"))
    await broker.publish("two", "work")
    await asyncio.sleep(60)

    assert (["one"], ["two"]) == (seen, fake.bodies("work"))


def test_forgotten_subscriber(make_broker: MakeBroker) -> None:
    """With persistent=False the broker does not keep a subscriber nobody else refers to."""
    broker = make_broker()
    kept = broker.subscriber("work")
    broker.subscriber("results", persistent=False)
    gc.collect()

    assert [kept] == list(broker.subscribers)


async def test_pulling_in_memory() -> None:
    """Under test messages without a handler can be taken by hand, one by one or in a loop."""
    broker = SQSBroker(logger=None)
    subscriber = broker.subscriber("work")
    seen: list[Any] = []

    async with TestSQSBroker(broker) as test:
        await test.publish_batch("a", "b", queue="work")
        first = await subscriber.get_one(timeout=1)
        assert first is not None
        seen.append(await first.decode())
        async for message in subscriber:
            seen.append(await message.decode())
            await message.ack()
            break
        assert await subscriber.get_one(timeout=1) is None

    assert ["a", "b"] == seen


async def test_dynamic_subscriber_in_memory() -> None:
    """Under test a subscriber made later is served as well."""
    broker = SQSBroker(logger=None)
    async with TestSQSBroker(broker) as test:
        subscriber = test.subscriber("work")
        seen: list[str] = []

        @subscriber
        async def handle(body: str, message: SQSMessage) -> None:
            seen.append(f"{message.queue}: {body}")

        await subscriber.start()
        await test.publish("hello", "work")

    assert ["work: hello"] == seen


async def test_test_broker_over_the_real_engine(eventually: Eventually) -> None:
    """With a FakeSQS, tests run the engine: a failing message comes back, and mocks still record."""
    fake = FakeSQS()
    broker = SQSBroker(logger=None, wait_time=1)
    counts: list[int] = []

    @broker.subscriber("work")
    @broker.publisher("results")
    async def handle(body: str, message: SQSMessage) -> str:
        counts.append(message.receive_count)
        if message.receive_count == 1:
            raise RuntimeError("once")
        return body

    factory = broker.config.broker_config.client_factory
    async with TestSQSBroker(broker, fake=fake) as test:
        await test.publish("hello", "work")
        await eventually(lambda: not fake.messages("work"))
        assert 2 == handle.mock.call_count

    assert ([1, 2], factory) == (counts, broker.config.broker_config.client_factory)


async def test_a_long_wait_is_several_polls(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """A wait longer than SQS's longest poll goes on, and ends when the broker stops."""
    broker = make_broker()
    subscriber = broker.subscriber("work")
    await broker.start()
    asking = asyncio.create_task(subscriber.get_one(timeout=100))
    await eventually(lambda: broker.requests["receive_message"] == 3, 90)
    await broker.stop()

    assert await asking is None


async def test_surface_in_memory() -> None:
    """Filters, parsers and a publisher's request work under test as they do over SQS."""

    async def parser(raw: Any, original: Callable[[Any], Any]) -> Any:
        message = await original(raw)
        message.headers["parsed"] = "yes"
        return message

    broker = SQSBroker(logger=None, parser=parser)
    subscriber = broker.subscriber("work")

    @subscriber(filter=lambda message: message.headers.get("kind") == "new")
    async def first(body: str, message: SQSMessage) -> str:
        return f"new {body} {message.headers['parsed']}"

    @subscriber
    async def second(body: str) -> str:
        return f"old {body}"

    publisher = broker.publisher("work")
    async with TestSQSBroker(broker):
        new = await publisher.request("a", headers={"kind": "new"})
        old = await publisher.request("b")

    assert ("new a yes", "old b") == (await new.decode(), await old.decode())
