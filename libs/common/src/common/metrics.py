"""What a service counts, under the names that dashboards and alerts read."""

from dataclasses import dataclass
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge


class SweepMetrics:
    """What the sweeper sees and does; only the pod that sweeps sets them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.queue_messages = Gauge(
            "pipeline_queue_messages", "Messages on a queue.", ("queue", "state"), registry=registry
        )
        self.stuck_calls = Counter(
            "pipeline_stuck_calls", "Calls that did not move.", ("stage", "action"), registry=registry
        )
        self.finished = Gauge(
            "pipeline_sweep_timestamp_seconds",
            "When a sweep last finished; 0 where none did.",
            registry=registry,
        )


@dataclass(frozen=True, slots=True)
class Metrics:
    """All of them."""

    sweeps: SweepMetrics


@cache
def metrics_on(registry: CollectorRegistry) -> Metrics:
    """The metrics of a registry, which takes each name once."""
    return Metrics(SweepMetrics(registry))
