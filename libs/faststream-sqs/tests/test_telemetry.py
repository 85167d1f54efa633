"""OpenTelemetry: the engine's numbers are Prometheus's, and traces cross AWS's own services."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from faststream_sqs import FakeSQS, SQSBroker
from faststream_sqs.engine.recorder import Outcome, Settled
from faststream_sqs.prometheus import SQSEngineMetrics
from prometheus_client import CollectorRegistry

pytest.importorskip("opentelemetry.sdk", reason="the extra `otel` is not installed")

from faststream_sqs.opentelemetry import SQSEngineTelemetry, SQSTelemetryMiddleware
from faststream_sqs.opentelemetry.xray import to_traceparent, to_xray
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

MakeBroker = Callable[..., SQSBroker]
Eventually = Callable[..., Any]
Labels = frozenset[tuple[str, str]]

PARENT = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"
XRAY = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


class Both:
    """A recorder that keeps the same numbers twice."""

    def __init__(self) -> None:
        clocks: dict[str, Any] = {"wall": lambda: 2000.0, "monotonic": lambda: 5.0}
        self.registry, self.reader = CollectorRegistry(), InMemoryMetricReader()
        self._meters = MeterProvider([self.reader])
        self._each = (
            SQSEngineMetrics(registry=self.registry, **clocks),
            SQSEngineTelemetry(meter_provider=self._meters, **clocks),
        )

    def requested(self, queue: str, action: str, outcome: Outcome, seconds: float) -> None:
        for one in self._each:
            one.requested(queue, action, outcome, seconds)

    def received(self, queue: str, count: int, asked: int) -> None:
        for one in self._each:
            one.received(queue, count, asked)

    def arrived(self, queue: str, sent_at: float, receive_count: int) -> None:
        for one in self._each:
            one.arrived(queue, sent_at, receive_count)

    def settled(self, queue: str, kind: Settled) -> None:
        for one in self._each:
            one.settled(queue, kind)

    def extended(self, queue: str, count: int) -> None:
        for one in self._each:
            one.extended(queue, count)

    def inflight(self, queue: str, running: int, buffered: int) -> None:
        for one in self._each:
            one.inflight(queue, running, buffered)

    def drained(self, queue: str, seconds: float) -> None:
        for one in self._each:
            one.drained(queue, seconds)

    def prometheus(self) -> dict[tuple[str, Labels], float]:
        """Every sample, without what only Prometheus keeps."""
        return {
            (sample.name.removesuffix("_total"), frozenset(sample.labels.items())): sample.value
            for family in self.registry.collect()
            for sample in family.samples
            if not sample.name.endswith("_created")
        }

    def opentelemetry(self) -> dict[tuple[str, Labels], float]:
        """Every data point, in Prometheus's words."""
        data = self.reader.get_metrics_data()
        assert data is not None
        metrics = [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics]
        self._meters.shutdown()
        return {
            key: value
            for metric in metrics
            for point in metric.data.data_points
            for key, value in samples(metric.name.replace(".", "_"), point)
        }


def samples(name: str, point: Any) -> list[tuple[tuple[str, Labels], float]]:
    """A data point as Prometheus's samples."""
    labels = frozenset({key: str(value) for key, value in point.attributes.items()}.items())
    if not hasattr(point, "bucket_counts"):
        return [((name, labels), point.value)]
    bounds = [*map(str, map(float, point.explicit_bounds)), "+Inf"]
    totals = [sum(point.bucket_counts[: n + 1]) for n in range(len(bounds))]
    buckets = [
        ((f"{name}_bucket", labels | {("le", bound)}), total)
        for bound, total in zip(bounds, totals, strict=True)
    ]
    return [*buckets, ((f"{name}_count", labels), point.count), ((f"{name}_sum", labels), point.sum)]


