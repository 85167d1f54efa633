"""A stage whose provider cannot be asked receives nothing: what waits on its queue loses no delivery."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, Protocol

from common.breaker import Cause, State
from common.gate import Gate
from common.logging import get_logger
from common.metrics import ProviderMetrics

STATES: Final[dict[State, int]] = {"closed": 0, "half_open": 1, "open": 2}
CAUSES: Final[tuple[Cause, ...]] = ("outage", "denied", "quota")

log = get_logger("callstream.stage")


class Receiver(Protocol):
    """Receives from queues until it is told to rest."""

    def pause(self, *queues: str) -> None:
        """Receive nothing more for now; what is held is handled and stays ours."""
        ...

    def resume(self, *queues: str) -> None:
        """Receive again."""
        ...


@asynccontextmanager
async def pausing(
    gate: Gate, receiver: Receiver, stage: str, metrics: ProviderMetrics
) -> AsyncIterator[None]:
    """While this is open, *stage* receives from its queue only if its provider can be asked."""
    watch(gate, stage, metrics)
    for cause in CAUSES:
        metrics.paused.labels(stage, cause).set(0)
        metrics.pauses.labels(stage, cause)
    following = asyncio.create_task(_follow(gate, receiver, stage, metrics))
    try:
        yield
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


def watch(gate: Gate, stage: str, metrics: ProviderMetrics) -> None:
    """Expose how a gate stands, as of each scrape."""
    breaker = metrics.breaker.labels(stage, gate.model)
    breaker.set_function(lambda: STATES[gate.state])
    metrics.limiter_local.labels(stage, gate.model).set_function(_as_number(lambda: gate.counts_alone))


def _as_number(whether: Callable[[], bool]) -> Callable[[], float]:
    return lambda: float(whether())


async def _follow(gate: Gate, receiver: Receiver, stage: str, metrics: ProviderMetrics) -> None:
    paused: Cause | None = None
    while True:
        cause = gate.cause
        if cause != paused:
            _turn(receiver, stage, metrics, paused, cause)
            paused = cause
        await gate.wait_for_change(gate.seconds_closed)


def _turn(
    receiver: Receiver, stage: str, metrics: ProviderMetrics, before: Cause | None, cause: Cause | None
) -> None:
    if before:
        metrics.paused.labels(stage, before).set(0)
    if cause is None:
        receiver.resume(stage)
        log.info("stage.resumed", reason=before)
        return
    receiver.pause(stage)
    metrics.paused.labels(stage, cause).set(1)
    metrics.pauses.labels(stage, cause).inc()
    log.warning("stage.paused", reason=cause)
