"""What SQS bills: requests per message, at full load and at a trickle, over a network with a round trip."""

import asyncio
import os
import random
from collections.abc import Callable

import pytest
from faststream_sqs import FakeSQS, SQSBroker
from faststream_sqs.engine.client import QueueInfo, SQSApi
from faststream_sqs.engine.consumer import Consumer, ConsumerOptions
from faststream_sqs.engine.lease import Lease
from faststream_sqs.engine.recorder import CountingRecorder
from faststream_sqs.engine.settlement import Settlement
from faststream_sqs.schemas import ConstantRetry
from hypothesis import given, settings
from hypothesis import strategies as st

MESSAGES = 1_000
STEPS = random.Random(11)

MakeBroker = Callable[..., SQSBroker]
Eventually = Callable[..., object]


@pytest.fixture
def fake() -> FakeSQS:
    sqs = FakeSQS(round_trip=0.01)
    sqs.add_queue("work")
    sqs.add_queue("results")
    return sqs


@pytest.mark.parametrize("workers", [10, 50])
async def test_saturated(make_broker: MakeBroker, fake: FakeSQS, workers: int) -> None:
    """With defaults and a prefetch, one message consumed and one published cost 0.3 requests together."""
    broker = make_broker()

    @broker.subscriber("work", max_workers=workers, prefetch=20)
    @broker.publisher("results")
    async def forward(number: int) -> int:
        await asyncio.sleep(STEPS.uniform(0, 0.002))
        return number

    for number in range(MESSAGES):
        fake.put("work", str(number))
    await broker.start()
    fake.requests.clear()
    async with asyncio.timeout(120):
        while len(fake.messages("results")) < MESSAGES or fake.messages("work"):
            await asyncio.sleep(0.1)

    per_message = {action: count / MESSAGES for action, count in fake.requests.items()}
    assert sum(per_message.values()) <= 0.31, per_message


@settings(max_examples=20, deadline=None, derandomize="CI" in os.environ)
@given(workers=st.integers(10, 60), extra=st.integers(10, 30), seconds=st.sampled_from([0.0, 0.02, 0.5]))
async def test_requests_with_a_backlog(workers: int, extra: int, seconds: float) -> None:
    """I9: with a backlog beyond its capacity, consuming costs at most 0.22 requests a message."""
    fake = FakeSQS(round_trip=0.01)
    api = SQSApi(fake, CountingRecorder())

    async def handle(lease: Lease, settlement: Settlement) -> None:
        await asyncio.sleep(seconds)
        await settlement.ack(lease)

    consumer = Consumer(
        api,
        QueueInfo("work", fake.add_queue("work"), visibility=30),
        handle,
        ConsumerOptions(max_workers=workers, prefetch=extra),
        recorder=CountingRecorder(),
        dead_letters=None,
        retry=ConstantRetry(7),
        log=lambda level, text: None,
    )
    for number in range(MESSAGES):
        fake.put("work", str(number))
    consumer.start()
    async with asyncio.timeout(500):
        while fake.messages("work"):
            await asyncio.sleep(0.1)
    requests = fake.requests.total()
    await consumer.stop()

    assert requests <= 0.22 * MESSAGES
