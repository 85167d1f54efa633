"""Sends that share requests, and callers that each learn their own message's fate."""

import asyncio
import random
import statistics
from collections.abc import Iterator
from typing import Any

import pytest
from faststream_sqs import FakeSQS, SendResult
from faststream_sqs.engine.client import CallError, QueueInfo, SQSApi, TransientCallError
from faststream_sqs.engine.recorder import SilentRecorder
from faststream_sqs.engine.sender import LONGEST_GAP, STALLED, Sender
from faststream_sqs.fake import Fault


@pytest.fixture
def queue(fake: FakeSQS) -> QueueInfo:
    return QueueInfo("results", fake.add_queue("results"))


@pytest.fixture
def sender(fake: FakeSQS) -> Sender:
    return Sender(SQSApi(fake, SilentRecorder()))


def entry(body: Any) -> dict[str, Any]:
    return {"MessageBody": str(body)}


def sizes(fake: FakeSQS) -> list[int]:
    return [len(request["Entries"]) for action, request in fake.log if action == "send_message_batch"]


async def test_a_lone_message_leaves_at_once(fake: FakeSQS, sender: Sender, queue: QueueInfo) -> None:
    """A message sent while nothing is under way waits for nobody."""
    started = asyncio.get_running_loop().time()

    result = await sender.send(queue, entry("x"))

    assert (SendResult("m-1"), started) == (result, asyncio.get_running_loop().time())


async def test_messages_of_a_tick_share_requests(fake: FakeSQS, sender: Sender, queue: QueueInfo) -> None:
    """Twenty-five messages at once are three requests."""
    await asyncio.gather(*(sender.send(queue, entry(n)) for n in range(25)))

    assert [10, 10, 5] == sorted(sizes(fake), reverse=True)


async def test_messages_wait_for_the_request_under_way(
    fake: FakeSQS, sender: Sender, queue: QueueInfo
) -> None:
    """What is sent during a request leaves together when it ends."""
    fake.fail("send_message_batch", Fault(entries=frozenset({99}), delay=1))
    first = asyncio.create_task(sender.send(queue, entry("first")))
    others = []
    for number in range(4):
        await asyncio.sleep(0.1)
        others.append(asyncio.create_task(sender.send(queue, entry(number))))
    await asyncio.gather(first, *others)

    assert [1, 4] == sizes(fake)


async def test_a_batch_stays_within_a_mebibyte(fake: FakeSQS, sender: Sender, queue: QueueInfo) -> None:
    """Large messages share a request only as long as SQS takes it."""
    await asyncio.gather(*(sender.send(queue, entry("x" * 400_000)) for _ in range(5)))

    assert [2, 2, 1] == sorted(sizes(fake), reverse=True)


async def test_a_refused_message_fails_alone(fake: FakeSQS, sender: Sender, queue: QueueInfo) -> None:
    """The caller of a message SQS refuses learns it; the others of its batch were sent."""
    results = await asyncio.gather(
        *(sender.send(queue, entry(body)) for body in ("good", "", "better")), return_exceptions=True
    )

    assert [SendResult("m-1"), SendResult("m-2")] == [results[0], results[2]]
    assert isinstance(results[1], CallError)


async def test_a_server_fault_is_repeated_for_its_message_only(
    fake: FakeSQS, sender: Sender, queue: QueueInfo
) -> None:
    """A message that failed by SQS's fault is sent again, without its companions."""
    fake.fail("send_message_batch", Fault(entries=frozenset({1})))

    await asyncio.gather(*(sender.send(queue, entry(n)) for n in range(3)))

    assert ([3, 1], {"0", "1", "2"}) == (sizes(fake), set(fake.bodies("results")))


async def test_an_unreachable_sqs_fails_every_caller(fake: FakeSQS, sender: Sender, queue: QueueInfo) -> None:
    """When the request fails, everybody in it learns that trying later may help."""
    fake.fail("send_message_batch", times=100)

    results = await asyncio.gather(*(sender.send(queue, entry(n)) for n in range(2)), return_exceptions=True)

    assert [TransientCallError, TransientCallError] == [type(result) for result in results]


