"""The engine's own metrics as OpenTelemetry instruments: the twin of `SQSEngineMetrics`."""

import time
from collections.abc import Callable, Iterator, Sequence

from opentelemetry.metrics import (
    CallbackOptions,
    Counter,
    Histogram,
    Meter,
    MeterProvider,
    Observation,
    get_meter,
)

from faststream_sqs.engine.recorder import AGES, BATCHES, DRAINS, RECEIVES, REQUESTS, Outcome, Settled


class SQSEngineTelemetry:
    """A recorder for OpenTelemetry: `SQSBroker(recorder=SQSEngineTelemetry(meter_provider=...))`.

    Without a provider it is the global one's.
    """

    def __init__(
        self,
        *,
        meter_provider: MeterProvider | None = None,
        meter: Meter | None = None,
        prefix: str = "sqs",
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._meter = meter or get_meter("faststream_sqs", meter_provider=meter_provider)
        self._prefix, self._wall, self._monotonic = prefix, wall, monotonic
        self._requests = self._counter("requests", "Requests: what SQS bills.", "{request}")
        self._seconds = self._histogram("request_seconds", "How long requests took.", REQUESTS, "s")
        self._messages = self._counter("messages_received", "Messages received.", "{message}")
        self._settled = self._counter("settled", "Leases ended, counted once SQS confirmed it.", "{message}")
        self._released = self._counter("released", "Messages given back unhandled.", "{message}")
        self._extensions = self._counter("lease_extensions", "Leases extended.", "{lease}")
        self._batches = self._histogram("receive_batch_size", "Messages per receive.", BATCHES, "{message}")
        self._ages = self._histogram("message_age_seconds", "Time from sending to receipt.", AGES, "s")
        self._counts = self._histogram("receive_count", "How often messages were delivered.", RECEIVES, "1")
        self._drains = self._histogram("drain_seconds", "How long stopping took.", DRAINS, "s")
        self._polled: dict[str, float] = {}
        self._held: dict[tuple[str, str], int] = {}
        self._gauge("poll_age_seconds", "Time since SQS last answered a poll.", "s", self._poll_ages)
        self._gauge("inflight", "Messages held.", "{message}", self._inflight)

    def requested(self, queue: str, action: str, outcome: Outcome, seconds: float) -> None:
        """One request ended."""
        self._requests.add(1, {"queue": queue, "action": action, "outcome": outcome})
        self._seconds.record(seconds, {"queue": queue, "action": action})

    def received(self, queue: str, count: int, asked: int) -> None:  # noqa: ARG002 - the recorder's signature
        """A receive was answered."""
        self._polled[queue] = self._monotonic()
        self._messages.add(count, {"queue": queue})
        self._batches.record(count, {"queue": queue})

    def arrived(self, queue: str, sent_at: float, receive_count: int) -> None:
        """One message came in."""
        self._ages.record(max(0.0, self._wall() - sent_at), {"queue": queue})
        self._counts.record(receive_count, {"queue": queue})

    def settled(self, queue: str, kind: Settled) -> None:
        """A lease ended."""
        self._settled.add(1, {"queue": queue, "kind": kind})
        if kind == "release":
            self._released.add(1, {"queue": queue})

    def extended(self, queue: str, count: int) -> None:
        """Leases were extended."""
        self._extensions.add(count, {"queue": queue})

    def inflight(self, queue: str, running: int, buffered: int) -> None:
        """What is held right now."""
        self._held |= {(queue, "running"): running, (queue, "buffered"): buffered}

    def drained(self, queue: str, seconds: float) -> None:
        """A consumer stopped."""
        self._drains.record(seconds, {"queue": queue})

    def _poll_ages(self, _: CallbackOptions) -> Iterator[Observation]:
        for queue, moment in list(self._polled.items()):
            yield Observation(self._monotonic() - moment, {"queue": queue})

    def _inflight(self, _: CallbackOptions) -> Iterator[Observation]:
        for (queue, state), count in list(self._held.items()):
            yield Observation(count, {"queue": queue, "state": state})

    def _counter(self, name: str, text: str, unit: str) -> Counter:
        return self._meter.create_counter(f"{self._prefix}.{name}", unit, text)

    def _histogram(self, name: str, text: str, buckets: Sequence[float], unit: str) -> Histogram:
        return self._meter.create_histogram(
            f"{self._prefix}.{name}",
            unit,
            text,
            explicit_bucket_boundaries_advisory=list(map(float, buckets)),
        )

    def _gauge(
        self, name: str, text: str, unit: str, tell: Callable[[CallbackOptions], Iterator[Observation]]
    ) -> None:
        self._meter.create_observable_gauge(f"{self._prefix}.{name}", [tell], unit, text)
