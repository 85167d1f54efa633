"""FastStream's OpenTelemetry middleware for SQS."""

from faststream.opentelemetry import TelemetryMiddleware
from opentelemetry.metrics import Meter, MeterProvider
from opentelemetry.trace import TracerProvider

from faststream_sqs.response import SQSPublishCommand

from .provider import SQSTelemetrySettingsProvider


class SQSTelemetryMiddleware(TelemetryMiddleware[SQSPublishCommand]):
    """Spans for what handlers consume and publish: `SQSBroker(middlewares=[...])`.

    The trace context travels in the message attributes `traceparent` and `baggage`, two of SQS's ten.
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        meter: Meter | None = None,
        include_messages_counters: bool = True,
    ) -> None:
        super().__init__(
            settings_provider_factory=lambda _: SQSTelemetrySettingsProvider(),
            tracer_provider=tracer_provider,
            meter_provider=meter_provider,
            meter=meter,
            include_messages_counters=include_messages_counters,
        )
