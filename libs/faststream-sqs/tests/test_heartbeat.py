"""Leases of long handlers: extended while they last, given up when they are lost."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from faststream_sqs import FakeSQS
from faststream_sqs.engine.consumer import Consumer
from faststream_sqs.engine.lease import Lease
from faststream_sqs.engine.recorder import CountingRecorder
from faststream_sqs.engine.settlement import LeaseGoneError, Settlement
from faststream_sqs.fake import Fault

MakeConsumer = Callable[..., Consumer]
Eventually = Callable[..., Any]


async def test_long_handler_keeps_its_lease(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually
) -> None:
    """A handler ten times as long as the lease is called once."""
    calls: Counter[str] = Counter()

    async def slow(lease: Lease, settlement: Settlement) -> None:
        calls[lease.message_id] += 1
        await asyncio.sleep(300)
        await settlement.ack(lease)

    for number in range(5):
        fake.put("work", str(number))
    make_consumer(slow, max_workers=5)
    await eventually(lambda: not fake.messages("work"), 400)

    assert [1] * 5 == list(calls.values())
    # one request per half lease for all five, not one per message
    assert fake.requests["change_message_visibility_batch"] <= 20


async def test_heartbeat_survives_failures(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually
) -> None:
    """Extensions are tried again until the deadline, so a few failures cost no lease."""
    calls: list[str] = []

    async def slow(lease: Lease, settlement: Settlement) -> None:
        calls.append(lease.message_id)
        await asyncio.sleep(100)
        await settlement.ack(lease)

    fake.put("work", "x")
    fake.fail("change_message_visibility_batch", times=2)
    fake.fail("change_message_visibility_batch", Fault(entries=frozenset({0})))
    make_consumer(slow)
    await eventually(lambda: not fake.messages("work"), 200)

    assert 1 == len(calls)


async def test_lost_lease_cancels_the_handler(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually, recorder: CountingRecorder
) -> None:
    """When SQS takes a message back, its handler is cancelled and its work never acknowledged."""
    cancelled: list[str] = []

    async def slow(lease: Lease, settlement: Settlement) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError as error:
            cancelled.append(str(error))
            raise

    fake.put("work", "x")
    refused = Fault("ReceiptHandleIsInvalid", entries=frozenset({0}), sender_fault=True)
    fake.fail("change_message_visibility_batch", refused)
    make_consumer(slow)
    await eventually(lambda: cancelled)

    assert ["the message's lease was lost"] == cancelled
    assert 1 == recorder.settlements["work", "lost"]


async def test_handler_may_outlive_its_lease(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually
) -> None:
    """With on_lease_lost='continue' a handler learns of the loss and decides itself."""
    lost: list[str] = []

    async def slow(lease: Lease, settlement: Settlement) -> None:
        await asyncio.sleep(35)
        lost.append(lease.state.value)

    fake.put("work", "x")
    make_consumer(slow, heartbeat=False, on_lease_lost="continue")
    await eventually(lambda: lost, 60)

    assert ["lost"] == lost[:1]


async def test_acknowledgement_after_the_deadline_is_an_error_when_awaited(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually
) -> None:
    """ack(flush=True) tells a handler whose message SQS took back."""
    errors: list[LeaseGoneError] = []

    async def late(lease: Lease, settlement: Settlement) -> None:
        await asyncio.sleep(31)
        try:
            await settlement.ack(lease, flush=True)
        except LeaseGoneError as error:
            errors.append(error)

    fake.put("work", "x")
    make_consumer(late, heartbeat=False, on_lease_lost="continue")
    await eventually(lambda: errors, 60)

    assert "m-1" in str(errors[0])


async def test_flushed_acknowledgement_has_landed(
    fake: FakeSQS, make_consumer: MakeConsumer, eventually: Eventually
) -> None:
    """ack(flush=True) returns when the message is gone, without waiting for company."""
    left: list[list[str]] = []

    async def flush(lease: Lease, settlement: Settlement) -> None:
        await settlement.ack(lease, flush=True)
        left.append(fake.bodies("work"))

    fake.put("work", "x")
    make_consumer(flush, ack_linger=1000.0)
    await eventually(lambda: left, 1)

    assert [[]] == left
