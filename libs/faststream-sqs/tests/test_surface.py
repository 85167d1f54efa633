"""FastStream's surface over SQS: parsers, filters, context, security, pauses."""

import asyncio
import json
import logging
import ssl
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, Any

import pytest
from faststream import Context
from faststream.exceptions import SetupError
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256
from faststream.specification import AsyncAPI
from faststream_sqs import (
    FakeSQS,
    SQSBatchMessage,
    SQSBroker,
    SQSMessage,
)
from faststream_sqs.annotations import Client, ContextRepo, Logger, SQSProducer
from faststream_sqs.annotations import SQSBroker as BrokerInContext
from pydantic import BaseModel

MakeBroker = Callable[..., SQSBroker]
Eventually = Callable[..., Any]


class Call(BaseModel):
    number: int


CALL = Call(number=1)


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


@pytest.mark.skipif(
    version("faststream") in {"0.7.6", "0.7.7"}, reason="before FastStream 0.7.8 it comes when its lease ends"
)
async def test_no_filter_takes_it(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """A message no handler takes is not lost: it comes back."""
    broker = make_broker()

    @broker.subscriber("work")(filter=lambda message: False)
    async def handle(call: Call) -> None: ...

    await broker.start()
    await broker.publish(CALL, "work")
    await asyncio.sleep(5)

    writes = [request for action, request in fake.log if action == "change_message_visibility_batch"]
    assert [7] == [entry["VisibilityTimeout"] for request in writes for entry in request["Entries"]]


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
