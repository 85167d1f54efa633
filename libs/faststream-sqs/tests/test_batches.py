"""Handlers of batches: gathered in time, settled one by one, ordered within a group."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from faststream.exceptions import NackMessage, RejectMessage
from faststream_sqs import (
    BatchFailure,
    FakeSQS,
    SQSBatchMessage,
    SQSBroker,
)
from faststream_sqs.engine.permits import batch_poll_size
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

MakeBroker = Callable[..., SQSBroker]
Eventually = Callable[..., Any]


class Call(BaseModel):
    number: int


def calls(*numbers: int) -> list[Call]:
    return [Call(number=number) for number in numbers]


def numbers_in(fake: FakeSQS, queue: str) -> list[int]:
    return [json.loads(body)["number"] for body in fake.bodies(queue)]


async def test_a_backlog_comes_in_batches(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """A batch may be larger than a receive: several are combined, each message once and in order."""
    broker = make_broker()
    seen: list[list[int]] = []

    @broker.subscriber("work", batch=True, batch_size=25, batch_window=0.5)
    async def handle(calls: list[Call]) -> None:
        seen.append([call.number for call in calls])

    await broker.connect()
    await broker.publish_batch(*calls(*range(60)), queue="work")
    await broker.start()
    await eventually(lambda: not fake.messages("work"))

    assert ([25, 25, 10], list(range(60))) == (
        [len(batch) for batch in seen],
        [number for batch in seen for number in batch],
    )


async def test_without_a_window_nobody_waits(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """With the default window a single message is handled as it comes."""
    broker = make_broker(wait_time=20)
    times: list[float] = []

    @broker.subscriber("work", batch=True, batch_size=100)
    async def handle(calls: list[Call]) -> None:
        times.append(asyncio.get_running_loop().time())

    await broker.start()
    started = asyncio.get_running_loop().time()
    await broker.publish(Call(number=1), "work")
    await asyncio.sleep(5)

    assert [0.0] == [round(time - started, 1) for time in times]


async def test_a_worker_waits_no_longer_than_the_window(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """A batch that does not fill up starts when its first message has waited for the window."""
    broker = make_broker(wait_time=20)
    batches: list[tuple[float, int]] = []

    @broker.subscriber("work", batch=True, batch_size=100, batch_window=3)
    async def handle(calls: list[Call]) -> None:
        batches.append((asyncio.get_running_loop().time(), len(calls)))

    await broker.start()
    started = asyncio.get_running_loop().time()
    for number in range(3):
        await broker.publish(Call(number=number), "work")
        await asyncio.sleep(1.4)
    await asyncio.sleep(10)

    assert [(3.0, 3)] == [(round(time - started, 1), size) for time, size in batches]


async def test_messages_are_settled_one_by_one(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """What the handler settles itself keeps that fate; the rest is acknowledged."""
    broker = make_broker()

    @broker.subscriber("work", batch=True)
    async def handle(calls: list[Call], message: SQSBatchMessage) -> None:
        first, second, *_ = message.messages
        await first.nack(600)
        await second.reject("odd")

    await broker.connect()
    await broker.publish_batch(*calls(1, 2, 3, 4), queue="work")
    await broker.start()
    await eventually(lambda: len(fake.messages("work")) == 1)

    assert ([1], [2]) == (numbers_in(fake, "work"), numbers_in(fake, "dead"))


@pytest.mark.parametrize(
    ("error", "left", "dead"),
    [
        pytest.param(RuntimeError("no"), [2], [], id="an error comes back"),
        pytest.param(NackMessage(delay=60), [2], [], id="a nack comes back"),
        pytest.param(RejectMessage(reason="odd"), [], [2], id="a rejection is kept apart"),
    ],
)
async def test_partial_failure(
    fake: FakeSQS,
    make_broker: MakeBroker,
    eventually: Eventually,
    error: Exception,
    left: list[int],
    dead: list[int],
) -> None:
    """Of a BatchFailure only the named messages come back, each as its own error says."""
    broker = make_broker()
    seen: list[int] = []

    @broker.subscriber("work", batch=True)
    async def handle(calls: list[Call], message: SQSBatchMessage) -> None:
        seen.extend(call.number for call in calls)
        broken = [
            one.message_id for one, call in zip(message.messages, calls, strict=True) if call.number == 2
        ]
        if broken and len(seen) <= 3:
            raise BatchFailure(dict.fromkeys(broken, error))
        await asyncio.sleep(10_000)

    await broker.connect()
    await broker.publish_batch(*calls(1, 2, 3), queue="work")
    await broker.start()
    await eventually(
        lambda: len(fake.messages("work")) == len(left) and len(fake.bodies("dead")) == len(dead)
    )

    assert (left, dead) == (numbers_in(fake, "work"), numbers_in(fake, "dead"))


async def test_a_failure_of_unknown_messages_loses_nothing(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """A handler that names messages it was not given gets the whole batch again."""
    broker = make_broker()

    @broker.subscriber("work", batch=True)
    async def handle(calls: list[Call]) -> None:
        raise BatchFailure({"nonsense": RuntimeError()})

    await broker.connect()
    await broker.publish_batch(*calls(1, 2), queue="work")
    await broker.start()
    await eventually(lambda: sum(m.receive_count for m in fake.messages("work")) >= 4)

    assert [1, 2] == numbers_in(fake, "work")


async def test_one_invalid_message_does_not_spoil_the_batch(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """What cannot be decoded or validated is dead-lettered, the others are handled on the same delivery."""
    broker = make_broker()
    seen: list[int] = []

    @broker.subscriber("work", batch=True)
    async def handle(calls: list[Call]) -> None:
        seen.extend(call.number for call in calls)

    says = {"content-type": {"DataType": "String", "StringValue": "application/json"}}
    for body in ('{"number": 1}', "{", '{"number": "x"}', '{"number": 4}'):
        fake.put("work", body, MessageAttributes=says)
    await broker.start()
    await eventually(lambda: not fake.messages("work"))

    assert ([1, 4], {"{", '{"number": "x"}'}) == (seen, set(fake.bodies("dead")))


async def test_fifo_batches_keep_the_order(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """Two workers, two groups: within a group every message is handled after its predecessor is gone."""
    broker = make_broker(max_workers=2)
    fake.add_queue("line.fifo")
    seen: dict[str, list[int]] = {"a": [], "b": []}
    running: set[str] = set()

    @broker.subscriber("line.fifo", batch=True, batch_size=3)
    async def handle(calls: list[Call], message: SQSBatchMessage) -> None:
        groups = {str(one.group_id) for one in message.messages}
        assert not groups & running
        running.update(groups)
        await asyncio.sleep(1)
        running.difference_update(groups)
        for one, call in zip(message.messages, calls, strict=True):
            seen[str(one.group_id)].append(call.number)

    await broker.connect()
    for number in range(12):
        await broker.publish(
            Call(number=number), "line.fifo", group_id="ab"[number % 2], deduplication_id=str(number)
        )
    await broker.start()
    await eventually(lambda: not fake.messages("line.fifo"), 120)

    assert ({"a": [0, 2, 4, 6, 8, 10], "b": [1, 3, 5, 7, 9, 11]}, set()) == (seen, running)


async def test_fifo_group_behind_a_failure_waits(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """A failure takes along those behind it in its group, and no other group."""
    broker = make_broker()
    fake.add_queue("line.fifo")
    done: list[int] = []

    @broker.subscriber("line.fifo", batch=True)
    async def handle(calls: list[Call], message: SQSBatchMessage) -> None:
        first = message.messages[0]
        if first.receive_count == 1 and calls[0].number == 0:
            done.append(3)
            raise BatchFailure({first.message_id: RuntimeError("not yet")})
        done.extend(call.number for call in calls)

    await broker.connect()
    for number, group in enumerate("aaab"):
        await broker.publish(Call(number=number), "line.fifo", group_id=group, deduplication_id=str(number))
    await broker.start()
    await eventually(lambda: not fake.messages("line.fifo"), 120)

    assert [3, 0, 1, 2] == done


async def test_stopping_gives_back_what_waits_for_company(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """A batch still gathering at the stop goes back untouched."""
    broker = make_broker()

    @broker.subscriber("work", batch=True, batch_window=100)
    async def handle(calls: list[Call]) -> None: ...

    await broker.start()
    await broker.publish_batch(*calls(1, 2), queue="work")
    await asyncio.sleep(2)
    await broker.stop()

    assert (2, 0) == (len(fake.messages("work")), fake.in_flight("work"))


async def test_a_lost_message_does_not_cancel_its_batch(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """While one message of a batch is still ours its handler goes on, and acknowledges that one."""
    broker = make_broker()
    ended: list[str] = []

    @broker.subscriber("work", batch=True, batch_size=2, batch_window=5, wait_time=1)
    async def handle(calls: list[Call], message: SQSBatchMessage) -> None:
        first, _ = message.messages
        stored = next(m for m in fake.messages("work") if m.message_id == first.message_id)
        stored.handle = "taken/9"
        await asyncio.sleep(60)
        ended.append(f"lost {first.lease_lost}")

    await broker.start()
    await broker.publish_batch(*calls(1, 2), queue="work")
    await eventually(lambda: ended, 120)
    await eventually(lambda: len(fake.messages("work")) == 1)

    assert (["lost True"], [1]) == (ended, numbers_in(fake, "work"))


@given(
    workers=st.integers(1, 5),
    size=st.integers(1, 100),
    prefetch=st.integers(0, 50),
    held=st.lists(st.integers(1, 100), max_size=5),
    buffered=st.integers(0, 200),
    reserved=st.integers(0, 30),
)
def test_batch_permits(
    workers: int, size: int, prefetch: int, held: list[int], buffered: int, reserved: int
) -> None:
    """Never more than workers can hold, and never nothing while a worker has no batch coming."""
    busy = [min(one, size) for one in held[:workers]]
    asked = batch_poll_size(
        workers=workers,
        busy=len(busy),
        size=size,
        prefetch=prefetch,
        running=sum(busy),
        buffered=buffered,
        reserved=reserved,
    )

    room = workers * size + prefetch - sum(busy) - buffered - reserved
    assert 0 <= asked <= max(0, min(10, room))
    if len(busy) < workers and buffered + reserved < size:
        assert asked > 0


async def test_fifo_failure_takes_back_what_is_buffered(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """Messages already received behind a failed one are not handled before it."""
    broker = make_broker()
    fake.add_queue("line.fifo")
    done: list[int] = []

    @broker.subscriber("line.fifo", batch=True, batch_size=2, prefetch=8)
    async def handle(calls: list[Call], message: SQSBatchMessage) -> None:
        await asyncio.sleep(1)
        first = message.messages[0]
        if first.receive_count == 1 and calls[0].number == 0:
            raise BatchFailure({first.message_id: RuntimeError("not yet")})
        done.extend(call.number for call in calls)

    await broker.connect()
    for number in range(8):
        await broker.publish(Call(number=number), "line.fifo", group_id="a", deduplication_id=str(number))
    await broker.start()
    await eventually(lambda: not fake.messages("line.fifo"), 120)

    assert list(range(8)) == done


async def test_a_batch_is_cancelled_when_all_of_it_is_lost(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """Nobody goes on working for messages that are all somebody else's."""
    broker = make_broker()
    ended: list[str] = []

    @broker.subscriber("work", batch=True)
    async def handle(calls: list[Call]) -> None:
        for stored in fake.messages("work"):
            stored.handle = f"{stored.message_id}/taken"
        try:
            await asyncio.sleep(10_000)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    await broker.connect()
    await broker.publish_batch(*calls(1, 2), queue="work")
    await broker.start()
    await eventually(lambda: ended, 120)

    assert 2 == len(fake.messages("work"))
