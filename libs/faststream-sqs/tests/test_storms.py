"""Faults that last, and what they must not lead to: lost messages, and repeated calls of finished ones."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from faststream_sqs import FakeSQS
from faststream_sqs.engine.client import CallError, QueueInfo, SQSApi, TransientCallError
from faststream_sqs.engine.consumer import Consumer
from faststream_sqs.engine.lease import Lease
from faststream_sqs.engine.recorder import SilentRecorder
from faststream_sqs.engine.sender import PATIENCE, Sender
from faststream_sqs.engine.sent import SendResult
from faststream_sqs.engine.settlement import Settlement
from faststream_sqs.fake import Fault

MakeConsumer = Callable[..., Consumer]
MakeSender = Callable[[], Callable[[str], Awaitable[SendResult]]]
DELETE = "delete_message_batch"


@pytest.fixture
def make_sender(fake: FakeSQS) -> MakeSender:
    """Sends one body to the queue of results."""

    def make() -> Callable[[str], Awaitable[SendResult]]:
        sender = Sender(SQSApi(fake, SilentRecorder()))
        queue = QueueInfo("results", fake.add_queue("results"))
        return lambda body: sender.send(queue, {"MessageBody": body})

    return make


class Worker:
    """Counts the calls of each message, and acknowledges."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def __call__(self, lease: Lease, settlement: Settlement) -> None:
        self.calls.append(lease.message_id)
        await settlement.ack(lease)


async def test_deletes_outlast_an_outage(fake: FakeSQS, make_consumer: MakeConsumer) -> None:
    """While deletes fail, leases are kept: an outage of several leases repeats no finished call."""
    worker = Worker()
    for number in range(10):
        fake.put("work", str(number))
    fake.fail(DELETE, times=1_000)
    make_consumer(worker, max_workers=10, visibility=10)
    await asyncio.sleep(100)
    held = len(fake.messages("work"))
    fake.heal()
    await asyncio.sleep(10)

    assert (10, 10, 0) == (held, len(worker.calls), len(fake.messages("work")))
    assert 0 == fake.queues["work"].tally["finished_again"]


async def test_a_lost_answer_repeats_nothing(fake: FakeSQS, make_consumer: MakeConsumer) -> None:
    """A delete that worked but whose answer was lost is made again, and the message stays gone."""
    worker = Worker()
    fake.put("work", "1")
    fake.fail(DELETE, Fault(reset=True, after_effect=True), times=3)
    make_consumer(worker)
    await asyncio.sleep(60)

    assert (1, 0) == (len(worker.calls), len(fake.messages("work")))


async def test_a_storm_loses_nothing(fake: FakeSQS, make_consumer: MakeConsumer) -> None:
    """With a fifth of all requests failing, every message is handled, and once."""
    worker = Worker()
    for number in range(200):
        fake.put("work", str(number))
    faults = [
        Fault(),
        Fault(reset=True),
        Fault(reset=True, after_effect=True),
        Fault("InternalError", entries=frozenset({0, 3})),
    ]
    fake.disturb(0.2, faults, seed=5)
    make_consumer(worker, max_workers=20, visibility=10)
    await asyncio.sleep(200)

    assert (200, 200, 0) == (len(set(worker.calls)), len(worker.calls), len(fake.messages("work")))


async def test_the_fake_tells_repetitions_apart(fake: FakeSQS) -> None:
    """A message that comes again after its delete was asked for is counted apart from any other."""
    url = fake.add_queue("work")
    fake.put("work", "1")
    first = (await fake.receive_message(QueueUrl=url, VisibilityTimeout=5))["Messages"][0]
    await asyncio.sleep(6)
    second = (await fake.receive_message(QueueUrl=url, VisibilityTimeout=5))["Messages"][0]
    await fake.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    fake.fail(DELETE, Fault("InternalError", entries=frozenset({0})))
    await fake.delete_message_batch(
        QueueUrl=url, Entries=[{"Id": "0", "ReceiptHandle": second["ReceiptHandle"]}]
    )
    await asyncio.sleep(6)
    await fake.receive_message(QueueUrl=url)

    expected = {"stored": 1, "received_again": 2, "finished_again": 1, "late_deletes": 1}
    assert expected == dict(fake.queues["work"].tally)


async def test_the_fake_knows_its_open_polls(fake: FakeSQS) -> None:
    """A receive whose client has left goes on until its time is over."""
    url = fake.add_queue("work")
    poll = asyncio.create_task(fake.receive_message(QueueUrl=url, WaitTimeSeconds=20))
    await asyncio.sleep(5)
    poll.cancel()
    await asyncio.sleep(1)
    assert [14] == [round(seconds) for seconds in fake.polls]
    await asyncio.sleep(15)

    assert [] == fake.polls


async def test_a_send_outlasts_a_hiccup(fake: FakeSQS, make_sender: MakeSender) -> None:
    """A send is tried again for seconds, since the handler that waits for it would otherwise begin again."""
    send = make_sender()
    fake.fail("send_message_batch", times=4)

    sent = await send("x")

    assert (sent.message_id, ["x"]) == (fake.messages("results")[0].message_id, fake.bodies("results"))


async def test_a_send_does_not_wait_for_ever(fake: FakeSQS, make_sender: MakeSender) -> None:
    """Through a longer outage the sender learns of the failure, within seconds."""
    send = make_sender()
    fake.fail("send_message_batch", times=1_000)
    started = asyncio.get_running_loop().time()
    with pytest.raises(TransientCallError):
        await send("x")

    assert PATIENCE <= asyncio.get_running_loop().time() - started <= PATIENCE + 1


async def test_a_refusal_is_told_at_once(fake: FakeSQS, make_sender: MakeSender) -> None:
    """What no second attempt can mend is not attempted again."""
    send = make_sender()
    fake.fail("send_message_batch", Fault("AccessDenied", 403), times=2)
    with pytest.raises(CallError):
        await send("x")

    assert 1 == fake.requests["send_message_batch"]
