"""FastStream's OpenTelemetry middleware for SQS."""

from collections.abc import Awaitable, Callable
from typing import Any

from faststream.message import StreamMessage
from faststream.opentelemetry import TelemetryMiddleware
from faststream.opentelemetry.middleware import BaseTelemetryMiddleware
from opentelemetry.metrics import Meter, MeterProvider
from opentelemetry.trace import TracerProvider

from faststream_sqs._faststream import ContextRepo
from faststream_sqs.message import SQSBatchMessage, SQSMessage
from faststream_sqs.parser import TRACE_HEADER
from faststream_sqs.response import SQSPublishCommand

from .provider import SQSTelemetrySettingsProvider
from .xray import to_traceparent, to_xray


class SQSTelemetryMiddleware(TelemetryMiddleware[SQSPublishCommand]):
    """Spans for what handlers consume and publish: `SQSBroker(middlewares=[...])`.

    The trace context travels in the message attributes `traceparent` and `baggage`, two of SQS's ten.
    With `aws_trace_header` it is written beside them for AWS's own services (as `AWSTraceHeader`, which
    does not count), and theirs is taken up where a message has no `traceparent`.
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        meter: Meter | None = None,
        include_messages_counters: bool = True,
        aws_trace_header: bool = False,
    ) -> None:
        super().__init__(
            settings_provider_factory=lambda _: SQSTelemetrySettingsProvider(),
            tracer_provider=tracer_provider,
            meter_provider=meter_provider,
            meter=meter,
            include_messages_counters=include_messages_counters,
        )
        self._aws_trace_header = aws_trace_header

    def __call__(
        self, msg: Any | None, /, *, context: ContextRepo
    ) -> BaseTelemetryMiddleware[SQSPublishCommand]:
        """The middleware of one message."""
        if not self._aws_trace_header:
            return super().__call__(msg, context=context)
        return XRayTelemetryMiddleware(
            msg,
            tracer=self._tracer,
            metrics_container=self._metrics,
            settings_provider_factory=self._settings_provider_factory,
            context=context,
        )


class XRayTelemetryMiddleware(BaseTelemetryMiddleware[SQSPublishCommand]):
    """Writes AWS's trace header beside `traceparent`, and reads it where that is missing."""

    async def publish_scope(
        self, call_next: Callable[[SQSPublishCommand], Awaitable[Any]], msg: SQSPublishCommand
    ) -> Any:
        """Name the span that FastStream's part just made."""

        async def send(cmd: SQSPublishCommand) -> Any:
            header = to_xray(str(cmd.headers.get("traceparent", "")))
            if header is not None:
                cmd.headers.setdefault(TRACE_HEADER, header)
            return await call_next(cmd)

        return await super().publish_scope(send, msg)

    async def consume_scope(
        self, call_next: Callable[[StreamMessage[Any]], Awaitable[Any]], msg: StreamMessage[Any]
    ) -> Any:
        """Go on with the trace of an AWS service."""
        if isinstance(msg, SQSBatchMessage):
            headers = zip(msg.messages, msg.batch_headers, strict=True)
            msg.batch_headers = [_traced(one, found) for one, found in headers]
        elif isinstance(msg, SQSMessage):
            msg.headers = _traced(msg, msg.headers)
        return await super().consume_scope(call_next, msg)


def _traced(message: SQSMessage, headers: dict[str, Any]) -> dict[str, Any]:
    parent = to_traceparent(message.trace_header or "")
    return headers if parent is None else {"traceparent": parent, **headers}