async def test_the_twins_agree(fake: FakeSQS, make_broker: MakeBroker, eventually: Eventually) -> None:
    """OpenTelemetry is told the numbers that Prometheus is told: every metric, label and bucket."""
    both = Both()
    broker = make_broker(recorder=both, graceful_timeout=4)

    @broker.subscriber("work", max_workers=2, prefetch=3)
    async def handle(number: int) -> None:
        match number:
            case 2:
                raise RuntimeError("no")
            case 3:
                await asyncio.sleep(1_000)

    await broker.start()
    fake.fail("delete_message_batch")
    await broker.publish_batch(1, 2, 3, 3, 3, queue="work")
    fake.put("work", "no number")
    await asyncio.sleep(100)
    await broker.stop()

    expected = both.prometheus()
    assert 100 < len(expected)
    assert expected == pytest.approx(both.opentelemetry())


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def telemetry(exporter: InMemorySpanExporter) -> SQSTelemetryMiddleware:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return SQSTelemetryMiddleware(tracer_provider=provider, aws_trace_header=True)


def named(exporter: InMemorySpanExporter, name: str) -> ReadableSpan:
    (span,) = [span for span in exporter.get_finished_spans() if span.name == name]
    return span


async def test_trace_of_an_aws_service(
    fake: FakeSQS,
    make_broker: MakeBroker,
    eventually: Eventually,
    telemetry: SQSTelemetryMiddleware,
    exporter: InMemorySpanExporter,
) -> None:
    """A trace begun in X-Ray goes on in the handler, and goes with what it publishes."""
    broker = make_broker(middlewares=[telemetry])

    @broker.subscriber("work")
    @broker.publisher("results")
    async def handle(body: str) -> str:
        return body

    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": XRAY}}
    fake.put("work", "x", MessageSystemAttributes=trace)
    await broker.start()
    await eventually(lambda: fake.messages("results"))
    await broker.stop()

    context = named(exporter, "work process").context
    assert context is not None
    assert int("5759e988bd862e3fe1be46a994272793", 16) == context.trace_id
    (sent,) = fake.messages("results")
    header = sent.entry["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"]
    assert to_traceparent(header) == sent.entry["MessageAttributes"]["traceparent"]["StringValue"]
    assert header.startswith("Root=1-5759e988-bd862e3fe1be46a994272793;")


async def test_batch_links_to_traces_of_aws_services(
    fake: FakeSQS,
    make_broker: MakeBroker,
    eventually: Eventually,
    telemetry: SQSTelemetryMiddleware,
    exporter: InMemorySpanExporter,
) -> None:
    """A batch links to each trace its messages came with, by whichever header."""
    broker = make_broker(middlewares=[telemetry])

    @broker.subscriber("work", batch=True)
    async def handle(bodies: list[str]) -> None: ...

    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": XRAY}}
    fake.put("work", "x", MessageSystemAttributes=trace)
    other = PARENT.replace("5759", "1111")
    fake.put("work", "y", MessageAttributes={"traceparent": {"DataType": "String", "StringValue": other}})
    await broker.start()
    await eventually(lambda: not fake.messages("work"))
    await broker.stop()

    links = named(exporter, "work create").links
    assert [PARENT[3:35], other[3:35]] == [f"{link.context.trace_id:032x}" for link in links]


@pytest.mark.parametrize("flags", ["00", "01"])
def test_headers_say_the_same(flags: str) -> None:
    """Either header can be had from the other."""
    parent = PARENT[:-2] + flags

    assert parent == to_traceparent(str(to_xray(parent)))


@pytest.mark.parametrize("header", ["", "Root=1-5759e988-bd862e3fe1be46a994272793", "Root=x;Parent=y", ";;="])
def test_header_without_a_parent(header: str) -> None:
    """A header that names no span begins no trace."""
    assert to_traceparent(header) is None


def test_no_trace_no_header() -> None:
    """Without a trace there is nothing to tell AWS."""
    assert to_xray("") is None
