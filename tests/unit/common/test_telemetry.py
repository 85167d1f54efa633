"""One trace for each call: from the upload through four queues, whatever is delivered again."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from aiohttp import web
from common.app import StageSettings, consumer
from common.errors import Permanent, Transient
from common.events import CallAnalyzed, CallIngested, CallTranscribed, CallUploaded
from common.instruments import Instruments, instruments
from common.pipeline import ANALYZE, EMBED, INGEST, PIPELINE, TRANSCRIBE, Stage
from common.providers import asking
from common.settings import TracingSettings
from common.telemetry import TraceHops, flushed, span, tracer_provider, tracing
from contract.harness import golden
from fakes import FakeJournal
from faststream_sqs import SQSBroker, SQSRouter
from faststream_sqs.fake import FakeSQS
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, get_current_span
from prometheus_client import CollectorRegistry
from waiting import until

SECRET = "my pin is 1234"
KEY = {"tenant_id": "acme", "call_id": "c-42", "revision": 1}
SAID = frozenset(
    {
        "callstream.call_id",
        "callstream.outcome",
        "callstream.tenant_id",
        "error.type",
        "gen_ai.provider.name",
        "gen_ai.request.model",
        "messaging.destination.name",
        "messaging.message.id",
        "messaging.operation.name",
        "messaging.operation.type",
        "messaging.system",
    }
)


@dataclass
class Line:
    """Four stages on one fake SQS, and the spans they made."""

    fake: FakeSQS
    exporter: InMemorySpanExporter
    door: Instruments
    failures: dict[str, Exception]

    async def hand_in(self) -> None:
        """What the door does: announce an upload, within its own request's span."""
        broker = SQSBroker(client_factory=self.fake.client, middlewares=[])
        headers: dict[str, str] = {}
        with tracing(self.door.tracer), span("POST /upload", SpanKind.SERVER) as request:
            context = request.get_span_context()
            headers["traceparent"] = f"00-{context.trace_id:032x}-{context.span_id:016x}-01"
        async with broker:
            await broker.publish(CallUploaded(), "ingest", headers=headers)

    async def empty(self) -> bool:
        """Whether every queue is."""
        return not any(self.fake.messages(stage.name) for stage in PIPELINE)

    def named(self, name: str) -> list[ReadableSpan]:
        """The spans of that name, oldest first."""
        found = [one for one in self.exporter.get_finished_spans() if one.name == name]
        return sorted(found, key=lambda one: one.start_time or 0)

    async def spans(self, number: int) -> tuple[ReadableSpan, ...]:
        """All spans, once there are so many and nothing is left to do."""

        async def over() -> bool:
            return await self.empty() and len(self.exporter.get_finished_spans()) >= number

        await until(over, 20, what=f"{number} spans")
        return self.exporter.get_finished_spans()


def routers(failures: dict[str, Exception]) -> dict[Stage, SQSRouter]:
    """Stages that pass a call on, and fail once where the test says."""

    def tried(stage: Stage) -> None:
        if failure := failures.pop(stage.name, None):
            raise failure

    early, transcribing, analyzing, late = (SQSRouter() for _ in PIPELINE)
    announce = early.publisher(TRANSCRIBE.queue)

    @early.subscriber(INGEST.queue)
    async def ingest(event: Any) -> None:
        tried(INGEST)
        await announce.publish(CallIngested.model_validate(KEY))

    @transcribing.subscriber(TRANSCRIBE.queue)
    @transcribing.publisher(ANALYZE.queue)
    async def transcribe(event: CallIngested) -> CallTranscribed:
        with asking("recognising speech", "openai", "gpt-transcribe"):
            tried(TRANSCRIBE)
        return CallTranscribed.model_validate(KEY | {"utterances": 3})

    _rest(analyzing, late, tried)
    return dict(zip(PIPELINE, (early, transcribing, analyzing, late), strict=True))


def _rest(analyzing: SQSRouter, late: SQSRouter, tried: Callable[[Stage], None]) -> None:
    @analyzing.subscriber(ANALYZE.queue)
    @analyzing.publisher(EMBED.queue)
    async def analyze(event: CallTranscribed) -> CallAnalyzed:
        tried(ANALYZE)
        return CallAnalyzed.model_validate(KEY | {"findings": 1, "verified": 1})

    @late.subscriber(EMBED.queue)
    async def embed(event: CallAnalyzed) -> None:
        tried(EMBED)


