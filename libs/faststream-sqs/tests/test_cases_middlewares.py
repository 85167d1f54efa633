"""FastStream's cases of middlewares and of errors, in memory and over the wire."""

from collections.abc import Callable
from typing import Any

from faststream import BaseMiddleware, ExceptionMiddleware
from faststream.exceptions import RejectMessage
from faststream_sqs import SQSBroker

Place = Any
Eventually = Callable[..., Any]


async def test_order(place: Place, eventually: Eventually) -> None:
    """Middlewares wrap each other in the order given, on the way in and out, for both directions."""
    ran: list[str] = []

    def middleware(name: str) -> Any:
        class Tap(BaseMiddleware[Any, Any]):
            async def consume_scope(self, call_next: Any, msg: Any) -> Any:
                ran.append(f"consume {name}")
                result = await call_next(msg)
                ran.append(f"consumed {name}")
                return result

            async def publish_scope(self, call_next: Any, cmd: Any) -> Any:
                ran.append(f"publish {name}")
                return await call_next(cmd)

        return Tap

    broker: SQSBroker = place.broker(middlewares=[middleware("outer"), middleware("inner")])

    @broker.subscriber(place.name)
    async def handle(body: str) -> None: ...

    async with place.running(broker):
        await broker.publish("", place.name)
        await eventually(lambda: "consumed outer" in ran)

    sent = ["publish outer", "publish inner"]
    received = ["consume outer", "consume inner", "consumed inner", "consumed outer"]
    # The two run side by side, each in its own order.
    assert sent == [one for one in ran if one.startswith("publish")]
    assert received == [one for one in ran if one.startswith("consume")]


async def test_added_afterwards(place: Place, eventually: Eventually) -> None:
    """A middleware added to the broker reaches the subscribers there are, and those to come."""
    broker: SQSBroker = place.broker()
    ran: list[str] = []

    class Tap(BaseMiddleware[Any, Any]):
        async def on_receive(self) -> None:
            ran.append("received")

        async def after_processed(self, *error: Any) -> bool | None:
            ran.append("processed")
            return await super().after_processed(*error)

    @broker.subscriber(f"{place.name}-before")
    async def before(body: str) -> None: ...

    broker.add_middleware(Tap)

    @broker.subscriber(f"{place.name}-after")
    async def after(body: str) -> None: ...

    async with place.running(broker):
        await broker.publish("", f"{place.name}-before")
        await broker.publish("", f"{place.name}-after")
        await eventually(lambda: ran.count("processed") == 2)

    assert 2 == ran.count("received")


async def test_changing_what_is_published(place: Place, eventually: Eventually) -> None:
    """A middleware may change the body of every publication: by hand, of a publisher, and a reply."""

    class Twice(BaseMiddleware[Any, Any]):
        async def publish_scope(self, call_next: Any, cmd: Any) -> Any:
            cmd.body *= 2
            return await call_next(cmd)

    broker: SQSBroker = place.broker(middlewares=[Twice])
    seen: dict[str, str] = {}

    @broker.subscriber(place.name)
    @broker.publisher(f"{place.name}-out")
    async def handle(body: str) -> str:
        return body

    @broker.subscriber(f"{place.name}-out")
    async def out(body: str) -> None:
        seen["out"] = body

    @broker.subscriber(f"{place.name}-reply")
    async def reply(body: str) -> None:
        seen["reply"] = body

    async with place.running(broker):
        await broker.publish("x", place.name, reply_to=f"{place.name}-reply")
        await eventually(lambda: len(seen) == 2)

    assert {"out": "xxxx", "reply": "xxxx"} == seen


async def test_an_exception_becomes_a_result(place: Place, eventually: Eventually) -> None:
    """A publishing handler of an exception answers in the handler's place; the nearest class is asked."""
    exceptions = ExceptionMiddleware()

    @exceptions.add_handler(ZeroDivisionError, publish=True)
    async def by_zero(error: ZeroDivisionError) -> str:
        return "by zero"

    @exceptions.add_handler(ArithmeticError, publish=True)
    async def arithmetic(error: ArithmeticError) -> str:
        return "arithmetic"

    broker: SQSBroker = place.broker(middlewares=[exceptions])
    seen: list[str] = []

    @broker.subscriber(place.name)
    @broker.publisher(f"{place.name}-out")
    async def handle(body: str) -> str:
        raise ZeroDivisionError if body == "zero" else OverflowError

    @broker.subscriber(f"{place.name}-out")
    async def collect(body: str) -> None:
        seen.append(body)

    async with place.running(broker):
        await broker.publish("zero", place.name)
        await eventually(lambda: len(seen) == 1)
        await broker.publish("more", place.name)
        await eventually(lambda: len(seen) == 2)

    assert ["by zero", "arithmetic"] == seen


async def test_a_verdict_is_no_exception(place: Place, eventually: Eventually) -> None:
    """Handlers of exceptions are not asked about `RejectMessage` and its like."""
    asked: list[str] = []
    ended: list[bool] = []
    exceptions = ExceptionMiddleware(handlers={Exception: lambda error: asked.append(repr(error))})

    class Tap(BaseMiddleware[Any, Any]):
        async def after_processed(self, *error: Any) -> bool | None:
            ended.append(True)
            return await super().after_processed(*error)

    broker: SQSBroker = place.broker(middlewares=[Tap, exceptions])

    @broker.subscriber(place.name)
    async def handle(body: str) -> None:
        raise RejectMessage(reason="no")

    async with place.running(broker):
        await broker.publish("", place.name)
        await eventually(lambda: ended)

    assert [] == asked


async def test_a_middleware_sees_the_error(place: Place, eventually: Eventually) -> None:
    """The handler's own error passes through the middlewares; one of them may swallow it."""
    errors: list[str] = []

    class Swallow(BaseMiddleware[Any, Any]):
        async def consume_scope(self, call_next: Any, msg: Any) -> Any:
            try:
                return await call_next(msg)
            except ValueError as error:
                errors.append(str(error))

    broker: SQSBroker = place.broker(middlewares=[Swallow])

    @broker.subscriber(place.name, ack_linger=0)
    async def handle(body: str) -> None:
        raise ValueError("mine")

    async with place.running(broker):
        await broker.publish("", place.name)
        await eventually(lambda: errors)

    assert ["mine"] == errors
