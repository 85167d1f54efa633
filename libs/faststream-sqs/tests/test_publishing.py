"""What a publication answers, how long it waits for company, and which trace it carries."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from faststream_sqs import FakeSQS, SendResult, SQSBroker, SQSMessage, SQSResponse, TestSQSBroker

MakeBroker = Callable[..., SQSBroker]
Eventually = Callable[..., Any]

XRAY = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


async def test_result_of_a_publication(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """A publication answers with SQS's id of the message."""
    broker = make_broker()
    await broker.start()

    result = await broker.publish("x", "work")

    assert [SendResult(message.message_id) for message in fake.messages("work")] == [result]


async def test_results_on_a_fifo_queue(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """On a FIFO queue it also answers with the message's place, the one its handler will read."""
    fake.add_queue("line.fifo")
    broker = make_broker()
    await broker.start()

    results = await broker.publish_batch("a", "b", queue="line.fifo", group_id="g")

    stored = [SendResult(one.message_id, str(one.sequence)) for one in fake.messages("line.fifo")]
    assert stored == results


async def test_results_of_a_publisher(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """A publisher answers alike, with a list when it takes a list."""
    broker = make_broker()
    single, several = broker.publisher("work"), broker.publisher("results", batch=True)
    await broker.start()

    assert isinstance(await single.publish("x"), SendResult)
    assert 2 == len({result.message_id for result in await several.publish(["a", "b"])})


async def test_results_in_memory() -> None:
    """Under test the answers look the same."""
    async with TestSQSBroker(SQSBroker(logger=None)) as broker:
        standard = await broker.publish("x", "work")
        (first, second) = await broker.publish_batch("a", "b", queue="line.fifo", group_id="g")

    assert standard.sequence_number is None
    assert int(str(first.sequence_number)) < int(str(second.sequence_number))


async def elapsed(*publications: Any) -> float:
    loop = asyncio.get_running_loop()
    started = loop.time()
    await asyncio.gather(*publications)
    return loop.time() - started


async def test_linger_of_a_publisher(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """A publisher's own linger gathers its messages, whatever the broker's is."""
    broker = make_broker(send_linger=None)
    patient = broker.publisher("work", send_linger=2.0)
    await broker.start()

    async def later() -> None:
        await asyncio.sleep(1)
        await patient.publish("b")

    assert 2.0 == pytest.approx(await elapsed(patient.publish("a"), later()), abs=0.01)
    assert 1 == fake.requests["send_message_batch"]


async def test_impatient_publisher(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """A publisher may send at once where the broker waits; a message waiting there leaves with it."""
    broker = make_broker(send_linger=60.0)
    hasty = broker.publisher("work", send_linger=None)
    await broker.start()

    assert 0.1 > await elapsed(broker.publish("a", "work"), hasty.publish("b"))
    assert ["a", "b"] == fake.bodies("work")


async def test_broker_linger_is_the_default(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """A publisher that does not say waits as long as the broker says."""
    broker = make_broker(send_linger=3.0)
    publisher = broker.publisher("work")
    await broker.start()

    assert 3.0 == pytest.approx(await elapsed(publisher.publish("a")), abs=0.01)


async def test_trace_header_is_read(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """The X-Ray trace header AWS services put beside a message is at hand."""
    broker, found = make_broker(), []

    @broker.subscriber("work")
    async def handle(body: str, message: SQSMessage) -> None:
        found.append(message.trace_header)

    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": XRAY}}
    fake.put("work", "x", MessageSystemAttributes=trace)
    fake.put("work", "y")
    await broker.start()
    await eventually(lambda: not fake.messages("work"))

    assert [XRAY, None] == found


async def test_trace_header_takes_none_of_the_ten(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """A header of that name travels beside the attributes, so that ten others still fit."""
    broker = make_broker(headers="attributes")
    await broker.start()
    full = {f"h{n}": "x" for n in range(8)}  # and the content type and the correlation id

    await broker.publish("x", "work", headers=full | {"AWSTraceHeader": XRAY})

    (message,) = fake.messages("work")
    assert 10 == len(message.entry["MessageAttributes"])
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": XRAY}}
    assert trace == message.entry["MessageSystemAttributes"]


async def test_trace_header_of_a_response(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """A handler hands the trace on with its result."""
    broker, found = make_broker(), []

    @broker.subscriber("work")
    @broker.publisher("results")
    async def first(body: str, message: SQSMessage) -> SQSResponse:
        return SQSResponse("y", headers={"AWSTraceHeader": message.trace_header})

    @broker.subscriber("results")
    async def second(body: str, message: SQSMessage) -> None:
        found.append(message.trace_header)

    await broker.start()
    await broker.publish("x", "work", headers={"AWSTraceHeader": XRAY})
    await eventually(lambda: found)

    assert [XRAY] == found


async def test_trace_header_in_the_dead_letter_queue(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """A rejected message keeps its trace."""
    broker = make_broker()

    @broker.subscriber("work")
    async def handle(body: int) -> None: ...

    await broker.start()
    await broker.publish("no number", "work", headers={"AWSTraceHeader": XRAY})
    await eventually(lambda: fake.messages("dead"))

    (copy,) = fake.messages("dead")
    assert XRAY == copy.entry["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"]
