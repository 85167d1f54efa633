"""What SQS bills: requests per message, at full load and at a trickle, over a network with a round trip."""

import asyncio
import random
from collections.abc import Callable

import pytest
from faststream_sqs import FakeSQS, SQSBroker

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
