"""The broker over an SQS in memory: FastStream's promises, kept by the engine."""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from faststream import AckPolicy, BaseMiddleware, Context
from faststream.asgi import AsgiFastStream, make_ping_asgi
from faststream.exceptions import StopConsume
from faststream.specification import AsyncAPI
from faststream_sqs import (
    BatchPublishError,
    FakeSQS,
    QueueNotFoundError,
    SQSBroker,
    SQSQueue,
    SQSRequestError,
    SQSResponse,
    SQSRouter,
    SQSUnavailableError,
)
from faststream_sqs.annotations import SQSBroker as BrokerInContext
from faststream_sqs.fake import Fault
from pydantic import BaseModel

MakeBroker = Callable[..., SQSBroker]
Eventually = Callable[..., Any]


class Call(BaseModel):
    tenant_id: str
    number: int


CALL = Call(tenant_id="acme", number=1)


async def test_publishes_before_it_acknowledges(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """A handler's result is in the next queue before its message leaves this one."""
    broker = make_broker()

    @broker.subscriber("work")
    @broker.publisher("results", group_id=lambda call: call.tenant_id)
    async def handle(call: Call) -> Call:
        return Call(tenant_id=call.tenant_id, number=call.number + 1)

    await broker.start()
    await broker.publish(CALL, "work")
    await eventually(lambda: not fake.messages("work"))

    (result,) = fake.messages("results")
    assert ("acme", 2) == (result.group, json.loads(result.entry["MessageBody"])["number"])
    actions = [action for action, _ in fake.log if action in {"send_message_batch", "delete_message_batch"}]
    assert ["send_message_batch", "send_message_batch", "delete_message_batch"] == actions


async def test_stop_consume_from_the_handler(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """StopConsume ends the subscriber after its own message, which keeps its lease's fate."""
    broker = make_broker()

    @broker.subscriber("work", prefetch=3)
    async def handle(call: Call) -> None:
        raise StopConsume

    (subscriber,) = broker.subscribers
    await broker.start()
    await broker.publish_batch(CALL, CALL, CALL, queue="work")
    await eventually(lambda: not subscriber.running)

    # FastStream nacks what StopConsume left; the two behind it were given back untouched.
    assert (3, 2) == (len(fake.messages("work")), sum(m.visible_at <= 1e9 for m in fake.messages("work")) - 1)


async def test_broker_stop_from_the_handler(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """A handler may stop the whole broker and still publish and be acknowledged."""
    broker = make_broker()

    @broker.subscriber("work")
    @broker.publisher("results")
    async def handle(call: Call, inside: BrokerInContext) -> Call:
        await inside.stop()
        return call

    await broker.start()
    await broker.publish(CALL, "work")
    await eventually(lambda: not broker.running)
    await broker.stop()

    assert ([], 1) == (fake.bodies("work"), len(fake.bodies("results")))


async def test_batch_publisher(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """With batch=True each item of the result is a message with its own group, in one request."""
    broker = make_broker()

    @broker.subscriber("work")
    @broker.publisher("results", batch=True, group_id=lambda call: f"g{call.number}")
    async def handle(call: Call) -> list[Call]:
        return [Call(tenant_id="acme", number=number) for number in range(4)]

    await broker.start()
    await broker.publish(CALL, "work")
    await eventually(lambda: not fake.messages("work"))

    assert ["g0", "g1", "g2", "g3"] == [message.group for message in fake.messages("results")]
    assert 2 == broker.requests["send_message_batch"]


async def test_response_steers_its_publication(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """A handler may give its result a group, a delay and headers of its own."""
    broker = make_broker()

    @broker.subscriber("work")
    @broker.publisher("results", group_id="default", headers={"from": "publisher"})
    async def handle(call: Call) -> SQSResponse:
        return SQSResponse(call, group_id="own", delay=30, headers={"x": "y"})

    await broker.start()
    await broker.publish(CALL, "work")
    await eventually(lambda: fake.messages("results"))

    (sent,) = (message.entry for message in fake.messages("results"))
    assert ("own", 30) == (sent["MessageGroupId"], sent["DelaySeconds"])
    assert {"x", "from"} <= sent["MessageAttributes"].keys()


async def test_reply_to(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """A message that names a reply queue gets its answer there."""
    broker = make_broker()

    @broker.subscriber("work")
    async def handle(call: Call) -> str:
        return "done"

    await broker.start()
    await broker.publish(CALL, "work", reply_to="results", correlation_id="c-1")
    await eventually(lambda: fake.messages("results"))

    (sent,) = (message.entry for message in fake.messages("results"))
    assert ("done", "c-1") == (
        sent["MessageBody"],
        sent["MessageAttributes"]["correlation-id"]["StringValue"],
    )


async def test_middlewares_surround_consumption_and_publication(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """A broker's middleware sees the message in and the command out."""
    seen: list[str] = []

    class Watch(BaseMiddleware):
        async def consume_scope(self, call_next: Any, msg: Any) -> Any:
            seen.append(f"in {msg.queue}")
            return await call_next(msg)

        async def publish_scope(self, call_next: Any, cmd: Any) -> Any:
            seen.append(f"out {cmd.destination}")
            return await call_next(cmd)

    broker = make_broker(middlewares=[Watch])

    @broker.subscriber("work")
    @broker.publisher("results")
    async def handle(call: Call) -> Call:
        return call

    await broker.start()
    await broker.publish(CALL, "work")
    await eventually(lambda: not fake.messages("work"))

    assert ["out work", "in work", "out results"] == seen


async def test_one_router_in_several_brokers(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """A router may move from broker to broker, and takes each one's settings and context."""
    router = SQSRouter()
    seen: list[str] = []

    @router.subscriber(SQSQueue("work", visibility_timeout=30))
    @router.publisher(SQSQueue("results"))
    async def handle(call: Call, name: Annotated[str, Context()]) -> Call:
        seen.append(name)
        return call

    for name in ("first", "second"):
        broker = make_broker(max_workers=3)
        broker.context.set_global("name", name)
        broker.include_router(router)
        await broker.start()
        await broker.publish(CALL, "work")
        await eventually(lambda: not fake.messages("work"))
        await broker.stop()

    assert (["first", "second"], 2) == (seen, len(fake.messages("results")))


async def test_router_takes_the_brokers_ack_policy(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually
) -> None:
    """The broker's ack policy reaches subscribers declared before the broker was."""
    router = SQSRouter()

    @router.subscriber("work")
    async def handle(call: Call) -> None:
        raise RuntimeError("no")

    broker = make_broker(ack_policy=AckPolicy.REJECT_ON_ERROR)
    broker.include_router(router)
    await broker.start()
    await broker.publish(CALL, "work")
    await eventually(lambda: fake.bodies("dead"))

    assert 1 == len(fake.bodies("dead"))


async def test_prefix(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """A router's prefix is part of its queues' names."""
    fake.add_queue("eu-work")
    router = SQSRouter(prefix="eu-")
    done: list[int] = []

    @router.subscriber("work")
    async def handle(call: Call) -> None:
        done.append(call.number)

    broker = make_broker(routers=[router])
    await broker.start()
    await broker.publish(CALL, "eu-work")
    await eventually(lambda: done)

    assert [1] == done


async def test_publish_errors(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """A publisher learns whether trying again helps."""
    broker = make_broker()
    await broker.connect()

    with pytest.raises(QueueNotFoundError, match="'typo'"):
        await broker.publish(CALL, "typo")
    fake.fail("send_message_batch", times=100)
    with pytest.raises(SQSUnavailableError):
        await broker.publish(CALL, "work")
    fake.heal()
    fake.fail("send_message_batch", Fault("AccessDenied", status=403))
    with pytest.raises(SQSRequestError, match="AccessDenied"):
        await broker.publish(CALL, "work")


async def test_publish_batch_names_what_failed(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """Of a batch that failed in part, the error says which messages were not sent."""
    broker = make_broker()
    await broker.connect()
    fake.fail(
        "send_message_batch", Fault("InvalidMessageContents", entries=frozenset({1}), sender_fault=True)
    )

    with pytest.raises(BatchPublishError) as caught:
        await broker.publish_batch("a", "b", "c", queue="work")

    assert ({1}, ["a", "c"]) == (set(caught.value.failed), fake.bodies("work"))


async def test_ping_costs_no_request(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """A healthy broker says so without asking SQS; a stopped or a failing one says no."""
    broker = make_broker()

    @broker.subscriber("work", wait_time=20)
    async def handle(call: Call) -> None: ...

    assert not await broker.ping()
    await broker.start()
    await asyncio.sleep(1)
    before = sum(broker.requests.values())
    assert await broker.ping()
    assert before == sum(broker.requests.values())

    fake.fail("receive_message", times=1000)
    await asyncio.sleep(300)
    assert not await broker.ping()
    fake.heal()
    await asyncio.sleep(60)
    assert await broker.ping()


async def test_subscriber_reports_its_state(make_broker: MakeBroker, eventually: Eventually) -> None:
    """A subscriber's repr says what it is doing."""
    broker = make_broker(max_workers=4)

    @broker.subscriber("work")
    async def handle(call: Call) -> None:
        if call.number == 1:
            await asyncio.sleep(100)

    (subscriber,) = broker.subscribers
    assert "<SQSSubscriber work [stopped]>" == repr(subscriber)
    await broker.start()
    await broker.publish_batch(CALL, CALL, Call(tenant_id="acme", number=2), queue="work")
    await eventually(lambda: broker.stats["work"].pending_acks == 1)

    assert "<SQSSubscriber work [2/4 in flight | 0 buffered | 1 acks pending]>" == repr(subscriber)


async def test_asyncapi(make_broker: MakeBroker) -> None:
    """The AsyncAPI document names both queues and the messages' schemas."""
    broker = make_broker()

    @broker.subscriber("work")
    @broker.publisher("results")
    async def handle(call: Call) -> Call:
        return call

    document = json.loads(AsyncAPI(broker).to_specification().to_json())

    addresses = {channel["address"] for channel in document["channels"].values()}
    assert ({"work", "results"}, True) == (addresses, "Call" in json.dumps(document["components"]))


async def test_asgi_application(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """In an ASGI application the broker starts and stops with the lifespan and answers health checks."""
    broker = make_broker()

    @broker.subscriber("work")
    async def handle(call: Call) -> None: ...

    app = AsgiFastStream(broker, asgi_routes=[("/health", make_ping_asgi(broker))], logger=None)
    answers: list[Any] = []

    async def send(event: Any) -> None:
        answers.append(event)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async with app.start_lifespan_context():
        await broker.publish(CALL, "work")
        await eventually(lambda: not fake.messages("work"))
        scope = {"type": "http", "method": "GET", "path": "/health", "headers": [], "query_string": b""}
        await app(scope, receive, send)

    assert (204, False) == (answers[0]["status"], broker.running)


async def test_outage_is_logged_once(
    fake: FakeSQS, make_broker: MakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    """An outage is two lines: it fails, it works again."""
    broker = make_broker(logger=logging.getLogger("outage"))
    caplog.set_level(logging.INFO, "outage")

    @broker.subscriber("work")
    async def handle(call: Call) -> None: ...

    fake.fail("receive_message", times=8)
    await broker.start()
    await asyncio.sleep(300)

    lines = [record.message for record in caplog.records if "receiving from" in record.message]
    assert (2, True, True) == (len(lines), "fails" in lines[0], "works again after 8" in lines[1])
