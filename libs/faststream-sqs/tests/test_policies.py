"""Acknowledgement policies: what becomes of a message whose handler failed, or decided otherwise."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from faststream import AckPolicy
from faststream.exceptions import AckMessage, NackMessage, RejectMessage
from faststream_sqs import (
    FakeSQS,
    LeaveInvisible,
    SQSBroker,
    SQSMessage,
    TestSQSBroker,
)
from pydantic import BaseModel

MakeBroker = Callable[..., SQSBroker]
Eventually = Callable[..., Any]


class Call(BaseModel):
    number: int


CALL = Call(number=1)


def fate(fake: FakeSQS) -> str:
    """What became of the one message of the work queue."""
    if fake.bodies("dead"):
        return "dead"
    if not fake.messages("work"):
        return "deleted"
    writes = [
        entry["VisibilityTimeout"]
        for action, request in fake.log
        if action == "change_message_visibility_batch"
        for entry in request["Entries"]
    ]
    return f"back in {writes[0]}" if writes else "untouched"


POLICIES = [
    (AckPolicy.NACK_ON_ERROR, "back in 7"),
    (AckPolicy.REJECT_ON_ERROR, "dead"),
    (AckPolicy.ACK, "deleted"),
    (AckPolicy.ACK_FIRST, "deleted"),
    (AckPolicy.MANUAL, "untouched"),
]


@pytest.mark.parametrize(("policy", "expected"), POLICIES)
async def test_error_under_each_policy(
    fake: FakeSQS, make_broker: MakeBroker, policy: AckPolicy, expected: str
) -> None:
    """What becomes of a message whose handler failed."""
    broker = make_broker()

    @broker.subscriber("work", ack_policy=policy, heartbeat=False)
    async def handle(call: Call) -> None:
        raise RuntimeError("no")

    await broker.start()
    await broker.publish(CALL, "work")
    await asyncio.sleep(5)

    assert expected == fate(fake)


@pytest.mark.parametrize(("policy", "expected"), POLICIES)
async def test_error_under_each_policy_in_memory(policy: AckPolicy, expected: str) -> None:
    """The same fates, told by the message, under test."""
    broker = SQSBroker(logger=None)
    messages: list[SQSMessage] = []

    @broker.subscriber("work", ack_policy=policy)
    async def handle(call: Call, message: SQSMessage) -> None:
        messages.append(message)
        raise RuntimeError("no")

    async with TestSQSBroker(broker) as test:
        with pytest.raises(RuntimeError, match="no"):
            await test.publish(CALL, "work")

    told = {"back in 7": "NACKED", "dead": "REJECTED", "deleted": "ACKED", "untouched": None}
    assert told[expected] == messages[0].committed


async def test_ack_first_deletes_before_the_handler_ends(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """ACK_FIRST is at most once: the message is gone while its handler still runs."""
    broker = make_broker()

    @broker.subscriber("work", ack_policy=AckPolicy.ACK_FIRST)
    async def handle(call: Call) -> None:
        await asyncio.sleep(1000)

    await broker.start()
    await broker.publish(CALL, "work")
    await asyncio.sleep(5)

    assert [] == fake.messages("work")


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [(AckMessage(), "deleted"), (NackMessage(delay=42), "back in 42"), (RejectMessage(), "dead")],
)
@pytest.mark.parametrize("policy", [AckPolicy.NACK_ON_ERROR, AckPolicy.REJECT_ON_ERROR, AckPolicy.ACK])
async def test_verdict_overrules_the_policy(
    fake: FakeSQS, make_broker: MakeBroker, policy: AckPolicy, verdict: Exception, expected: str
) -> None:
    """AckMessage, NackMessage and RejectMessage mean what they say under every policy but the manual ones."""
    broker = make_broker()

    @broker.subscriber("work", ack_policy=policy)
    async def handle(call: Call) -> None:
        raise verdict

    await broker.start()
    await broker.publish(CALL, "work")
    await asyncio.sleep(5)

    assert expected == fate(fake)


async def test_manual_acknowledgement(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """Under MANUAL a message stays until the handler says otherwise."""
    broker = make_broker()

    @broker.subscriber("work", ack_policy=AckPolicy.MANUAL)
    async def handle(call: Call, message: SQSMessage) -> None:
        await message.ack(flush=True)
        assert not fake.messages("work")

    await broker.start()
    await broker.publish(CALL, "work")
    await eventually(lambda: not fake.messages("work"))


async def test_leave_invisible(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """LeaveInvisible returns a message by doing nothing: it costs no request and takes one lease."""
    broker = make_broker(retry=LeaveInvisible())
    times: list[float] = []

    @broker.subscriber("work")
    async def handle(call: Call) -> None:
        times.append(asyncio.get_running_loop().time())
        if len(times) == 1:
            raise RuntimeError("no")

    await broker.start()
    await broker.publish(CALL, "work")
    await eventually(lambda: len(times) == 2, 120)

    assert (30, 0) == (round(times[1] - times[0]), fake.requests["change_message_visibility_batch"])


async def test_leave_invisible_without_a_dead_letter_queue(
    fake: FakeSQS, make_broker: MakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    """A rejection that leads nowhere says when the message comes back."""
    broker = make_broker(retry=LeaveInvisible(), logger=logging.getLogger("left"))
    caplog.set_level(logging.INFO, "left")

    @broker.subscriber("results")
    async def handle(call: Call) -> None:
        raise RejectMessage

    await broker.start()
    await broker.publish(CALL, "results")
    await asyncio.sleep(5)

    assert "comes back when its lease runs out" in caplog.text
