"""FastStream's Prometheus middleware for SQS."""

from collections.abc import Callable, Sequence
from typing import Any

from faststream.prometheus import PrometheusMiddleware
from prometheus_client import CollectorRegistry

from faststream_sqs._faststream import EMPTY
from faststream_sqs.message import RawMessage
from faststream_sqs.response import SQSPublishCommand

from .provider import SQSMetricsSettingsProvider


class SQSPrometheusMiddleware(PrometheusMiddleware[RawMessage, SQSPublishCommand]):
    """Counts and times what handlers consume and publish: `SQSBroker(middlewares=[...])`."""

    def __init__(
        self,
        *,
        registry: CollectorRegistry,
        app_name: str = EMPTY,
        metrics_prefix: str = "faststream",
        received_messages_size_buckets: Sequence[float] | None = None,
        custom_labels: dict[str, str | Callable[[Any], str]] | None = None,
    ) -> None:
        super().__init__(
            settings_provider_factory=lambda _: SQSMetricsSettingsProvider(),
            registry=registry,
            app_name=app_name,
            metrics_prefix=metrics_prefix,
            received_messages_size_buckets=received_messages_size_buckets,
            custom_labels=custom_labels,
        )