@asynccontextmanager
async def running_line(**chosen: object) -> AsyncIterator[Line]:
    fake, exporter, failures = FakeSQS(), InMemorySpanExporter(), dict[str, Exception]()
    settings = StageSettings.model_validate({"aws_region": "us-east-1", "sqs_wait_seconds": 1, **chosen})
    journal, watched, brokers = FakeJournal(), dict[Stage, Instruments](), list[SQSBroker]()
    for stage in PIPELINE:
        fake.add_queue(f"{stage.name}-dlq")
        fake.add_queue(stage.name, dead_letter=f"{stage.name}-dlq")
    async with AsyncExitStack() as life:
        for stage, router in routers(failures).items():
            watched[stage] = instruments(
                stage, settings, registry=CollectorRegistry(), processors=[SimpleSpanProcessor(exporter)]
            )
            app = consumer(stage, settings, router, nullcontext({"journal": journal}), using=watched[stage])
            assert isinstance(app.broker, SQSBroker)
            app.broker.config.broker_config.client_factory = fake.client
            await life.enter_async_context(app.lifespan_context())
            await app.broker.start()
            brokers.append(app.broker)
        yield Line(fake, exporter, watched[INGEST], failures)
        await asyncio.gather(*(broker.stop() for broker in brokers))


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with running_line() as line:
        yield line


def parent_of(one: ReadableSpan, spans: tuple[ReadableSpan, ...]) -> str | None:
    """The name of a span's parent."""
    ids = {each.context.span_id: each.name for each in spans if each.context}
    return None if one.parent is None else ids[one.parent.span_id]


CHAIN = {
    "POST /upload": None,
    "process ingest": "POST /upload",
    "send transcribe": "process ingest",
    "process transcribe": "send transcribe",
    "recognising speech": "process transcribe",
    "send analyze": "process transcribe",
    "process analyze": "send analyze",
    "send embed": "process analyze",
    "process embed": "send embed",
}


async def test_a_call_is_one_trace_from_the_door_to_the_index(line: Line) -> None:
    """Each stage is a child of the sending that brought it its message."""
    await line.hand_in()
    spans = await line.spans(len(CHAIN))

    assert 1 == len({one.context.trace_id for one in spans if one.context})
    assert CHAIN == {one.name: parent_of(one, spans) for one in spans}


async def test_a_redelivery_stays_in_its_trace(line: Line) -> None:
    """Both attempts are children of the same sending; the first one says why it failed."""
    line.failures["transcribe"] = Transient("busy", reason="provider_busy", retry_after=0)
    await line.hand_in()
    spans = await line.spans(len(CHAIN) + 2)

    first, second = line.named("process transcribe")
    assert ("send transcribe", "send transcribe") == (parent_of(first, spans), parent_of(second, spans))
    assert 1 == len({one.context.trace_id for one in spans if one.context})
    assert ("provider_busy", StatusCode.ERROR) == (
        (first.attributes or {})["error.type"],
        first.status.status_code,
    )
    assert ("retried", "completed") == tuple(
        (one.attributes or {})["callstream.outcome"] for one in (first, second)
    )


@pytest.mark.parametrize(
    "failure", [ZeroDivisionError(SECRET), Permanent(SECRET, reason="index_refused")], ids=["a bug", "ours"]
)
async def test_a_span_tells_nothing_of_a_caller(line: Line, failure: Exception) -> None:
    """Ids, names and reason codes; no text of an error, no frame, no event."""
    line.failures["analyze"] = failure
    await line.hand_in()
    await until(lambda: _ended(line, "process analyze"), 20, what="the failing stage's span")

    spans = line.exporter.get_finished_spans()
    assert set() == {name for one in spans for name in one.attributes or {}} - SAID
    assert [] == [event.name for one in spans for event in one.events]
    assert SECRET not in json.dumps([json.loads(one.to_json()) for one in spans])


async def _ended(line: Line, name: str) -> bool:
    return bool(line.named(name))


async def test_without_sampling_the_trace_still_goes_through(capfd: pytest.CaptureFixture[str]) -> None:
    """No span is recorded, and every line of the call carries one trace id."""
    async with running_line(otel_traces_sampler="always_off") as line:
        await line.hand_in()
        await until(line.empty, 20, what="the call went through")

        assert () == line.exporter.get_finished_spans()
    lines = [json.loads(text) for text in capfd.readouterr().out.splitlines()]
    done = [one for one in lines if one["message"] == "message.processed"]
    assert ["analyze", "embed", "ingest", "transcribe"] == sorted(one["stage"] for one in done)
    assert 1 == len({one["trace_id"] for one in done})
    assert 4 == len({one["span_id"] for one in done})


