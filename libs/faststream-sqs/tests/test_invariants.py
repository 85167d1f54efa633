"""Batches hold what single messages hold, whatever SQS does: checked with faults nobody thought of."""

import asyncio
from collections.abc import Sequence

from faststream_sqs import FakeSQS
from faststream_sqs.engine.client import QueueInfo, SQSApi
from faststream_sqs.engine.consumer import Consumer, ConsumerOptions
from faststream_sqs.engine.lease import Lease
from faststream_sqs.engine.recorder import CountingRecorder
from faststream_sqs.engine.settlement import Settlement
from faststream_sqs.fake import Fault
from faststream_sqs.schemas import ConstantRetry
from hypothesis import given, settings
from hypothesis import strategies as st

MESSAGES = 25

faults = st.builds(
    Fault,
    code=st.sampled_from(["ServiceUnavailable", "RequestThrottled", "InternalError"]),
    entries=st.none() | st.frozensets(st.integers(0, 9), min_size=1),
    delay=st.sampled_from([0.0, 0.5, 5.0]),
    after_effect=st.booleans(),
)
actions = st.sampled_from(["receive_message", "delete_message_batch", "change_message_visibility_batch"])
outages = st.lists(st.tuples(actions, faults), max_size=20)


class BatchShop:
    """A consumer whose handlers of batches take as long as drawn, and send back every third delivery."""

    def __init__(self, workers: int, size: int, window: float, seconds: float) -> None:
        self.fake, self.size, self.seconds = FakeSQS(), size, seconds
        self.running = self.most_running = self.largest = 0
        self.done: set[str] = set()
        recorder = CountingRecorder()
        self.consumer = Consumer(
            SQSApi(self.fake, recorder),
            QueueInfo("work", self.fake.add_queue("work"), visibility=30),
            self.single,
            ConsumerOptions(max_workers=workers, wait_time=1, batch_size=size, batch_window=window),
            batch_handler=self.handle,
            recorder=recorder,
            dead_letters=None,
            retry=ConstantRetry(1),
            log=lambda level, text: None,
        )
        for number in range(MESSAGES):
            self.fake.put("work", str(number))

    @property
    def gone(self) -> set[str]:
        return {str(number) for number in range(MESSAGES)} - set(self.fake.bodies("work"))

    async def single(self, lease: Lease, settlement: Settlement) -> None:
        raise AssertionError("a batch was expected")

    async def handle(self, leases: Sequence[Lease], settlement: Settlement) -> None:
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        self.largest = max(self.largest, len(leases))
        try:
            await asyncio.sleep(self.seconds)
            for lease in leases:
                await self.settle(lease, settlement)
        finally:
            self.running -= 1

    async def settle(self, lease: Lease, settlement: Settlement) -> None:
        if (int(lease.message["Body"]) + lease.receive_count) % 3 == 0:
            await settlement.nack(lease)
        else:
            self.done.add(str(lease.message["Body"]))
            await settlement.ack(lease)


@settings(max_examples=40, deadline=None)
@given(
    outages=outages,
    workers=st.integers(1, 3),
    size=st.integers(1, 30),
    window=st.sampled_from([0.0, 0.5, 5.0]),
    seconds=st.sampled_from([0.0, 0.3, 4.0, 45.0]),
)
async def test_every_message_of_a_batch_is_handled_and_then_gone(
    outages: list[tuple[str, Fault]], workers: int, size: int, window: float, seconds: float
) -> None:
    """Through any outage what is gone was handled, in batches of their size by as many workers as said."""
    shop = BatchShop(workers, size, window, seconds)
    for action, fault in outages:
        shop.fake.fail(action, fault)
    shop.consumer.start()
    async with asyncio.timeout(5_000):
        while shop.fake.messages("work"):
            assert shop.gone <= shop.done
            await asyncio.sleep(1)
    await shop.consumer.stop()

    assert {str(number) for number in range(MESSAGES)} == shop.done
    assert shop.most_running <= workers
    assert shop.largest <= size


@settings(max_examples=40, deadline=None)
@given(
    moment=st.floats(0, 60),
    workers=st.integers(1, 3),
    size=st.integers(1, 30),
    window=st.sampled_from([0.0, 0.5, 5.0]),
    seconds=st.sampled_from([0.0, 0.3, 4.0, 45.0]),
)
async def test_stopping_batches_at_any_moment_strands_nothing(
    moment: float, workers: int, size: int, window: float, seconds: float
) -> None:
    """Whenever it is stopped, a consumer of batches leaves no message hidden."""
    shop = BatchShop(workers, size, window, seconds)
    shop.consumer.start()
    await asyncio.sleep(moment)
    await shop.consumer.stop()

    await asyncio.sleep(1.1)  # the longest delay of a message sent back
    assert (0, 0) == (shop.fake.in_flight("work"), shop.consumer.stats.leases)
    assert shop.gone <= shop.done
