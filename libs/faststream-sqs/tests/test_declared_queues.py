"""Queues made as declared, and advice on those that are not as is good for them."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from faststream import AckPolicy
from faststream_sqs import (
    FakeSQS,
    FifoQueue,
    QueueMismatchError,
    RedriveAllowPolicy,
    RedrivePolicy,
    SQSBroker,
    SQSQueue,
)
from pydantic import BaseModel

MakeBroker = Callable[..., SQSBroker]


class Call(BaseModel):
    number: int


async def test_queue_made_as_declared(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """Every field of a declared queue reaches SQS, and compares equal at the next start."""
    queue = FifoQueue(
        "new.fifo",
        declare=True,
        visibility_timeout=60,
        retention=600,
        wait_time=5,
        max_message_size=1024,
        redrive=RedrivePolicy("dead.fifo", 4),
        redrive_allow=RedriveAllowPolicy("byQueue", ("arn:aws:sqs:us-east-1:1:a",)),
        content_based_deduplication=True,
        deduplication_scope="messageGroup",
        fifo_throughput_limit="perMessageGroupId",
        kms_key_id="alias/x",
        sse=False,
        policy={"Version": "2012-10-17", "Statement": []},
        tags={"team": "calls"},
    )
    fake.add_queue("dead.fifo")
    for _ in range(2):
        broker = make_broker(validate="strict")

        @broker.subscriber(queue)
        async def handle(call: Call) -> None: ...

        await broker.start()
        await broker.stop()

    made = fake._queues["new.fifo"].attributes
    assert ("messageGroup", "perMessageGroupId", "60") == (
        made["DeduplicationScope"],
        made["FifoThroughputLimit"],
        made["VisibilityTimeout"],
    )
    assert {"redrivePermission": "byQueue", "sourceQueueArns": ["arn:aws:sqs:us-east-1:1:a"]} == json.loads(
        made["RedriveAllowPolicy"]
    )


def test_impossible_redrive_allow_policy() -> None:
    """Source queues without 'byQueue' would be ignored by SQS."""
    with pytest.raises(ValueError, match="byQueue"):
        RedriveAllowPolicy("allowAll", ("arn",))


WRONG = [
    pytest.param("results", {}, {}, "has no dead-letter queue", id="no dead-letter queue"),
    pytest.param(
        "results",
        {},
        {"ack_policy": AckPolicy.REJECT_ON_ERROR},
        "name dead_letter=",
        id="rejection without a target",
    ),
    pytest.param(
        "hasty", {"dead_letter": "dead", "max_receive_count": 1}, {}, "raise it to 3", id="too few receives"
    ),
    pytest.param(
        "work", {}, {"visibility_timeout": 2}, "raise visibility_timeout to 5", id="too short a lease"
    ),
    pytest.param("work", {}, {"heartbeat": False}, "leave heartbeat on", id="no heartbeat, no limit"),
    pytest.param(
        "work", {}, {"handler_timeout": 100, "max_lease": 60}, "raise max_lease", id="limit beyond the lease"
    ),
    pytest.param(
        "work", {}, {"batch": True, "batch_window": 20}, "shorten it", id="a window as long as a lease"
    ),
]


@pytest.mark.parametrize(("name", "attributes", "options", "text"), WRONG)
async def test_start_says_what_to_change(
    fake: FakeSQS,
    make_broker: MakeBroker,
    caplog: pytest.LogCaptureFixture,
    name: str,
    attributes: dict[str, Any],
    options: dict[str, Any],
    text: str,
) -> None:
    """What will go wrong in production is warned of at the start, and refused in strict mode."""
    fake.add_queue(name, **attributes)
    caplog.set_level(logging.INFO, "advice")
    for validate in ("warn", "strict", "off"):
        caplog.clear()
        broker = make_broker(validate=validate, logger=logging.getLogger("advice"))

        @broker.subscriber(name, **options)
        async def handle(call: Any) -> None: ...

        if validate == "strict":
            with pytest.raises(QueueMismatchError, match=text):
                await broker.start()
        else:
            await broker.start()
            assert (text in caplog.text) is (validate == "warn")
        await broker.stop()


@pytest.mark.parametrize("validate", ["warn", "strict"])
async def test_missing_dead_letter_queue(
    fake: FakeSQS, make_broker: MakeBroker, caplog: pytest.LogCaptureFixture, validate: Any
) -> None:
    """A redrive policy that leads nowhere is told at the start."""
    fake.add_queue("orphan", dead_letter="nowhere")
    caplog.set_level(logging.INFO, "orphan")
    broker = make_broker(validate=validate, logger=logging.getLogger("orphan"))

    @broker.subscriber("orphan")
    async def handle(call: Call) -> None: ...

    if validate == "strict":
        with pytest.raises(QueueMismatchError, match="nowhere"):
            await broker.start()
    else:
        await broker.start()
        assert "no rejected message can be moved" in caplog.text


async def test_nothing_to_change(
    fake: FakeSQS, make_broker: MakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    """A sound queue starts in strict mode, and without a warning."""
    caplog.set_level(logging.WARNING, "sound")
    broker = make_broker(validate="strict", logger=logging.getLogger("sound"))

    @broker.subscriber(SQSQueue("work", visibility_timeout=30, redrive=RedrivePolicy("dead", 5)))
    async def handle(call: Call) -> None: ...

    await broker.start()

    assert "" == caplog.text
