"""FastStream's cases of routers, in memory and over the wire."""

from collections.abc import Callable
from typing import Any

import pytest
from faststream import BaseMiddleware, Depends
from faststream_sqs import SQSBroker, SQSPublisher, SQSRoute, SQSRouter

Place = Any
Eventually = Callable[..., Any]


@pytest.mark.parametrize(
    ("outer", "inner", "included", "expected"),
    [
        pytest.param("", "", "", "", id="none"),
        pytest.param("", "in-", "", "in-", id="of-its-own"),
        pytest.param("", "", "at-", "at-", id="where-included"),
        pytest.param("out-", "in-", "at-", "at-out-in-", id="all"),
    ],
)
async def test_prefixes(
    place: Place, eventually: Eventually, outer: str, inner: str, included: str, expected: str
) -> None:
    """Prefixes of nested routers add up, for subscribers, publishers, and publishing by hand."""
    nested, router = SQSRouter(prefix=inner), SQSRouter(prefix=outer)
    by_hand = nested.publisher(f"{place.name}-hand")
    seen: list[str] = []

    @nested.subscriber(place.name)
    @nested.publisher(f"{place.name}-out")
    async def handle(body: str) -> str:
        await by_hand.publish("hand")
        return "out"

    broker: SQSBroker = place.broker()
    router.include_router(nested)
    broker.include_router(router, prefix=included)

    @broker.subscriber(f"{expected}{place.name}-out")
    async def out(body: str) -> None:
        seen.append(body)

    @broker.subscriber(f"{expected}{place.name}-hand")
    async def hand(body: str) -> None:
        seen.append(body)

    async with place.running(broker):
        await broker.publish("", f"{expected}{place.name}")
        await eventually(lambda: len(seen) == 2)

    assert ["hand", "out"] == sorted(seen)


async def test_routes_given_to_the_router(place: Place, eventually: Eventually) -> None:
    """Handlers and their publishers may be handed to the router, and the router to the broker."""
    seen: list[str] = []

    async def handle(body: str) -> str:
        return body * 2

    async def collect(body: str) -> None:
        seen.append(body)

    route = SQSRoute(handle, place.name, publishers=(SQSPublisher(f"{place.name}-out"),))
    router = SQSRouter("a-", handlers=(route, SQSRoute(collect, f"{place.name}-out")))
    broker: SQSBroker = place.broker(routers=[router])
    async with place.running(broker):
        await broker.publish("x", f"a-{place.name}")
        await eventually(lambda: seen)

    assert ["xx"] == seen


async def test_dependencies_of_every_level(place: Place, eventually: Eventually) -> None:
    """Dependencies of the broker, the router and the subscriber all run, the outermost first."""
    ran: list[str] = []

    def dependency(name: str) -> Any:
        async def run() -> None:
            ran.append(name)

        return Depends(run)

    router = SQSRouter(dependencies=[dependency("router")])
    broker: SQSBroker = place.broker(dependencies=[dependency("broker")])

    @router.subscriber(place.name, dependencies=[dependency("subscriber")])
    async def handle(body: str) -> None:
        ran.append("handler")

    broker.include_router(router)
    async with place.running(broker):
        await broker.publish("", place.name)
        await eventually(lambda: "handler" in ran)

    assert ["broker", "router", "subscriber", "handler"] == ran


async def test_middlewares_of_every_level(place: Place, eventually: Eventually) -> None:
    """Middlewares of the broker surround the router's; another router's are not asked."""
    ran: list[str] = []

    def middleware(name: str) -> Any:
        class Tap(BaseMiddleware[Any, Any]):
            async def consume_scope(self, call_next: Any, msg: Any) -> Any:
                ran.append(name)
                return await call_next(msg)

        return Tap

    router, other = (
        SQSRouter(middlewares=[middleware("router")]),
        SQSRouter(middlewares=[middleware("other")]),
    )
    broker: SQSBroker = place.broker(middlewares=[middleware("broker")])

    @router.subscriber(place.name)
    async def handle(body: str) -> None:
        ran.append("handler")

    broker.include_routers(router, other)
    async with place.running(broker):
        await broker.publish("", place.name)
        await eventually(lambda: "handler" in ran)

    assert ["broker", "router", "handler"] == ran


async def test_parsers_of_every_level(place: Place, eventually: Eventually) -> None:
    """The nearest parser and decoder are the ones asked: the subscriber's, else the router's."""
    ran: list[str] = []

    def asked(name: str) -> Any:
        async def parse(msg: Any, original: Any) -> Any:
            ran.append(name)
            return await original(msg)

        return parse

    router = SQSRouter(parser=asked("router parser"), decoder=asked("router decoder"))

    @router.subscriber(f"{place.name}-own", parser=asked("own parser"), decoder=asked("own decoder"))
    async def own(body: str) -> None:
        ran.append("own")

    @router.subscriber(f"{place.name}-routers")
    async def routers(body: str) -> None:
        ran.append("routers")

    broker: SQSBroker = place.broker()
    broker.include_router(router)
    async with place.running(broker):
        await broker.publish("", f"{place.name}-own")
        await eventually(lambda: "own" in ran)
        await broker.publish("", f"{place.name}-routers")
        await eventually(lambda: "routers" in ran)

    assert ["own parser", "own decoder", "own", "router parser", "router decoder", "routers"] == ran


async def test_a_subscriber_added_to_a_nested_router(place: Place, eventually: Eventually) -> None:
    """A subscriber that joins a nested router while the broker runs works once it is started."""
    nested = SQSRouter("b-")
    broker: SQSBroker = place.broker(routers=[SQSRouter("a-", routers=[nested])])
    seen: list[str] = []

    async def collect(body: str) -> None:
        seen.append(body)

    async with place.running(broker):
        subscriber = nested.subscriber(place.name)
        subscriber(collect)
        await subscriber.start()
        await broker.publish("x", f"a-b-{place.name}")
        await eventually(lambda: seen)
        await subscriber.stop()

    assert ["x"] == seen
