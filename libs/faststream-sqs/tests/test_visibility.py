"""Of a lease's wishes the newest is written, whatever becomes of the older ones."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from faststream_sqs import FakeSQS
from faststream_sqs.engine.client import QueueInfo, SQSApi
from faststream_sqs.engine.lease import Lease, LeaseState, LeaseTable
from faststream_sqs.engine.recorder import SilentRecorder
from faststream_sqs.engine.settle import VisibilityWriter

ACTION = "change_message_visibility_batch"


@dataclass
class Held:
    """A message held by a lease, and who writes how long it stays hidden."""

    fake: FakeSQS
    writer: VisibilityWriter
    lease: Lease

    def written(self) -> list[int]:
        """The seconds asked for, request by request."""
        asked = [request for action, request in self.fake.log if action == ACTION]
        return [entry["VisibilityTimeout"] for request in asked for entry in request["Entries"]]


@pytest.fixture
async def held(fake: FakeSQS) -> AsyncIterator[Held]:
    queue, recorder = QueueInfo("work", fake.add_queue("work")), SilentRecorder()
    fake.put("work", "x")
    (message,) = (await fake.receive_message(QueueUrl=queue.url, VisibilityTimeout=30))["Messages"]
    table = LeaseTable(lambda lease: None)
    lease = table.admit(message, asyncio.get_running_loop().time(), 30)
    assert lease is not None
    lease.state = LeaseState.RUNNING
    writer = VisibilityWriter(SQSApi(fake, recorder), queue, table, recorder, lambda level, text: None)
    writing = asyncio.create_task(writer.run())
    yield Held(fake, writer, lease)
    writing.cancel()


async def test_a_failed_extension_is_not_repeated_over_a_return(held: Held) -> None:
    """The message was given back while its extension was about to fail: it comes when it was told to."""
    held.fake.round_trip = 1
    held.fake.fail(ACTION, times=1)
    held.writer.wish(held.lease, 30, "extend")
    await asyncio.sleep(0.5)
    held.lease.state = LeaseState.NACKING
    held.writer.wish(held.lease, 5, "nack")
    await asyncio.wait_for(held.writer.drain(), 10)

    assert (LeaseState.DONE, [30, 5]) == (held.lease.state, held.written())


async def test_no_heartbeat_follows_a_return(held: Held) -> None:
    """Whoever gave a message back is not asked for how long it stays hidden any more."""
    held.lease.state = LeaseState.NACKING
    held.writer.wish(held.lease, 5, "nack")
    held.writer.wish(held.lease, 30, "extend")
    await asyncio.wait_for(held.writer.drain(), 10)

    assert (LeaseState.DONE, [5]) == (held.lease.state, held.written())


async def test_an_extension_under_way_does_not_undo_a_return(held: Held) -> None:
    """The return waits for the request that is out, and is written after it."""
    held.writer.wish(held.lease, 30, "extend")
    await asyncio.sleep(0)
    held.lease.state = LeaseState.NACKING
    held.writer.wish(held.lease, 0, "nack")
    await asyncio.wait_for(held.writer.drain(), 10)

    assert (LeaseState.DONE, 0) == (held.lease.state, held.written()[-1])
