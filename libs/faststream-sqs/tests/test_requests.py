"""Requests and their replies."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from faststream.exceptions import SetupError, SubscriberNotFound
from faststream_sqs import (
    FakeSQS,
    ProcessQueue,
    ReplyLostError,
    SQSBroker,
    SQSMessage,
    SQSQueue,
    SQSResponse,
    TestSQSBroker,
)

MakeBroker = Callable[..., SQSBroker]
Eventually = Callable[..., Any]


def answering(broker: SQSBroker) -> None:
    @broker.subscriber("work", max_workers=10)
    async def handle(number: int) -> int:
        return number * 2


@pytest.mark.parametrize("place", ["replies", ProcessQueue("replies-")])
async def test_request(fake: FakeSQS, make_broker: MakeBroker, place: str | ProcessQueue) -> None:
    """Ten requests at once, each with its own reply, over a shared queue or one's own."""
    fake.add_queue("replies")
    server, client = make_broker(), make_broker(response_queue=place)
    answering(server)
    await server.start()
    await client.connect()

    replies = await asyncio.gather(*(client.request(number, "work") for number in range(10)))

    assert [number * 2 for number in range(10)] == [await reply.decode() for reply in replies]


async def test_process_queue_lives_as_long_as_its_broker(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """A queue of one's own is made for the first request and gone after the stop."""
    server, client = make_broker(), make_broker(response_queue=ProcessQueue("mine-"))
    answering(server)
    await server.start()
    await client.start()
    before = set(fake._queues)
    await client.request(1, "work")
    during = set(fake._queues) - before
    await client.stop()

    assert (1, before) == (len(during), set(fake._queues))
    assert during.pop().startswith("mine-")


async def test_shared_queue_stays(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """A shared reply queue is nobody's to delete."""
    fake.add_queue("replies")
    server, client = make_broker(), make_broker(response_queue="replies")
    answering(server)
    await server.start()
    await client.connect()
    await client.request(1, "work")
    await client.stop()

    assert "replies" in fake._queues


async def test_a_foreign_reply_is_given_back(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """Two processes share a reply queue: neither takes the other's replies."""
    fake.add_queue("replies")
    server = make_broker()

    @server.subscriber("work", max_workers=20)
    async def handle(number: int) -> int:
        await asyncio.sleep(number % 3)
        return number * 2

    await server.start()
    clients = [make_broker(response_queue="replies") for _ in range(2)]
    for client in clients:
        await client.connect()
    replies = await asyncio.gather(
        *(clients[number % 2].request(number, "work", timeout=60) for number in range(12))
    )

    assert [number * 2 for number in range(12)] == [await reply.decode() for reply in replies]
    await eventually(lambda: not fake.messages("replies"))


async def test_a_dead_owners_reply_is_not_deleted(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """A reply for a process that is gone stays until SQS's retention ends, and costs few requests."""
    fake.add_queue("replies")
    token = {"DataType": "String", "StringValue": "gone:1"}
    fake.put("replies", "x", MessageAttributes={"x-reply-token": token})
    client = make_broker(response_queue="replies")
    await client.connect()
    with pytest.raises(TimeoutError):
        await client.request(1, "results", timeout=60)

    assert 1 == len(fake.messages("replies"))
    assert client.requests["receive_message"] < 100


async def test_a_late_reply_is_deleted(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """A reply nobody waits for any more is taken out of the queue by the process that asked."""
    fake.add_queue("replies")
    server, client = make_broker(), make_broker(response_queue="replies")

    @server.subscriber("work")
    async def handle(number: int) -> int:
        await asyncio.sleep(10)
        return number

    await server.start()
    await client.connect()
    with pytest.raises(TimeoutError):
        await client.request(1, "work", timeout=2)
    await eventually(lambda: fake.messages("replies"))
    with pytest.raises(TimeoutError):
        await client.request(2, "results", timeout=5)

    assert [] == [m for m in fake.messages("replies") if m.visible_at > 1e9]
    await eventually(lambda: not fake.messages("replies"))


async def test_a_foreign_answerer_needs_only_the_correlation_id(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """Whoever echoes nothing but the correlation id is understood."""
    fake.add_queue("replies")
    client = make_broker(response_queue="replies")
    await client.connect()
    request = asyncio.create_task(client.request(1, "results", correlation_id="c-1"))
    await eventually(lambda: fake.messages("results"))
    attribute = {"DataType": "String", "StringValue": "c-1"}
    fake.put("replies", "hello", MessageAttributes={"correlation-id": attribute})

    assert b"hello" == (await (await request).decode())


async def test_nobody_waits_nobody_polls(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """Between requests the reply queue is left alone."""
    fake.add_queue("replies")
    server, client = make_broker(), make_broker(response_queue="replies")
    answering(server)
    await server.start()
    await client.connect()
    await client.request(1, "work")
    await asyncio.sleep(30)
    before = client.requests["receive_message"]
    await asyncio.sleep(600)

    assert before == client.requests["receive_message"]


async def test_request_without_a_reply_queue(make_broker: MakeBroker) -> None:
    """Without a queue for replies a request says what to configure."""
    broker = make_broker()
    await broker.connect()

    with pytest.raises(SetupError, match="response_queue"):
        await broker.request(1, "work")


async def test_stopping_ends_the_waiting(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """Who waits for a reply when the broker stops learns that none will come."""
    client = make_broker(response_queue=ProcessQueue())
    await client.connect()
    request = asyncio.create_task(client.request(1, "results", timeout=1000))
    await asyncio.sleep(1)
    await client.stop()

    with pytest.raises(ReplyLostError):
        await request


async def test_requesting_from_a_handler(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """A handler may ask another queue before it answers, through a publisher as well."""
    broker = make_broker(response_queue=ProcessQueue())
    answering(broker)
    fake.add_queue("first")
    doubler = broker.publisher("work")

    @broker.subscriber("first")
    @broker.publisher("results")
    async def handle(number: int) -> int:
        reply = await doubler.request(number)
        return int(await reply.decode() or 0)

    await broker.start()
    await broker.publish(21, "first")
    await eventually(lambda: fake.bodies("results"))

    assert ["42"] == fake.bodies("results")


async def test_request_in_memory() -> None:
    """Under test the handler's result is the reply, headers and correlation id included."""
    broker = SQSBroker(logger=None)

    @broker.subscriber("work")
    async def handle(number: int) -> SQSResponse:
        return SQSResponse(number * 2, headers={"x": "y"})

    async with TestSQSBroker(broker) as test:
        reply = await test.request(21, "work", correlation_id="c-1")
        with pytest.raises(SubscriberNotFound):
            await test.request(1, "nobody")

    assert (42, "c-1", "y") == (await reply.decode(), reply.correlation_id, reply.headers["x"])


async def test_response_fields(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """A response's group, deduplication id, reply-to and headers reach the queue."""
    broker = make_broker()
    fake.add_queue("line.fifo")

    @broker.subscriber("work")
    @broker.publisher(SQSQueue("line.fifo"))
    async def handle(number: int, message: SQSMessage) -> SQSResponse:
        return SQSResponse(
            number,
            group_id="g",
            deduplication_id=lambda body: f"d{body}",
            reply_to="results",
            headers={"x": "y"},
        )

    await broker.start()
    await broker.publish(7, "work", correlation_id="c-7")
    await eventually(lambda: fake.messages("line.fifo"))

    (sent,) = (message.entry for message in fake.messages("line.fifo"))
    said = {name: value["StringValue"] for name, value in sent["MessageAttributes"].items()}
    assert ("g", "d7") == (sent["MessageGroupId"], sent["MessageDeduplicationId"])
    assert ("results", "y", "c-7") == (said["reply-to"], said["x"], said["correlation-id"])
