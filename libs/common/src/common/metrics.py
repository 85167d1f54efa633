"""What a service counts, under the names that dashboards and alerts read."""

from dataclasses import dataclass
from functools import cache, partial
from typing import Final

from opentelemetry.trace import format_trace_id, get_current_span
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from common.reasons import fault, label

PROCESSING: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 900)  # seconds
WAITING: Final = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400)  # seconds
FRESHNESS: Final = (5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 86_400)  # seconds
ASKING: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)  # seconds
HOLDING: Final = (0.01, 0.1, 0.5, 1, 2.5, 5, 15, 30, 60, 120, 300, 600)  # seconds
SERVING: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)  # seconds


def exemplar() -> dict[str, str] | None:
    """The trace that an observation stands for, where one is being sent; OpenMetrics carries it."""
    span = get_current_span().get_span_context()
    return {"trace_id": format_trace_id(span.trace_id)} if span.trace_flags.sampled else None


class MessageMetrics:
    """What becomes of messages."""

    def __init__(self, registry: CollectorRegistry) -> None:
        counter, gauge = partial(Counter, registry=registry), partial(Gauge, registry=registry)
        histogram = partial(Histogram, registry=registry)
        self.seconds = histogram(
            "messaging_process_duration_seconds",
            "How long deliveries were worked on.",
            ("stage", "outcome", "error_type"),
            buckets=PROCESSING,
        )
        self.wait = histogram(
            "pipeline_queue_wait_seconds",
            "Time from sending to this delivery.",
            ("stage",),
            buckets=WAITING,
        )
        self.end_to_end = histogram(
            "pipeline_end_to_end_seconds",
            "Time from a call's first sight to this stage's end, once a call.",
            ("stage",),
            buckets=FRESHNESS,
        )
        self.inflight = gauge("pipeline_inflight_messages", "Messages being worked on.", ("stage",))
        self.limit = gauge("pipeline_concurrency_limit", "Messages worked on at most.", ("stage",))
        self.outcomes = counter("pipeline_outcomes", "Deliveries by outcome.", ("stage", "outcome", "reason"))
        self.redeliveries = counter(
            "pipeline_redeliveries", "Deliveries that were not the first.", ("stage",)
        )
        self.dead_letters = counter(
            "pipeline_dlq_messages", "Messages given up.", ("stage", "reason", "fault")
        )

    def introduce(self, stage: str, limit: int) -> None:
        """Show what is known before the first message: the limit, and that nothing has happened yet."""
        self.limit.labels(stage).set(limit)
        self.inflight.labels(stage).set(0)
        self.redeliveries.labels(stage)
        self.outcomes.labels(stage, "completed", "")

    def arrived(self, stage: str, wait: float | None, receive_count: int) -> None:
        """A delivery begins; *wait* is in seconds, None where nobody knows it."""
        if wait is not None:
            self.wait.labels(stage).observe(wait, exemplar())
        if receive_count > 1:
            self.redeliveries.labels(stage).inc()

    def ended(self, stage: str, outcome: str, reason: str | None, seconds: float) -> None:
        """A delivery ended."""
        why = label(reason)
        self.seconds.labels(stage, outcome, why).observe(seconds, exemplar())
        self.outcomes.labels(stage, outcome, why).inc()
        if outcome == "failed" and reason is not None:
            self.dead_letters.labels(stage, why, fault(reason)).inc()


class ProviderMetrics:
    """What is asked of providers of models, and paid them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        counter, gauge = partial(Counter, registry=registry), partial(Gauge, registry=registry)
        histogram = partial(Histogram, registry=registry)
        model, reason = ("stage", "model"), ("stage", "reason")
        self.requests = counter(
            "provider_requests", "Requests by outcome.", ("stage", "provider", "model", "outcome")
        )
        self.seconds = histogram(
            "provider_request_duration_seconds",
            "How long requests took.",
            ("stage", "provider", "model"),
            buckets=ASKING,
        )
        self.tokens = counter("provider_tokens", "Tokens paid for.", (*model, "kind"))
        self.audio_seconds = counter("provider_audio_seconds", "Audio paid for.", model)
        self.cost = counter("provider_cost_usd", "What was paid, once.", (*model, "tenant_class"))
        self.limiter_wait = histogram(
            "provider_limiter_wait_seconds",
            "How long requests were held back before they were made.",
            model,
            buckets=HOLDING,
        )
        self.limiter_local = gauge(
            "provider_limiter_local",
            "1 while limits are counted by this process alone, Redis being away.",
            model,
        )
        self.breaker = gauge(
            "provider_breaker_state", "0 closed, 1 half open, 2 open: the provider is left alone.", model
        )
        self.paused = gauge("pipeline_paused", "1 while the stage receives nothing, for this reason.", reason)
        self.pauses = counter("pipeline_pauses", "How often the stage stopped receiving.", reason)
        self.end_of_life = gauge(
            "model_end_of_life_timestamp_seconds", "When the provider shuts a model down.", model
        )


class SweepMetrics:
    """What the sweeper sees and does; only the pod that sweeps sets them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.queue_messages = Gauge(
            "pipeline_queue_messages", "Messages on a queue.", ("queue", "state"), registry=registry
        )
        self.stuck_calls = Counter(
            "pipeline_stuck_calls", "Calls that did not move.", ("stage", "action"), registry=registry
        )
        self.parked_calls = Gauge(
            "pipeline_parked_calls",
            "Calls that wait for a time.",
            ("stage", "reason"),
            registry=registry,
        )
        self.parked_overdue = Gauge(
            "pipeline_parked_overdue_seconds",
            "How long the first parked call has waited beyond its time.",
            registry=registry,
        )
        self.unsettled_requests = Gauge(
            "provider_unsettled_requests",
            "Requests of the last day whose end is not on record.",
            ("stage",),
            registry=registry,
        )
        self.finished = Gauge(
            "pipeline_sweep_timestamp_seconds",
            "When a sweep last finished; 0 where none did.",
            registry=registry,
        )

    def introduce(self, stage: str) -> None:
        """Show that no call of a stage was stuck yet."""
        for action in ("announced_again", "given_up", "released"):
            self.stuck_calls.labels(stage, action)


class HttpMetrics:
    """What the door is asked."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.seconds = Histogram(
            "http_server_request_duration_seconds",
            "How long requests took, by the route's template.",
            ("method", "route", "status"),
            buckets=SERVING,
            registry=registry,
        )


@dataclass(frozen=True, slots=True)
class Metrics:
    """All of them."""

    messages: MessageMetrics
    providers: ProviderMetrics
    sweeps: SweepMetrics
    http: HttpMetrics
    build: Gauge


@cache
def metrics_on(registry: CollectorRegistry) -> Metrics:
    """The metrics of a registry, which takes each name once."""
    return Metrics(
        MessageMetrics(registry),
        ProviderMetrics(registry),
        SweepMetrics(registry),
        HttpMetrics(registry),
        Gauge("build_info", "Which version runs.", ("service", "version"), registry=registry),
    )
