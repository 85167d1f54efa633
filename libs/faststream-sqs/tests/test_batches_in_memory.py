"""Handlers of batches under test, without an engine."""

import pytest
from faststream_sqs import (
    BatchFailure,
    SettleError,
    SQSBatchMessage,
    SQSBroker,
    TestSQSBroker,
)
from pydantic import BaseModel


class Call(BaseModel):
    number: int


def calls(*numbers: int) -> list[Call]:
    return [Call(number=number) for number in numbers]


async def test_batches_in_memory() -> None:
    """Under test a batch is published as one and delivered in the handler's sizes."""
    broker = SQSBroker(logger=None)
    sizes: list[int] = []

    @broker.subscriber("work", batch=True, batch_size=2)
    @broker.publisher("results")
    async def handle(calls: list[Call], message: SQSBatchMessage) -> int:
        sizes.append(len(message.messages))
        return sum(call.number for call in calls)

    results = broker.publisher("results")
    async with TestSQSBroker(broker) as test:
        await test.publish_batch(*calls(1, 2, 3), queue="work")
        assert [2, 1] == sizes
        assert 2 == results.mock.call_count
        await test.publish(Call(number=1), "work")

        await handle.assert_called_with([{"number": 1}])


async def test_partial_failure_in_memory() -> None:
    """A BatchFailure reaches the test, after the others were acknowledged."""
    broker = SQSBroker(logger=None)
    batches: list[SQSBatchMessage] = []

    @broker.subscriber("work", batch=True)
    async def handle(calls: list[Call], message: SQSBatchMessage) -> None:
        batches.append(message)
        raise BatchFailure({message.messages[0].message_id: RuntimeError("no")})

    async with TestSQSBroker(broker) as test:
        with pytest.raises(BatchFailure, match="1 messages of the batch failed: RuntimeError"):
            await test.publish_batch(*calls(1, 2), queue="work")

    assert ["NACKED", "ACKED"] == [one.committed for one in batches[0].messages]


async def test_unknown_failure_in_memory() -> None:
    """Naming a foreign message is an error of its own."""
    broker = SQSBroker(logger=None)

    @broker.subscriber("work", batch=True)
    async def handle(calls: list[Call]) -> None:
        raise BatchFailure({"nonsense": RuntimeError()})

    async with TestSQSBroker(broker) as test:
        with pytest.raises(SettleError, match="the whole batch comes back"):
            await test.publish(Call(number=1), "work")
