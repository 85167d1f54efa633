"""The engine over an SQS in memory, on a clock that jumps."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from faststream_sqs import FakeSQS
from faststream_sqs.engine.client import QueueInfo, SQSApi
from faststream_sqs.engine.consumer import Consumer
from faststream_sqs.engine.lease import Lease
from faststream_sqs.engine.recorder import CountingRecorder
from faststream_sqs.engine.sender import Sender
from faststream_sqs.engine.settlement import Settlement
from faststream_sqs.fake import Fault

MakeConsumer = Callable[..., Consumer]
Eventually = Callable[..., Any]


async def acknowledge(lease: Lease, settlement: Settlement) -> None:
    await settlement.ack(lease)


def wished_visibilities(fake: FakeSQS) -> list[int]:
    requests = [request for action, request in fake.log if action == "change_message_visibility_batch"]
    return [entry["VisibilityTimeout"] for request in requests for entry in request["Entries"]]


async def test_acknowledged_messages_are_deleted(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually, recorder: CountingRecorder
) -> None:
    """What was acknowledged leaves the queue, counted once it has."""
    for number in range(3):
        fake.put("work", str(number))
    make_consumer(acknowledge)

    await eventually(lambda: not fake.messages("work"))

    assert {("work", "ack"): 3} == recorder.settlements


async def test_returned_message_comes_back_after_its_delay(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually
) -> None:
    """A nack makes the message visible again after exactly the delay asked for."""
    times: list[float] = []

    async def twice(lease: Lease, settlement: Settlement) -> None:
        times.append(asyncio.get_running_loop().time())
        await (settlement.nack(lease, 5) if lease.receive_count == 1 else settlement.ack(lease))

    fake.put("work", "x")
    make_consumer(twice)
    await eventually(lambda: not fake.messages("work"))

    assert 5 == pytest.approx(times[1] - times[0], abs=0.1)


async def test_nack_follows_the_retry_policy(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually
) -> None:
    """Without a delay of its own a nack waits as the policy says."""

    async def give_back(lease: Lease, settlement: Settlement) -> None:
        await settlement.nack(lease)

    fake.put("work", "x")
    make_consumer(give_back)
    await eventually(lambda: fake.requests["change_message_visibility_batch"] == 1)

    assert [7] == wished_visibilities(fake)


async def test_reject_copies_then_deletes(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually
) -> None:
    """A rejected message lies in the dead-letter queue, saying why, whence and after how many tries."""

    async def refuse(lease: Lease, settlement: Settlement) -> None:
        await settlement.reject(lease, "no such call")

    fake.put("work", "x", MessageAttributes={"own": {"DataType": "String", "StringValue": "kept"}})
    make_consumer(refuse)
    await eventually(lambda: not fake.messages("work"))

    (dead,) = fake.messages("dead")
    said = {name: value["StringValue"] for name, value in dead.entry["MessageAttributes"].items()}
    assert said == {
        "own": "kept",
        "x-dead-letter-reason": "no such call",
        "x-dead-letter-source": "work",
        "x-dead-letter-receive-count": "1",
    }


async def test_reject_without_a_target_loses_nothing(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually
) -> None:
    """Without a dead-letter queue a rejected message stays, with the longest back-off."""

    async def refuse(lease: Lease, settlement: Settlement) -> None:
        await settlement.reject(lease, "no")

    fake.put("work", "x")
    make_consumer(refuse, dead=None)
    await eventually(lambda: fake.requests["change_message_visibility_batch"])

    assert (["x"], 0) == (fake.bodies("work"), fake.requests["delete_message_batch"])


async def test_failed_copy_deletes_nothing(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually
) -> None:
    """When the copy is not taken, the message stays in its queue."""

    async def refuse(lease: Lease, settlement: Settlement) -> None:
        await settlement.reject(lease, "no")

    fake.put("work", "x")
    fake.fail("send_message_batch", Fault("InvalidParameterValue", status=400))
    make_consumer(refuse)
    await eventually(lambda: fake.requests["change_message_visibility_batch"])

    assert (["x"], []) == (fake.bodies("work"), fake.bodies("dead"))


async def test_unsettled_message_is_left_alone(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually, recorder: CountingRecorder
) -> None:
    """A handler that decides nothing frees its worker, and nobody extends its message for ever."""
    seen: list[str] = []

    async def skip(lease: Lease, settlement: Settlement) -> None:
        seen.append(lease.message_id)

    fake.put("work", "a")
    fake.put("work", "b")
    make_consumer(skip)
    await eventually(lambda: recorder.settlements["work", "abandon"] == 2, 60)

    assert ["m-1", "m-2"] == seen[:2]
    assert 0 == fake.requests["change_message_visibility_batch"]


async def test_only_the_failed_deletes_are_repeated(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually
) -> None:
    """Of a delete batch that failed in part, the rest is not sent again."""
    for number in range(4):
        fake.put("work", str(number))
    fake.fail("delete_message_batch", Fault(entries=frozenset({1, 3})))
    make_consumer(acknowledge, max_workers=4)
    await eventually(lambda: not fake.messages("work"))

    sizes = [len(request["Entries"]) for action, request in fake.log if action == "delete_message_batch"]
    assert [4, 2] == sizes


async def test_lost_answer_of_a_delete(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually, recorder: CountingRecorder
) -> None:
    """A delete whose answer got lost is sent again and settles the message."""
    fake.put("work", "x")
    fake.fail("delete_message_batch", Fault(after_effect=True))
    make_consumer(acknowledge)
    await eventually(lambda: recorder.settlements["work", "ack"])

    assert (2, 1) == (fake.requests["delete_message_batch"], recorder.settlements["work", "ack"])


async def test_unreachable_sqs_is_asked_ever_less_often(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually
) -> None:
    """While SQS fails polls back off, and it recovers by itself."""
    fake.fail("receive_message", times=10)
    consumer = make_consumer(acknowledge)
    await asyncio.sleep(30)
    asked_while_down = fake.requests["receive_message"]
    fake.put("work", "x")
    await eventually(lambda: not fake.messages("work"), 300)

    assert asked_while_down < 10
    assert consumer.healthy()


async def test_short_polls_do_not_spin(fake: FakeSQS, make_consumer: MakeConsumer) -> None:
    """A server that answers empty at once is asked twice a second, not all the time."""
    make_consumer(acknowledge, wait_time=0)
    await asyncio.sleep(10)

    assert 20 == pytest.approx(fake.requests["receive_message"], abs=2)


async def test_linger_fills_the_next_receive(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually
) -> None:
    """After a partly filled receive a pause lets messages gather, at a fifth of the requests."""
    make_consumer(acknowledge, max_workers=10, receive_linger=0.5, wait_time=20)
    for number in range(100):
        fake.put("work", str(number))
        await asyncio.sleep(0.05)
    await eventually(lambda: not fake.messages("work"))

    assert fake.requests["receive_message"] <= 20


async def test_forbidden_queue_is_unhealthy(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually
) -> None:
    """A queue we may not read is asked for twice a minute and reported unhealthy."""
    fake.fail("receive_message", Fault("AccessDenied", status=403), times=2)
    consumer = make_consumer(acknowledge)
    await asyncio.sleep(1)

    assert (False, 1) == (consumer.healthy(), fake.requests["receive_message"])
    await eventually(consumer.healthy, 90)


async def test_fifo_groups_are_serial_and_parallel(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually
) -> None:
    """On a FIFO queue a group runs in order, one at a time, while groups run side by side."""
    fake.add_queue("line.fifo")
    order: dict[str, list[str]] = {"a": [], "b": []}
    together: list[int] = []
    running: Counter[str] = Counter()

    async def work(lease: Lease, settlement: Settlement) -> None:
        group = str(lease.group_id)
        running[group] += 1
        together.append(len(+running))
        assert running[group] == 1
        await asyncio.sleep(0.5)
        order[group].append(str(lease.message["Body"]))
        running[group] -= 1
        await settlement.ack(lease)

    for number in range(8):
        fake.put("line.fifo", str(number), MessageGroupId="ab"[number % 2])
    make_consumer(work, queue="line.fifo", max_workers=4, prefetch=4)
    await eventually(lambda: not fake.messages("line.fifo"))

    assert {"a": ["0", "2", "4", "6"], "b": ["1", "3", "5", "7"]} == order
    assert 2 == max(together)


async def test_fifo_group_waits_for_a_failed_head(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually
) -> None:
    """After a failure the rest of the group goes back unhandled, and order is kept on the next try."""
    fake.add_queue("line.fifo")
    starts: list[str] = []

    async def fail_first(lease: Lease, settlement: Settlement) -> None:
        starts.append(str(lease.message["Body"]))
        if len(starts) == 1:
            await settlement.nack(lease, 1)
        else:
            await settlement.ack(lease)

    for number in range(3):
        fake.put("line.fifo", str(number), MessageGroupId="g")
    make_consumer(fail_first, queue="line.fifo", max_workers=3, prefetch=3)
    await eventually(lambda: not fake.messages("line.fifo"))

    assert ["0", "0", "1", "2"] == starts


async def test_requests_per_message(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually, recorder: CountingRecorder
) -> None:
    """Saturated, consuming and publishing a message costs at most 0.32 requests."""
    sender = Sender(SQSApi(fake, recorder))
    results = QueueInfo("results", fake.add_queue("results"))

    async def forward(lease: Lease, settlement: Settlement) -> None:
        await asyncio.sleep(0.01)
        await sender.send(results, {"MessageBody": lease.message["Body"]})
        await settlement.ack(lease)

    for number in range(1000):
        fake.put("work", str(number))
    make_consumer(forward, max_workers=10, prefetch=20)
    await eventually(lambda: not fake.messages("work"), 100)

    assert 1000 == len(set(fake.bodies("results")))
    assert sum(fake.requests.values()) / 1000 <= 0.32
