"""What is left when there is nothing to do: no timers, no tasks, no leases."""

import asyncio
import gc
from collections.abc import Callable
from typing import Any

from faststream_sqs import FakeSQS, SQSBroker
from faststream_sqs.engine.client import QueueInfo, SQSApi
from faststream_sqs.engine.heartbeat import Heartbeat
from faststream_sqs.engine.lease import Lease, LeaseState, LeaseTable
from faststream_sqs.engine.recorder import SilentRecorder
from faststream_sqs.engine.settle import VisibilityWriter

MakeBroker = Callable[..., SQSBroker]
Eventually = Callable[..., Any]


class CountingHeartbeat(Heartbeat):
    """Counts its beats."""

    beats = 0

    def beat(self, time: float) -> None:
        self.beats += 1
        super().beat(time)


async def test_the_heart_rests_without_leases(fake: FakeSQS) -> None:
    """The heartbeat ticks while there is a lease, and costs nothing before and after."""
    table = LeaseTable(lambda lease: None)
    queue, recorder = QueueInfo("work", fake.add_queue("work")), SilentRecorder()
    writer = VisibilityWriter(SQSApi(fake, recorder), queue, table, recorder, lambda level, text: None)
    heart = CountingHeartbeat(table, writer, 30)
    beating = asyncio.create_task(heart.run())
    await asyncio.sleep(600)
    idle = heart.beats
    message = {"MessageId": "m", "ReceiptHandle": "h", "Body": ""}
    lease = table.admit(message, asyncio.get_running_loop().time(), 30)
    assert lease is not None
    await asyncio.sleep(10)
    busy = heart.beats
    table.end(lease, LeaseState.DONE)
    await asyncio.sleep(600)
    beating.cancel()

    # The tick under way when the last lease ended is the last.
    assert (0, 3, 4) == (idle, busy, heart.beats)


def open_leases() -> set[Lease]:
    """Every lease in memory; by its type, since the proxy of what is gone cannot be asked for its class."""
    gc.collect()
    return {one for one in gc.get_objects() if type(one) is Lease}


async def test_nothing_stays(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """After a thousand messages there are as many tasks as before, and no lease in memory."""
    broker = make_broker()
    seen: list[int] = []

    @broker.subscriber("work", max_workers=20, prefetch=20)
    @broker.publisher("results")
    async def handle(number: int) -> int:
        seen.append(number)
        return number

    await broker.start()
    await asyncio.sleep(5)
    before, leases = len(asyncio.all_tasks()), open_leases()
    for number in range(1_000):
        fake.put("work", str(number))
    await eventually(lambda: len(seen) == 1_000 and not fake.messages("work"), 600)
    await asyncio.sleep(30)

    # Others are those that a failed test's traceback keeps.
    assert (before, leases) == (len(asyncio.all_tasks()), open_leases())
