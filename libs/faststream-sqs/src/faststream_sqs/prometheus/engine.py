"""The engine's own metrics: what SQS bills, what became of each lease, whether polls are answered."""

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from faststream_sqs.engine.recorder import AGES, BATCHES, DRAINS, RECEIVES, REQUESTS, Outcome, Settled


class SQSEngineMetrics:
    """A recorder for Prometheus: `SQSBroker(recorder=SQSEngineMetrics(registry=...))`."""

    def __init__(
        self,
        *,
        registry: CollectorRegistry,
        prefix: str = "sqs",
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._prefix, self._registry, self._wall, self._monotonic = prefix, registry, wall, monotonic
        self._requests = self._counter("requests", "Requests: what SQS bills.", "action", "outcome")
        self._seconds = self._histogram("request_seconds", "How long requests took.", REQUESTS, "action")
        self._messages = self._counter("messages_received", "Messages received.")
        self._settled = self._counter("settled", "Leases ended, counted once SQS confirmed it.", "kind")
        self._released = self._counter("released", "Messages given back unhandled.")
        self._extensions = self._counter("lease_extensions", "Leases extended.")
        self._inflight = self._gauge("inflight", "Messages held.", "state")
        self._poll_age = self._gauge("poll_age_seconds", "Time since SQS last answered a poll.")
        self._batches = self._histogram("receive_batch_size", "Messages per receive.", BATCHES)
        self._ages = self._histogram("message_age_seconds", "Time from sending to receipt.", AGES)
        self._counts = self._histogram(
            "receive_count", "How often received messages were delivered.", RECEIVES
        )
        self._drains = self._histogram("drain_seconds", "How long stopping took.", DRAINS)
        self._polled: dict[str, float] = {}

    def requested(self, queue: str, action: str, outcome: Outcome, seconds: float) -> None:
        """One request ended."""
        self._requests.labels(queue, action, outcome).inc()
        self._seconds.labels(queue, action).observe(seconds)

    def received(self, queue: str, count: int, asked: int) -> None:  # noqa: ARG002 - the recorder's signature
        """A receive was answered."""
        if queue not in self._polled:
            self._poll_age.labels(queue).set_function(lambda: self._monotonic() - self._polled[queue])
        self._polled[queue] = self._monotonic()
        self._messages.labels(queue).inc(count)
        self._batches.labels(queue).observe(count)

    def arrived(self, queue: str, sent_at: float, receive_count: int) -> None:
        """One message came in."""
        self._ages.labels(queue).observe(max(0.0, self._wall() - sent_at))
        self._counts.labels(queue).observe(receive_count)

    def settled(self, queue: str, kind: Settled) -> None:
        """A lease ended."""
        self._settled.labels(queue, kind).inc()
        if kind == "release":
            self._released.labels(queue).inc()

    def extended(self, queue: str, count: int) -> None:
        """Leases were extended."""
        self._extensions.labels(queue).inc(count)

    def inflight(self, queue: str, running: int, buffered: int) -> None:
        """What is held right now."""
        self._inflight.labels(queue, "running").set(running)
        self._inflight.labels(queue, "buffered").set(buffered)

    def drained(self, queue: str, seconds: float) -> None:
        """A consumer stopped."""
        self._drains.labels(queue).observe(seconds)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"{self._prefix}_{name}", text, ("queue", *labels), registry=self._registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"{self._prefix}_{name}", text, ("queue", *labels), registry=self._registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(
            f"{self._prefix}_{name}", text, ("queue", *labels), registry=self._registry, buckets=buckets
        )
