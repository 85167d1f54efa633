"""Traces: one for each call, carried from stage to stage in the messages' headers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any

from faststream import BaseMiddleware, ContextRepo
from faststream.response import PublishCommand
from opentelemetry.context import Context, attach
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    DEFAULT_OFF,
    DEFAULT_ON,
    ParentBasedTraceIdRatio,
    Sampler,
    TraceIdRatioBased,
)
from opentelemetry.trace import (
    Link,
    NoOpTracer,
    Span,
    SpanKind,
    StatusCode,
    Tracer,
    get_current_span,
    set_span_in_context,
    use_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from common.errors import PipelineError
from common.settings import TracingSettings
from common.version import version_of

EXPORT_TIMEOUT = 5.0  # seconds; a collector that is down must not prolong a stop

Attributes = Mapping[str, str | int | float]

_propagator = TraceContextTextMapPropagator()
_nobody = NoOpTracer()
_tracer: ContextVar[Tracer | None] = ContextVar("tracer", default=None)
_hop: ContextVar["TraceHops | None"] = ContextVar("hop", default=None)


def tracer_provider(
    service: str, settings: TracingSettings, processors: Sequence[SpanProcessor] = ()
) -> TracerProvider:
    """Spans have ids with nobody to send them to, too: log lines carry them, and messages pass them on."""
    resource = Resource.create({"service.name": service, "service.version": version_of(service)})
    provider = TracerProvider(sampler=_sampler(settings), resource=resource, shutdown_on_exit=False)
    for processor in (*processors, *_exporting(settings)):
        provider.add_span_processor(processor)
    return provider


@asynccontextmanager
async def flushed(provider: TracerProvider) -> AsyncIterator[None]:
    """When this ends, what *provider* still holds is sent."""
    try:
        yield
    finally:
        await asyncio.to_thread(provider.shutdown)


def _sampler(settings: TracingSettings) -> Sampler:
    ratio = settings.otel_traces_sampler_arg
    samplers: dict[str, Sampler] = {
        "always_on": ALWAYS_ON,
        "always_off": ALWAYS_OFF,
        "traceidratio": TraceIdRatioBased(ratio),
        "parentbased_always_on": DEFAULT_ON,
        "parentbased_always_off": DEFAULT_OFF,
        "parentbased_traceidratio": ParentBasedTraceIdRatio(ratio),
    }
    return samplers[settings.otel_traces_sampler]


def _exporting(settings: TracingSettings) -> list[SpanProcessor]:
    if settings.otel_exporter_otlp_endpoint is None:
        return []
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - protobuf and requests, only where a collector is named
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - the same

    endpoint = f"{settings.otel_exporter_otlp_endpoint.rstrip('/')}/v1/traces"
    return [BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=EXPORT_TIMEOUT))]


@contextmanager
def tracing(tracer: Tracer) -> Iterator[None]:
    """Spans inside are made by *tracer*."""
    token = _tracer.set(tracer)
    try:
        yield
    finally:
        _tracer.reset(token)


@contextmanager
def span(
    name: str,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Attributes | None = None,
    *,
    context: Context | None = None,
) -> Iterator[Span]:
    """A span around something done here; of a failure it tells the kind, never the text."""
    with (_tracer.get() or _nobody).start_as_current_span(
        name, context, kind, attributes, record_exception=False, set_status_on_exception=False
    ) as opened:
        try:
            yield opened
        except Exception as error:
            blame(opened, error.reason if isinstance(error, PipelineError) else type(error).__name__)
            raise


def blame(failed: Span, error_type: str) -> None:
    """Mark a span as failed."""
    failed.set_attribute("error.type", error_type)
    failed.set_status(StatusCode.ERROR)


def annotate(attributes: Attributes) -> None:
    """Say more of the span at hand."""
    get_current_span().set_attributes(attributes)


def context_in(headers: Mapping[str, Any]) -> Context:
    """The context that HTTP or message headers carry; an empty one if they carry none."""
    return _propagator.extract(dict(headers), Context())


def carried() -> dict[str, str]:
    """The context at hand, as headers carry it; empty without one."""
    headers: dict[str, str] = {}
    _propagator.inject(headers)
    return headers


def resume(headers: Mapping[str, str]) -> None:
    """Go on with the trace that these headers carry, where this delivery came with another, or with none."""
    if hop := _hop.get():
        hop.resume(context_in(headers))


class TraceHops(BaseMiddleware):
    """A span around each message's processing, one around each sending, and the thread between them.

    FastStream's own middleware hangs all stages beside one another below the first sending, and writes
    exceptions' texts into spans.
    """

    def __init__(self, msg: Any | None, /, *, context: ContextRepo, tracer: Tracer) -> None:
        super().__init__(msg, context=context)
        self._made_by = tracer
        self._processing: Span | None = None

    async def consume_scope(self, call_next: Callable[[Any], Awaitable[Any]], msg: Any) -> Any:
        """One delivery: a child of what sent it; a batch is linked to what sent its messages."""
        queue = msg.raw_message.settlement.queue.name
        batch = list(msg.batch_headers)
        processing = self._made_by.start_span(
            f"process {queue}",
            context=Context() if batch else context_in(msg.headers),
            kind=SpanKind.CONSUMER,
            attributes=_messaging(queue, "process") | {"messaging.message.id": msg.message_id},
            links=[Link(get_current_span(context_in(each)).get_span_context()) for each in batch],
        )
        self._processing = processing
        here = _hop.set(self)
        try:
            with (
                tracing(self._made_by),
                use_span(processing, record_exception=False, set_status_on_exception=False),
            ):
                return await call_next(msg)
        finally:
            _hop.reset(here)

    def resume(self, context: Context) -> None:
        """Be a child of what *context* tells of; the span so far is given up with its trace."""
        theirs = get_current_span(context).get_span_context()
        ours = self._processing
        if ours is None or not theirs.is_valid or theirs.trace_id == ours.get_span_context().trace_id:
            return
        self._processing = self._begun_again(ours, context)
        attach(set_span_in_context(self._processing))

    def _begun_again(self, ours: Span, context: Context) -> Span:
        if not isinstance(ours, ReadableSpan):  # not recorded: there is nothing to take along but the ids
            return self._made_by.start_span("process", context, SpanKind.CONSUMER)
        return self._made_by.start_span(
            ours.name,
            context,
            ours.kind,
            ours.attributes,
            links=[Link(ours.parent)] if ours.parent else [],
            start_time=ours.start_time,
        )

    async def publish_scope(
        self, call_next: Callable[[PublishCommand], Awaitable[Any]], cmd: PublishCommand
    ) -> Any:
        """One sending: what is sent carries this span's context on."""
        queue = cmd.destination.rstrip("/").rsplit("/", 1)[-1]
        # What a handler returns is announced after its span has ceased to be the current one.
        parent = None if self._processing is None else set_span_in_context(self._processing)
        with self._made_by.start_as_current_span(
            f"send {queue}",
            context=parent,
            kind=SpanKind.PRODUCER,
            attributes=_messaging(queue, "send"),
            record_exception=False,
        ):
            _propagator.inject(cmd.headers)
            return await call_next(cmd)

    async def after_processed(
        self,
        exc_type: type[BaseException] | None = None,
        exc_val: BaseException | None = None,
        exc_tb: TracebackType | None = None,
    ) -> bool | None:
        """The message is done with, its announcement included."""
        if self._processing is not None:
            if exc_type is not None and self._processing.is_recording():
                self._processing.set_status(StatusCode.ERROR)
            self._processing.end()
        return await super().after_processed(exc_type, exc_val, exc_tb)


def _messaging(queue: str, operation: str) -> dict[str, str]:
    return {
        "messaging.system": "aws_sqs",
        "messaging.destination.name": queue,
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
    }
