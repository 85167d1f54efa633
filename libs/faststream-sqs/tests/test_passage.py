"""The straight way of a message does whatever FastStream's general way does, in the same order."""

import logging
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import pytest
from faststream import BaseMiddleware, Context
from faststream.exceptions import AckMessage, NackMessage, RejectMessage
from faststream.middlewares import AckPolicy
from faststream_sqs import FakeSQS, SQSBroker, SQSMessage, TestSQSBroker
from faststream_sqs.subscriber.passage import Passage
from faststream_sqs.testing import find_subscriber
from pydantic import BaseModel

WAYS = ("straight", "general")


class Number(BaseModel):
    """What a message carries."""

    number: int


class Diary:
    """All that was done with one message, in its order."""

    def __init__(self) -> None:
        self.entries: list[Any] = []

    def middleware(self, name: str, *, swallows: bool = False) -> Any:
        """A middleware that notes each of its hooks."""
        write = self.entries.append

        class Noting(BaseMiddleware[Any, Any]):
            async def on_receive(self) -> None:
                write((name, "receive", self.context.get_local("message") is None))

            async def consume_scope(self, call_next: Callable[[Any], Awaitable[Any]], msg: Any) -> Any:
                write((name, "consume", self.context.get_local("message") is msg))
                return await call_next(msg)

            async def publish_scope(self, call_next: Callable[[Any], Awaitable[Any]], cmd: Any) -> Any:
                write((name, "publish", cmd.body, cmd.correlation_id))
                return await call_next(cmd)

            async def after_processed(
                self, exc_type: Any = None, exc_val: Any = None, exc_tb: Any = None
            ) -> bool | None:
                write((name, "processed", exc_type, sorted(self.context.get_local("log_context", {}))))
                return swallows and exc_type is not None

        return Noting

    def logger(self) -> logging.Logger:
        """A logger that notes its records."""
        entries = self.entries

        class Handler(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                text = record.getMessage().splitlines()[0]
                entries.append(("log", record.levelno, text, getattr(record, "queue", "")))

        logger = logging.Logger("diary", logging.DEBUG)  # noqa: LOG001 - one of its own, known to nobody else
        logger.addHandler(Handler())
        return logger


async def everything(message: SQSMessage) -> bool:
    return True


ERRORS: dict[str, BaseException | None] = {
    "none": None,
    "own": RuntimeError("no"),
    "ack": AckMessage(),
    "nack": NackMessage(delay=5),
    "reject": RejectMessage(reason="bad"),
}


def observed(way: str, error: str, policy: AckPolicy, *, swallows: bool = False) -> tuple[SQSBroker, Diary]:
    diary = Diary()
    broker = SQSBroker(
        logger=diary.logger(),
        middlewares=[diary.middleware("first", swallows=swallows), diary.middleware("second")],
    )
    subscriber = broker.subscriber("work", ack_policy=policy, handler_timeout=60)

    async def handle(
        number: Number, message: SQSMessage, log_context: Annotated[dict[str, str], Context()]
    ) -> Number:
        settled = (message.committed, message.raw_message.lease.state)
        diary.entries.append(("handled", number.number, sorted(log_context), settled))
        if found := ERRORS[error]:
            raise found
        return number

    published = broker.publisher("results")(handle)
    subscriber(published, filter=everything) if way == "general" else subscriber(published)
    return broker, diary


async def outcome(broker: SQSBroker, diary: Diary, body: Any) -> list[Any]:
    async with TestSQSBroker(broker):
        subscriber: Any = find_subscriber((broker,), "work")
        diary.entries.clear()
        try:
            await broker.publish(body, "work", correlation_id="c")
        except Exception as error:  # noqa: BLE001 - whatever it is, both ways must raise it
            diary.entries.append(("raised", type(error), str(error).splitlines()[0]))
        diary.entries.append(type(subscriber._passage))
    return diary.entries


@pytest.mark.parametrize("policy", [one for one in AckPolicy if one is not AckPolicy.ACK_FIRST])
@pytest.mark.parametrize("error", ERRORS)
async def test_same_steps(error: str, policy: AckPolicy) -> None:
    """Hooks, log lines, context, publications and errors are the same, in the same order."""
    straight, general = [await outcome(*observed(way, error, policy), Number(number=1)) for way in WAYS]

    assert (Passage, type(None)) == (straight.pop(), general.pop())
    assert general == straight


@pytest.mark.parametrize("body", [{"number": "x"}, b"{"], ids=["invalid", "undecodable"])
async def test_same_refusals(body: Any) -> None:
    """What cannot be read is refused with the same words."""
    straight, general = [
        (await outcome(*observed(way, "none", AckPolicy.NACK_ON_ERROR), body))[:-1] for way in WAYS
    ]

    assert general == straight


async def test_same_swallowing() -> None:
    """An error that a user's middleware deals with is none, and the message is acknowledged."""
    straight, general = [
        (await outcome(*observed(way, "own", AckPolicy.NACK_ON_ERROR, swallows=True), Number(number=1)))[:-1]
        for way in WAYS
    ]

    assert general == straight
    assert "raised" not in [entry[0] for entry in straight]


@pytest.mark.parametrize("policy", list(AckPolicy))
@pytest.mark.parametrize("error", ERRORS)
async def test_same_fate(error: str, policy: AckPolicy, eventually: Any) -> None:
    """Over a queue, a message ends as it would have ended on the general way."""
    fates = []
    for way in WAYS:
        broker, diary = observed(way, error, policy)
        fake = FakeSQS()
        async with TestSQSBroker(broker, fake=fake):
            await broker.publish(Number(number=1), "work")
            await eventually(lambda diary=diary: any(entry[0] == "handled" for entry in diary.entries))
        fates.append(len(fake.messages("work")))

    assert fates[0] == fates[1]


async def test_several_handlers_take_the_general_way() -> None:
    """Filters are FastStream's business."""
    broker = SQSBroker(logger=None)
    subscriber = broker.subscriber("work")
    seen: list[str] = []

    @subscriber(filter=lambda message: message.headers.get("kind") == "a")
    async def a(body: str) -> None:
        seen.append(f"a {body}")

    @subscriber()
    async def rest(body: str) -> None:
        seen.append(f"rest {body}")

    async with TestSQSBroker(broker):
        await broker.publish("1", "work", headers={"kind": "a"})
        await broker.publish("2", "work")

    assert ["a 1", "rest 2"] == seen


async def test_middlewares_added_while_running() -> None:
    """A middleware added to a started broker has its say from the next message on."""
    broker, diary = SQSBroker(logger=None), Diary()

    @broker.subscriber("work")
    async def handle(number: Number) -> None: ...

    async with TestSQSBroker(broker):
        broker.add_middleware(diary.middleware("late"))
        await broker.publish(Number(number=1), "work")

    assert ["receive", "consume", "processed"] == [step for _, step, *_ in diary.entries if step != "publish"]
