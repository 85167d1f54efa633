"""Stopping: from outside, from a handler, by signals, once and again."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from typing import Any

from faststream import FastStream
from faststream.exceptions import StopApplication, StopConsume
from faststream_sqs import FakeSQS, SQSBroker
from faststream_sqs.engine.signals import hurried_by_signals

MakeBroker = Callable[..., SQSBroker]
Eventually = Callable[..., Any]


def visible(fake: FakeSQS) -> int:
    return len(fake.messages("work")) - fake.in_flight("work")


async def test_hurry_cuts_a_drain_short(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """In a hurry a long handler is cancelled and its message given back, well before the grace ends."""
    broker = make_broker(graceful_timeout=600)

    @broker.subscriber("work")
    async def handle(number: int) -> None:
        await asyncio.sleep(10_000)

    await broker.start()
    await broker.publish(1, "work")
    await asyncio.sleep(5)
    started = asyncio.get_running_loop().time()
    stopping = asyncio.create_task(broker.stop())
    await asyncio.sleep(10)
    assert not stopping.done()
    broker.hurry()
    await stopping

    assert (True, 1) == (asyncio.get_running_loop().time() - started < 15, visible(fake))


async def test_second_signal_hurries(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """A stop signal that arrives while stopping shortens the drain, and reaches its old handler, too."""
    broker = make_broker(graceful_timeout=600)
    signals: list[str] = []
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, signals.append, "TERM")
    try:

        @broker.subscriber("work")
        async def handle(number: int) -> None:
            await asyncio.sleep(10_000)

        await broker.start()
        await broker.publish(1, "work")
        await asyncio.sleep(5)
        before = signal.getsignal(signal.SIGTERM)
        stopping = asyncio.create_task(broker.stop())
        await asyncio.sleep(1)
        started = loop.time()
        os.kill(os.getpid(), signal.SIGTERM)
        await stopping
        await asyncio.sleep(0.1)

        assert (True, 1, ["TERM"]) == (loop.time() - started < 5, visible(fake), signals)
        assert before is signal.getsignal(signal.SIGTERM)
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


async def test_unhandled_signals_stay_deadly() -> None:
    """Where the program handles no signal, stopping does not begin to."""
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with hurried_by_signals(lambda: None):
            assert signal.SIG_DFL is signal.getsignal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


async def test_signals_in_another_thread() -> None:
    """Only the main thread may handle signals; elsewhere stopping does without."""
    entered: list[bool] = []

    async def inside() -> None:
        with hurried_by_signals(lambda: None):
            entered.append(True)

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: (loop.run_until_complete(inside()), loop.close()))
    thread.start()
    thread.join()

    assert [True] == entered


async def test_stop_consume_stops_one_subscriber(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """StopConsume ends its own subscriber; the broker and the others go on."""
    broker = make_broker()
    seen: list[int] = []

    @broker.subscriber("work")
    async def first(number: int) -> None:
        raise StopConsume

    @broker.subscriber("results")
    async def second(number: int) -> None:
        seen.append(number)

    await broker.start()
    await broker.publish(1, "work")
    one, other = broker.subscribers
    one, other = (one, other) if "work" in repr(one) else (other, one)
    await eventually(lambda: not one.running)
    await broker.publish(2, "results")
    await eventually(lambda: seen)

    assert (True, True, [2]) == (broker.running, other.running, seen)


async def test_stop_application_ends_the_application(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """StopApplication drains everything and ends the application; nothing is left held."""
    broker = make_broker(wait_time=1)

    @broker.subscriber("work", prefetch=3)
    async def handle(number: int) -> None:
        raise StopApplication

    app = FastStream(broker, logger=None)

    @app.after_startup
    async def publish() -> None:
        await broker.publish_batch(1, 2, 3, queue="work")

    async with asyncio.timeout(60):
        await app.run()

    # The failing one waits for its retry, the two behind it are visible again.
    assert (3, 2, False) == (len(fake.messages("work")), visible(fake), broker.running)