def settings(**chosen: object) -> TracingSettings:
    """How traces are sent."""
    return TracingSettings.model_validate(chosen)


def test_nothing_is_sent_unless_a_collector_is_named() -> None:
    """Off by default: no processor, no thread, no connection."""
    provider = tracer_provider("analyzer", settings())

    assert () == provider._active_span_processor._span_processors
    with tracing(provider.get_tracer("test")), span("a piece of work"):
        assert get_current_span().get_span_context().is_valid


@pytest.mark.parametrize(
    ("sampler", "ratio", "recorded"),
    [
        ("always_on", 0.0, True),
        ("always_off", 1.0, False),
        ("traceidratio", 1.0, True),
        ("parentbased_traceidratio", 0.0, False),
        ("parentbased_always_on", 0.0, True),
        ("parentbased_always_off", 1.0, False),
    ],
)
def test_an_operator_chooses_what_is_recorded(sampler: str, ratio: float, *, recorded: bool) -> None:
    """By OpenTelemetry's own names."""
    provider = tracer_provider(
        "analyzer", settings(otel_traces_sampler=sampler, otel_traces_sampler_arg=ratio)
    )

    assert recorded == provider.get_tracer("test").start_span("a piece of work").is_recording()


@dataclass
class Collector:
    """An OTLP collector on loopback."""

    url: str
    received: list[ExportTraceServiceRequest]


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    received: list[ExportTraceServiceRequest] = []

    async def take(request: web.Request) -> web.Response:
        received.append(ExportTraceServiceRequest.FromString(await request.read()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield Collector(f"http://127.0.0.1:{runner.addresses[0][1]}", received)
    finally:
        await runner.cleanup()


async def test_what_is_held_is_sent_at_the_stop(collector: Collector) -> None:
    """The last spans before a stop are those one looks for; they say which service in which version."""
    provider = tracer_provider("analyzer", settings(otel_exporter_otlp_endpoint=collector.url))
    async with flushed(provider):
        provider.get_tracer("test").start_span("the last one").end()

    (request,) = collector.received
    (found,) = request.resource_spans
    resource: Mapping[str, str] = {one.key: one.value.string_value for one in found.resource.attributes}
    assert ("analyzer", "0.1.0") == (resource["service.name"], resource["service.version"])
    assert ["the last one"] == [one.name for one in found.scope_spans[0].spans]


async def test_a_collector_that_is_down_does_not_hold_up_a_stop() -> None:
    """What cannot be sent is given up in time."""
    provider = tracer_provider("analyzer", settings(otel_exporter_otlp_endpoint="http://127.0.0.1:9"))
    async with asyncio.timeout(20), flushed(provider):
        provider.get_tracer("test").start_span("lost").end()


async def test_a_batch_is_linked_to_what_sent_its_messages() -> None:
    """A batch belongs to several traces, and is a child of none."""
    fake, exporter = FakeSQS(), InMemorySpanExporter()
    fake.add_queue("bulk")
    using = instruments(
        EMBED,
        StageSettings.model_validate({"aws_region": "us-east-1"}),
        registry=CollectorRegistry(),
        processors=[SimpleSpanProcessor(exporter)],
    )
    parents = [f"00-{trace:032x}-{trace:016x}-01" for trace in (1, 2)]
    async with batching(fake, using) as handled:
        async with SQSBroker(client_factory=fake.client) as sender:
            for parent in parents:
                await sender.publish(golden("call.analyzed.v1"), "bulk", headers={"traceparent": parent})
        await until(handled, 20, what="both messages are handled")

    spans = exporter.get_finished_spans()
    assert {"process bulk"} == {one.name for one in spans}
    assert {1, 2} == {link.context.trace_id for one in spans for link in one.links}
    assert [None] * len(spans) == [one.parent for one in spans]


@asynccontextmanager
async def batching(fake: FakeSQS, using: Instruments) -> AsyncIterator[Any]:
    """A consumer of batches; what is yielded says whether both messages came."""
    broker = SQSBroker(
        client_factory=fake.client, wait_time=1, middlewares=[partial(TraceHops, tracer=using.tracer)]
    )
    seen: list[Any] = []

    @broker.subscriber("bulk", batch=True)
    async def handle(events: list[dict[str, Any]]) -> None:
        seen.extend(events)

    async def handled() -> bool:
        return len(seen) == 2

    async with broker:
        await broker.start()
        yield handled
