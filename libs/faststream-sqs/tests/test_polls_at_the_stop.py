"""A stop and the receives still open: what is given back stays in the queue."""

import asyncio
from collections.abc import Callable

import pytest
from faststream_sqs import FakeSQS
from faststream_sqs.engine.consumer import Consumer
from faststream_sqs.engine.lease import Lease
from faststream_sqs.engine.settlement import Settlement

MakeConsumer = Callable[..., Consumer]


async def endless(lease: Lease, settlement: Settlement) -> None:
    await asyncio.sleep(10_000)


def visible(fake: FakeSQS) -> int:
    return len(fake.messages("work")) - fake.in_flight("work")


@pytest.mark.parametrize("queue", ["work", "line.fifo"])
@pytest.mark.parametrize("pollers", [1, 3])
@pytest.mark.parametrize("grace", [1.0, 10.0])
async def test_an_abandoned_poll_takes_nothing(
    fake: FakeSQS, make_consumer: MakeConsumer, queue: str, pollers: int, grace: float
) -> None:
    """What handlers cut off give back is not taken by the receives their own consumer left behind."""
    fake.add_queue(queue)
    for number in range(24):
        group = {"MessageGroupId": f"g{number}"} if queue.endswith(".fifo") else {}
        fake.put(queue, str(number), **group)
    consumer = make_consumer(
        endless,
        queue=queue,
        max_workers=40,
        pollers=pollers,
        visibility=600,
        wait_time=20,
        graceful_timeout=grace,
    )
    await asyncio.sleep(5)
    assert 24 == consumer.stats.running
    started = asyncio.get_running_loop().time()
    await consumer.stop()
    took = asyncio.get_running_loop().time() - started
    await asyncio.sleep(30)

    assert (0, 24) == (fake.in_flight(queue), len(fake.messages(queue)))
    assert took <= grace + 1


async def test_an_idle_consumer_does_not_wait_beyond_its_grace(
    fake: FakeSQS, make_consumer: MakeConsumer
) -> None:
    """With nothing to give back, an open receive is left when the grace ends."""
    consumer = make_consumer(endless, wait_time=20, graceful_timeout=2.0)
    await asyncio.sleep(5)
    started = asyncio.get_running_loop().time()
    await consumer.stop()

    assert asyncio.get_running_loop().time() - started <= 2


async def test_a_hurried_stop_strands_nothing(fake: FakeSQS, make_consumer: MakeConsumer) -> None:
    """A second signal ends the stop in about a second, and the messages are there at once."""
    fake.put("work", "1")
    consumer = make_consumer(endless, max_workers=3, visibility=600, wait_time=20, graceful_timeout=600.0)
    await asyncio.sleep(5)
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.sleep(1)
    consumer.hurry()
    async with asyncio.timeout(3):
        await stopping
    await asyncio.sleep(30)

    assert 1 == visible(fake)