async def test_fifo_sends_one_request_at_a_time(fake: FakeSQS, sender: Sender) -> None:
    """On a FIFO queue the order of sending is the order of arrival."""
    line = QueueInfo("line.fifo", fake.add_queue("line.fifo"), fifo=True)
    entries = [{"MessageBody": str(n), "MessageGroupId": "g"} for n in range(25)]

    await asyncio.gather(*(sender.send(line, one) for one in entries))

    assert [str(n) for n in range(25)] == fake.bodies("line.fifo")


async def test_a_cancelled_caller_withdraws_its_message(
    fake: FakeSQS, sender: Sender, queue: QueueInfo
) -> None:
    """A caller that gives up before its message left is not sent behind its back."""
    task = asyncio.create_task(sender.send(queue, entry("x")))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await sender.drain()

    assert [] == fake.bodies("results")


STEPS = random.Random(7)


async def work(sender: Sender, queue: QueueInfo, messages: Iterator[int], step: float) -> None:
    """A worker that computes for a moment, publishes, and goes on when it has its answer."""
    for number in messages:
        await asyncio.sleep(STEPS.uniform(0, step))
        await sender.send(queue, entry(number))


@pytest.mark.parametrize("round_trip", [0.001, 0.01, 0.05])
@pytest.mark.parametrize("workers", [10, 20, 50])
async def test_workers_that_publish_share_full_requests(workers: int, round_trip: float) -> None:
    """Saturated, a message costs a tenth of a request, though no two workers are ever in step."""
    distant = FakeSQS(round_trip=round_trip)
    queue = QueueInfo("results", distant.add_queue("results"))
    sender = Sender(SQSApi(distant, SilentRecorder()))
    messages = iter(range(1_000))

    await asyncio.gather(*(work(sender, queue, messages, 0.002) for _ in range(workers)))

    assert 1_000 == len(distant.bodies("results"))
    assert distant.requests["send_message_batch"] <= 110


async def test_a_trickle_waits_for_nobody() -> None:
    """Messages that come one by one leave at once, each in its own request, also after a busy time."""
    distant = FakeSQS(round_trip=0.01)
    queue = QueueInfo("results", distant.add_queue("results"))
    sender = Sender(SQSApi(distant, SilentRecorder()))
    await asyncio.gather(*(work(sender, queue, iter(range(100)), 0.002) for _ in range(10)))
    loop, seconds = asyncio.get_running_loop(), []
    for number in range(20):
        await asyncio.sleep(0.05)
        started = loop.time()
        await sender.send(queue, entry(number))
        seconds.append(loop.time() - started)

    assert 0.01 == pytest.approx(statistics.median(seconds))
    assert max(seconds) <= 0.01 + LONGEST_GAP


async def test_a_stuck_request_does_not_hold_up_the_others(
    fake: FakeSQS, sender: Sender, queue: QueueInfo
) -> None:
    """What is sent behind a request that gets no answer leaves in one of its own."""
    fake.fail("send_message_batch", Fault(entries=frozenset({99}), delay=30))
    stuck = asyncio.create_task(sender.send(queue, entry("stuck")))
    await asyncio.sleep(1)
    started = asyncio.get_running_loop().time()
    await sender.send(queue, entry("next"))

    assert STALLED == pytest.approx(asyncio.get_running_loop().time() - started)
    await stuck


async def test_large_messages_expect_no_more_company_than_fits(sender: Sender, queue: QueueInfo) -> None:
    """A request that is full by its bytes leaves at once, however many came together before."""
    await asyncio.gather(*(sender.send(queue, entry(n)) for n in range(9)))
    started = asyncio.get_running_loop().time()

    sent = [asyncio.create_task(sender.send(queue, entry("x" * 600_000))) for _ in range(2)]
    await asyncio.wait(sent, return_when=asyncio.FIRST_COMPLETED)

    assert started == asyncio.get_running_loop().time()
    await asyncio.gather(*sent)
