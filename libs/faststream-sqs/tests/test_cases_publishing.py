"""FastStream's cases of publishing, in memory and over the wire."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from faststream import Response
from faststream_sqs import SQSBroker, SQSMessage
from pydantic import BaseModel

Place = Any
Eventually = Callable[..., Any]
MOMENT = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Model(BaseModel):
    text: str


@dataclass
class Record:
    text: str


CONTENT = [
    pytest.param("hello", str, "hello", id="text"),
    pytest.param(b"hello", bytes, b"hello", id="bytes"),
    pytest.param(b"\x00\xff", bytes, b"\x00\xff", id="binary"),
    pytest.param("", str, "", id="empty"),
    pytest.param(1, int, 1, id="integer"),
    pytest.param(1, float, 1.0, id="integer-as-float"),
    pytest.param(False, bool, False, id="boolean"),
    pytest.param({"a": 1}, dict[str, int], {"a": 1}, id="mapping"),
    pytest.param([1, 2], list[int], [1, 2], id="list"),
    pytest.param(MOMENT, datetime, MOMENT, id="moment"),
    pytest.param(Record("x"), Record, Record("x"), id="dataclass"),
    pytest.param({"text": "x"}, Record, Record("x"), id="mapping-as-dataclass"),
    pytest.param(Model(text="x"), Model, Model(text="x"), id="model"),
    pytest.param(Model(text="x"), dict[str, str], {"text": "x"}, id="model-as-mapping"),
    pytest.param(b'{"text": "x"}', Model, Model(text="x"), id="bytes-as-model"),
]


async def test_every_type_arrives(place: Place, eventually: Eventually) -> None:
    """What is published arrives as the type the handler asks for."""
    broker: SQSBroker = place.broker()
    arrived: dict[str, Any] = {}

    def subscribe(case: Any) -> None:
        kind = case.values[1]

        async def handle(body: Any) -> None:
            arrived[case.id] = body

        handle.__annotations__["body"] = kind
        broker.subscriber(f"{place.name}-{case.id}")(handle)

    for case in CONTENT:
        subscribe(case)
    async with place.running(broker):
        for case in CONTENT:
            await broker.publish(case.values[0], f"{place.name}-{case.id}")
        await eventually(lambda: len(arrived) == len(CONTENT))

    assert {case.id: case.values[2] for case in CONTENT} == arrived


async def test_fields_become_arguments(place: Place, eventually: Eventually) -> None:
    """A mapping's fields, and a list's items, are the arguments of a handler of several."""
    broker: SQSBroker = place.broker()
    seen: list[tuple[int, ...]] = []

    @broker.subscriber(f"{place.name}-fields")
    async def fields(a: int, b: int) -> None:
        seen.append((a, b))

    @broker.subscriber(f"{place.name}-items")
    async def items(a: int, b: int, c: int) -> None:
        seen.append((a, b, c))

    async with place.running(broker):
        await broker.publish({"a": 1, "b": 2.0}, f"{place.name}-fields")
        await broker.publish([1, 2.0, 3], f"{place.name}-items")
        await eventually(lambda: len(seen) == 2)

    assert [(1, 2), (1, 2, 3)] == sorted(seen, key=len)


async def test_several_publishers(place: Place, eventually: Eventually) -> None:
    """A result goes to every publisher of its handler, above and below the subscriber."""
    broker: SQSBroker = place.broker()
    seen: list[str] = []

    @broker.publisher(f"{place.name}-b")
    @broker.subscriber(place.name)
    @broker.publisher(f"{place.name}-a")
    async def handle(body: str) -> str:
        return body.upper()

    @broker.subscriber(f"{place.name}-a")
    async def first(body: str) -> None:
        seen.append(f"a {body}")

    @broker.subscriber(f"{place.name}-b")
    async def second(body: str) -> None:
        seen.append(f"b {body}")

    async with place.running(broker):
        await broker.publish("x", place.name)
        await eventually(lambda: len(seen) == 2)

    assert ["a X", "b X"] == sorted(seen)


async def test_one_publisher_of_several_handlers(place: Place, eventually: Eventually) -> None:
    """A publisher may serve several handlers, and be called by hand in a third."""
    broker: SQSBroker = place.broker()
    publisher = broker.publisher(f"{place.name}-out")
    seen: list[str] = []

    @publisher
    @broker.subscriber(f"{place.name}-1")
    async def one(body: str) -> str:
        return "one"

    @publisher
    @broker.subscriber(f"{place.name}-2")
    async def two(body: str) -> str:
        return "two"

    @broker.subscriber(f"{place.name}-3")
    async def three(body: str) -> None:
        await publisher.publish("three")

    @broker.subscriber(f"{place.name}-out")
    async def collect(body: str) -> None:
        seen.append(body)

    async with place.running(broker):
        for number in (1, 2, 3):
            await broker.publish("", f"{place.name}-{number}")
        await eventually(lambda: len(seen) == 3)

    assert ["one", "three", "two"] == sorted(seen)


async def test_a_response_keeps_its_headers(place: Place, eventually: Eventually) -> None:
    """A `Response` says its own headers and correlation id."""
    broker: SQSBroker = place.broker()
    seen: list[SQSMessage] = []

    @broker.subscriber(place.name)
    @broker.publisher(f"{place.name}-out")
    async def handle() -> Response:
        return Response(1, headers={"custom": "1"}, correlation_id="own")

    @broker.subscriber(f"{place.name}-out")
    async def collect(body: int, message: SQSMessage) -> None:
        seen.append(message)

    async with place.running(broker):
        await broker.publish(None, place.name)
        await eventually(lambda: seen)

    assert (b"1", "1", "own") == (seen[0].body, seen[0].headers["custom"], seen[0].correlation_id)


async def test_no_reply(place: Place, eventually: Eventually) -> None:
    """A handler that does not reply leaves `reply_to` alone; one that does, does not."""
    broker: SQSBroker = place.broker()
    replies: list[str] = []

    @broker.subscriber(f"{place.name}-silent", no_reply=True)
    async def silent(body: str) -> str:
        return "silent"

    @broker.subscriber(f"{place.name}-polite")
    async def polite(body: str) -> str:
        return "polite"

    @broker.subscriber(f"{place.name}-replies")
    async def collect(body: str) -> None:
        replies.append(body)

    async with place.running(broker):
        for name in ("silent", "polite"):
            await broker.publish("", f"{place.name}-{name}", reply_to=f"{place.name}-replies")
        await eventually(lambda: replies)

    assert ["polite"] == replies


async def test_a_publisher_made_late(place: Place, eventually: Eventually) -> None:
    """A publisher made while the broker runs works at once."""
    broker: SQSBroker = place.broker()
    seen: list[str] = []

    @broker.subscriber(place.name)
    async def collect(body: str) -> None:
        seen.append(body)

    async with place.running(broker):
        await broker.publisher(place.name).publish("late")
        await eventually(lambda: seen)

    assert ["late"] == seen


async def test_a_batch_of_publications(place: Place, eventually: Eventually) -> None:
    """More messages than a request holds all arrive."""
    broker: SQSBroker = place.broker()
    seen: list[int] = []

    @broker.subscriber(place.name, max_workers=10)
    async def collect(body: int) -> None:
        seen.append(body)

    async with place.running(broker):
        await broker.publish_batch(*range(25), queue=place.name)
        await eventually(lambda: len(seen) == 25)

    assert list(range(25)) == sorted(seen)
