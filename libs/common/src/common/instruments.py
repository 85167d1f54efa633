"""What a process counts and traces with: one set for each registry, a fake one in tests."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Final

from faststream_sqs.prometheus import SQSEngineMetrics
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace import Tracer
from prometheus_client import REGISTRY, CollectorRegistry

from common.account import Account
from common.logging import get_logger
from common.metrics import Metrics, metrics_on
from common.pipeline import INGEST, PIPELINE, Stage
from common.prices import end_of_life
from common.settings import MetricsSettings, ServiceSettings, TracingSettings, WorkerSettings
from common.telemetry import tracer_provider
from common.version import version_of

NOTICE: Final = 90  # days before a model's end from which every start warns of it

log = get_logger("callstream.stage")


class InstrumentSettings(TracingSettings, MetricsSettings):
    """How a process is watched."""


@dataclass(frozen=True, slots=True)
class Instruments:
    """One stage's metrics, engine metrics and tracer."""

    stage: str
    registry: CollectorRegistry
    metrics: Metrics
    engine: SQSEngineMetrics
    traces: TracerProvider
    tenant_classes: Mapping[str, str] = field(default_factory=dict)

    @property
    def tracer(self) -> Tracer:
        """Who makes the spans."""
        return self.traces.get_tracer("callstream", version_of("common"))

    def account(self) -> Account:
        """A new account of what one piece of work asks and pays."""
        return Account(self.stage, self.metrics.providers, self.tenant_classes)


def instruments(
    stage: Stage,
    settings: InstrumentSettings,
    *,
    registry: CollectorRegistry = REGISTRY,
    processors: Sequence[SpanProcessor] = (),
) -> Instruments:
    """The instruments of *stage*, as the operator wants them."""
    return Instruments(
        stage=stage.name,
        registry=registry,
        metrics=metrics_on(registry),
        engine=_engine_metrics_on(registry),
        traces=tracer_provider(stage.service, settings, processors),
        tenant_classes=settings.tenant_classes,
    )


@cache
def _engine_metrics_on(registry: CollectorRegistry) -> SQSEngineMetrics:
    return SQSEngineMetrics(registry=registry)


def introduce(stage: Stage, settings: WorkerSettings, metrics: Metrics, today: Callable[[], date]) -> None:
    """Expose what is known before the first message: version, limit, and the ends of the models used."""
    metrics.build.labels(stage.service, version_of(stage.service)).set(1)
    metrics.messages.introduce(stage.name, settings.worker_concurrency)
    for swept in PIPELINE if stage is INGEST else ():
        metrics.sweeps.introduce(swept.name)
    for model, end in _ends(settings):
        metrics.providers.end_of_life.labels(stage.name, model).set(_timestamp(end))
        if (end - today()).days <= NOTICE:
            log.warning("model.retires", model=model, end_of_life=end.isoformat())


def _ends(settings: ServiceSettings) -> list[tuple[str, date]]:
    names = ("transcription_model", "diarization_model", "analysis_model", "ask_model", "embedding_model")
    models = [model for name in names if (model := getattr(settings, name, None))]
    return [(model, end) for model in models if (end := end_of_life(model))]


def _timestamp(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()
