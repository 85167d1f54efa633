"""Metrics, traces and health checks."""

import asyncio
import importlib
from collections.abc import Callable
from typing import Any

import pytest
from faststream_sqs import FakeSQS, SQSBroker, TestSQSBroker, make_sqs_health_asgi
from faststream_sqs.prometheus import SQSEngineMetrics, SQSPrometheusMiddleware
from prometheus_client import CollectorRegistry, generate_latest

MakeBroker = Callable[..., SQSBroker]
Eventually = Callable[..., Any]


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


async def test_engine_metrics(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually, registry: CollectorRegistry
) -> None:
    """Requests, messages, fates, ages and the last poll are all told, per queue."""
    metrics = SQSEngineMetrics(registry=registry, wall=lambda: 2000.0, monotonic=lambda: 5.0)
    broker = make_broker(recorder=metrics)

    @broker.subscriber("work", max_workers=4)
    async def handle(number: int) -> None:
        if number == 2:
            raise RuntimeError("no")

    await broker.start()
    await broker.publish_batch(1, 2, 3, queue="work")
    await eventually(lambda: len(fake.messages("work")) == 1)
    await broker.stop()

    def value(name: str, **labels: str) -> float:
        return registry.get_sample_value(name, {"queue": "work", **labels}) or 0.0

    assert (2, 1) == (value("sqs_settled_total", kind="ack"), value("sqs_settled_total", kind="nack"))
    assert 3 == value("sqs_messages_received_total")
    deletes = value("sqs_requests_total", action="delete_message_batch", outcome="ok")
    assert fake.requests["delete_message_batch"] == deletes
    assert (3, 3, 0) == (
        value("sqs_message_age_seconds_count"),
        value("sqs_receive_count_count"),
        value("sqs_poll_age_seconds"),
    )
    assert (1, 0) == (value("sqs_drain_seconds_count"), value("sqs_inflight", state="running"))


async def test_engine_metrics_of_a_stop(
    fake: FakeSQS, make_broker: MakeBroker, registry: CollectorRegistry
) -> None:
    """What a stop gives back, and long handlers' extensions, are counted."""
    broker = make_broker(recorder=SQSEngineMetrics(registry=registry), graceful_timeout=4)

    @broker.subscriber("work", prefetch=2)
    async def handle(number: int) -> None:
        await asyncio.sleep(10_000)

    await broker.start()
    await broker.publish_batch(1, 2, queue="work")
    await asyncio.sleep(100)
    await broker.stop()

    queue = {"queue": "work"}
    assert 2 == registry.get_sample_value("sqs_released_total", queue)
    assert (registry.get_sample_value("sqs_lease_extensions_total", queue) or 0) > 2


async def test_prometheus_middleware(
    fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually, registry: CollectorRegistry
) -> None:
    """FastStream's metrics name queues, never URLs, and count a batch by its messages."""
    broker = make_broker(middlewares=[SQSPrometheusMiddleware(registry=registry)])

    @broker.subscriber("work", batch=True)
    @broker.publisher(fake.add_queue("results"))
    async def handle(numbers: list[int]) -> int:
        return sum(numbers)

    await broker.connect()
    await broker.publish_batch(1, 2, 3, queue="work")
    await broker.start()
    await eventually(lambda: not fake.messages("work"))

    labels = {"app_name": "faststream", "broker": "aws_sqs", "handler": "work"}
    assert 3 == registry.get_sample_value("faststream_received_messages_total", labels)
    text = generate_latest(registry).decode()
    assert ('destination="results"' in text, "sqs.fake" in text) == (True, False)


async def test_prometheus_middleware_in_memory(registry: CollectorRegistry) -> None:
    """The middleware works under test as well."""
    broker = SQSBroker(logger=None, middlewares=[SQSPrometheusMiddleware(registry=registry)])

    @broker.subscriber("work")
    async def handle(number: int) -> None: ...

    async with TestSQSBroker(broker) as test:
        await test.publish(1, "work")

    labels = {"app_name": "faststream", "broker": "aws_sqs", "handler": "work", "status": "acked"}
    assert 1 == registry.get_sample_value("faststream_received_processed_messages_total", labels)


async def test_traces(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """A trace goes on through the queue; a batch links to the traces of its messages."""
    pytest.importorskip("opentelemetry.sdk", reason="the extra `otel` is not installed")
    from faststream_sqs.opentelemetry import SQSTelemetryMiddleware  # noqa: PLC0415 - an optional extra

    trace = importlib.import_module("opentelemetry.sdk.trace")
    export = importlib.import_module("opentelemetry.sdk.trace.export")
    memory = importlib.import_module("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    exporter, provider = memory.InMemorySpanExporter(), trace.TracerProvider()
    provider.add_span_processor(export.SimpleSpanProcessor(exporter))
    broker = make_broker(middlewares=[SQSTelemetryMiddleware(tracer_provider=provider)])
    fake.add_queue("second")

    @broker.subscriber("work")
    @broker.publisher("second")
    async def first(number: int) -> int:
        return number

    @broker.subscriber("second", batch=True)
    async def second(numbers: list[int]) -> None: ...

    await broker.start()
    await broker.publish(1, "work")
    await eventually(lambda: not fake.messages("work") and not fake.messages("second"))
    await broker.stop()

    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert {"work publish", "work process", "second publish", "second process"} <= spans.keys()
    assert spans["work publish"].context.trace_id == spans["work process"].context.trace_id
    assert "aws_sqs" == spans["work process"].attributes["messaging.system"]
    links = [link.context.trace_id for link in spans["second create"].links]
    assert [spans["work process"].context.trace_id] == links


async def answer(route: Any) -> int:
    events: list[Any] = []

    async def send(event: Any) -> None:
        events.append(event)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
    await route(scope, receive, send)
    return int(events[0]["status"])


async def test_health(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """Ready means that SQS answers; alive means that a restart would not help."""
    broker = make_broker()
    live, ready = make_sqs_health_asgi(broker, "live"), make_sqs_health_asgi(broker)

    @broker.subscriber("work")
    async def handle(number: int) -> None: ...

    states = [(await answer(live), await answer(ready))]
    await broker.start()
    await asyncio.sleep(1)
    states.append((await answer(live), await answer(ready)))
    fake.fail("receive_message", times=1000)
    await asyncio.sleep(300)
    states.append((await answer(live), await answer(ready)))
    fake.heal()
    await asyncio.sleep(60)
    states.append((await answer(live), await answer(ready)))
    await broker.stop()
    states.append((await answer(live), await answer(ready)))

    assert [(204, 503), (204, 204), (204, 503), (204, 204), (204, 503)] == states


async def test_stuck_engine_is_not_alive(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """A poll that never ends is what a restart mends."""
    broker = make_broker()

    subscriber = broker.subscriber("work")

    @subscriber
    async def handle(number: int) -> None: ...

    await broker.start()
    assert subscriber._consumer is not None
    for poll in subscriber._consumer._polls:
        poll.cancel()
    await asyncio.sleep(1)

    assert not broker.alive


def test_unknown_check(make_broker: MakeBroker) -> None:
    """A misspelt check is refused where it is written."""
    with pytest.raises(ValueError, match="'alive'"):
        make_sqs_health_asgi(make_broker(), "alive")  # type: ignore[arg-type]
