"""Stopping and pausing a consumer: what is held, what is given back, what is waited for."""

import asyncio
from collections.abc import Callable
from typing import Any

from faststream_sqs import FakeSQS
from faststream_sqs.engine.consumer import Consumer
from faststream_sqs.engine.lease import Lease
from faststream_sqs.engine.settlement import Settlement

MakeConsumer = Callable[..., Consumer]
Eventually = Callable[..., Any]


async def acknowledge(lease: Lease, settlement: Settlement) -> None:
    await settlement.ack(lease)


async def test_stop_releases_what_nobody_works_on(fake: FakeSQS, make_consumer: MakeConsumer) -> None:
    """Stopping finishes the handlers at work and gives the buffered rest back at once."""
    finished: list[str] = []

    async def work(lease: Lease, settlement: Settlement) -> None:
        await asyncio.sleep(2)
        finished.append(lease.message_id)
        await settlement.ack(lease)

    for number in range(10):
        fake.put("work", str(number))
    consumer = make_consumer(work, max_workers=2, prefetch=8)
    await asyncio.sleep(0.5)
    await consumer.stop()

    assert (2, 8, 0) == (len(finished), len(fake.messages("work")), fake.in_flight("work"))


async def test_stop_waits_for_the_poll_and_returns_what_it_brings(
    fake: FakeSQS, make_consumer: MakeConsumer
) -> None:
    """A receive in flight is never cancelled, and a message it brings goes straight back."""
    consumer = make_consumer(acknowledge, wait_time=5)
    await asyncio.sleep(1)
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.sleep(1)
    fake.put("work", "late")
    await stopping

    assert (["late"], 0) == (fake.bodies("work"), fake.in_flight("work"))


async def test_stop_cancels_what_exceeds_the_grace(fake: FakeSQS, make_consumer: MakeConsumer) -> None:
    """A handler that does not end is cancelled in time and its message given back."""

    async def endless(lease: Lease, settlement: Settlement) -> None:
        await asyncio.sleep(10_000)

    fake.put("work", "x")
    consumer = make_consumer(endless)
    await asyncio.sleep(0.1)
    started = asyncio.get_running_loop().time()
    await consumer.stop()

    assert asyncio.get_running_loop().time() - started <= 11
    assert 0 == fake.in_flight("work")


async def test_stop_from_inside_a_handler(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually
) -> None:
    """A handler may stop its consumer: it goes on, is acknowledged, and nothing else runs."""
    fake.put("work", "first")
    fake.put("work", "second")
    stopped: list[bool] = []

    async def last(lease: Lease, settlement: Settlement) -> None:
        await consumer.stop()
        stopped.append(True)
        await settlement.ack(lease)

    consumer = make_consumer(last, prefetch=5)
    await eventually(lambda: stopped)
    await consumer.stop()

    assert ([True], ["second"], 0) == (stopped, fake.bodies("work"), fake.in_flight("work"))


async def test_pause_stops_receiving_only(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually
) -> None:
    """A paused consumer finishes what it holds, asks for nothing, and stays healthy until resumed."""
    consumer = make_consumer(acknowledge)
    consumer.pause()
    await asyncio.sleep(2)
    polls = fake.requests["receive_message"]
    fake.put("work", "x")
    await asyncio.sleep(500)

    assert (polls, True) == (fake.requests["receive_message"], consumer.healthy())
    consumer.resume()
    await eventually(lambda: not fake.messages("work"))
