"""FastStream's surface over SQS: ack policies, parsers, filters, context, security, queues as declared."""

import asyncio
import json
import logging
import ssl
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from faststream import AckPolicy, Context
from faststream.exceptions import AckMessage, NackMessage, RejectMessage, SetupError
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256
from faststream.specification import AsyncAPI
from faststream_sqs import (
    FakeSQS,
    FifoQueue,
    LeaveInvisible,
    QueueMismatchError,
    RedriveAllowPolicy,
    RedrivePolicy,
    SQSBatchMessage,
    SQSBroker,
    SQSMessage,
    SQSQueue,
    TestSQSBroker,
)
from faststream_sqs.annotations import Client, ContextRepo, Logger, SQSProducer
from faststream_sqs.annotations import SQSBroker as BrokerInContext
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


async def test_custom_parser_and_decoder(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """A parser and a decoder may build upon the default ones."""

    async def parser(raw: Any, original: Callable[[Any], Any]) -> Any:
        message = await original(raw)
        message.headers["parsed"] = "yes"
        return message

    async def decoder(message: Any, original: Callable[[Any], Any]) -> Any:
        return {"number": (await original(message))["number"] + 1}

    broker = make_broker(parser=parser)
    seen: list[tuple[int, str]] = []

    @broker.subscriber("work", decoder=decoder)
    async def handle(call: Call, message: SQSMessage) -> None:
        seen.append((call.number, message.headers["parsed"]))

    await broker.start()
    await broker.publish(CALL, "work")
    await eventually(lambda: seen)

    assert [(2, "yes")] == seen


class Reversing:
    """A codec that turns bodies round."""

    async def encode(self, msg: Any, serializer: Any = None) -> tuple[bytes, str | None]:
        return json.dumps(msg)[::-1].encode(), "application/x-reversed"

    async def decode(self, msg: Any) -> Any:
        return json.loads(msg.body.decode()[::-1])

    async def encode_batch(self, msgs: Any, serializer: Any = None) -> list[tuple[bytes, str | None]]:
        return [await self.encode(one, serializer) for one in msgs]

    async def decode_batch(self, msg: Any) -> list[Any]:
        return [await self.decode(one) for one in msg.messages]


@pytest.mark.parametrize("batch", [False, True])
async def test_codec(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually, *, batch: bool) -> None:
    """A codec encodes what is published and decodes what is consumed, batches included."""
    broker = make_broker(codec=Reversing())
    seen: list[Any] = []

    @broker.subscriber("work", batch=batch)
    async def handle(body: Any) -> None:
        seen.append(body)

    await broker.connect()
    await broker.publish([1, 2], "work")
    assert ["]2 ,1["] == fake.bodies("work")
    await broker.start()
    await eventually(lambda: seen)

    assert [[[1, 2]]] == seen if batch else [[1, 2]] == seen


async def test_filters(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """One queue, several handlers: each message goes to the first whose filter takes it."""
    broker = make_broker(max_workers=3)
    seen: list[tuple[str, int]] = []
    subscriber = broker.subscriber("work")

    @subscriber(filter=lambda message: message.headers.get("kind") == "new")
    async def first(call: Call) -> None:
        seen.append(("new", call.number))

    @subscriber
    async def second(call: Call) -> None:
        seen.append(("old", call.number))

    await broker.start()
    await broker.publish(Call(number=1), "work", headers={"kind": "new"})
    await broker.publish(Call(number=2), "work")
    await eventually(lambda: len(seen) == 2)

    assert [("new", 1), ("old", 2)] == sorted(seen)


async def test_no_filter_takes_it(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """A message no handler takes is not lost: it comes back."""
    broker = make_broker()

    @broker.subscriber("work")(filter=lambda message: False)
    async def handle(call: Call) -> None: ...

    await broker.start()
    await broker.publish(CALL, "work")
    await asyncio.sleep(5)

    assert "back in 7" == fate(fake)


async def test_context_annotations(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """A handler may ask for the message, the broker, the client, the producer, the logger, the context."""
    broker = make_broker(logger=logging.getLogger("annotated"))
    given: list[Any] = []

    @broker.subscriber("work")
    async def handle(
        call: Call,
        message: SQSMessage,
        inside: BrokerInContext,
        client: Client,
        producer: SQSProducer,
        logger: Logger,
        context: ContextRepo,
        queue: Annotated[str, Context("message.queue")],
    ) -> None:
        given.extend([message.receive_count, inside is broker, client is fake, queue])
        given.extend([producer is broker.config.producer, logger is not None, context is broker.context])

    await broker.start()
    await broker.publish(CALL, "work")
    await eventually(lambda: not fake.messages("work"))

    assert [1, True, True, "work", True, True, True] == given


async def test_batch_annotation(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """The batch's own facts are the most pressing of its messages'."""
    broker = make_broker()
    facts: list[Any] = []

    @broker.subscriber("work", batch=True)
    async def handle(calls: list[Call], message: SQSBatchMessage) -> None:
        facts.extend([message.queue, message.receive_count, message.is_last_attempt, message.lease_lost])
        await message.extend(60)
        await message.ack(flush=True)

    await broker.connect()
    await broker.publish_batch(CALL, CALL, queue="work")
    await broker.start()
    await eventually(lambda: not fake.messages("work"))

    assert ["work", 1, False, False] == facts


def keys_of(broker: SQSBroker) -> tuple[str | None, str | None]:
    return broker._access.aws_access_key_id, broker._access.aws_secret_access_key


def test_security_gives_the_keys() -> None:
    """SASLPlaintext is an access key and its secret; without security the SDK's chain is asked."""
    secure = SQSBroker(security=SASLPlaintext("key", "secret"))

    assert (("key", "secret"), (None, None)) == (keys_of(secure), keys_of(SQSBroker()))
    assert (None, None) == keys_of(SQSBroker(security=BaseSecurity(use_ssl=False)))
    assert "secret" not in repr(secure._access)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"security": SASLScram256("a", "b")}, "no SASLScram256"),
        ({"security": SASLPlaintext("a", "b"), "aws_access_key_id": "c"}, "given twice"),
        ({"security": BaseSecurity(ssl_context=ssl.create_default_context())}, "AWS_CA_BUNDLE"),
    ],
)
def test_impossible_security(options: dict[str, Any], text: str) -> None:
    """What SQS cannot do is refused, and names the way out."""
    with pytest.raises(SetupError, match=text):
        SQSBroker(**options)


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


async def test_pausing_one_queue(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """A queue may be paused while the others go on; a misspelt one is refused."""
    broker = make_broker()
    seen: list[str] = []

    @broker.subscriber("work")
    async def first(body: str) -> None:
        seen.append(body)

    @broker.subscriber("results")
    async def second(body: str) -> None:
        seen.append(body)

    await broker.start()
    broker.pause("work")
    await asyncio.sleep(5)
    await broker.publish("a", "work")
    await broker.publish("b", "results")
    await asyncio.sleep(30)
    assert ["b"] == seen
    broker.resume("work")
    await eventually(lambda: seen == ["b", "a"])
    with pytest.raises(ValueError, match="typo"):
        broker.pause("typo")


@pytest.mark.parametrize("version", ["2.6.0", "3.0.0"])
def test_asyncapi_bindings(make_broker: MakeBroker, version: Any) -> None:
    """The document carries SQS's bindings and the security scheme, of batch subscribers too."""
    broker = make_broker(security=SASLPlaintext("key", "secret"), description="calls")

    @broker.subscriber("work", batch=True, title="Work")
    @broker.publisher("line.fifo", title="Line")
    async def handle(calls: list[Call]) -> Call:
        return calls[0]

    text = AsyncAPI(broker, schema_version=version).to_specification().to_json()
    document = json.loads(text)

    channels = document["channels"].values()
    queues = {json.dumps(channel["bindings"]["sqs"]["queue"], sort_keys=True) for channel in channels}
    assert {'{"fifoQueue": false, "name": "work"}', '{"fifoQueue": true, "name": "line.fifo"}'} == queues
    assert "userPassword" in text
    assert "secret" not in text
