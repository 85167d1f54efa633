"""Wire a stage: broker, handlers and resources behind health and metrics, as one ASGI application."""

import logging as stdlib_logging
import signal
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import timedelta
from functools import partial
from typing import Any

from faststream import ContextRepo
from faststream.asgi import AsgiFastStream, AsgiResponse, get
from faststream_sqs import ExponentialRetry, SQSBroker, SQSRouter
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from common import logging
from common.countdown import Countdown, StopAfter
from common.gate import Gate
from common.instruments import Instruments, InstrumentSettings, instruments, introduce
from common.middleware import AroundStage, now
from common.pausing import pausing
from common.pipeline import Stage
from common.settings import AwsSettings, WorkerSettings, queue_urls
from common.telemetry import TraceHops, flushed

PING_TIMEOUT = 5.0  # seconds
LONGEST_BACK_OFF = 900.0  # seconds; twenty deliveries then outlast an hour of somebody else's fault


class StageSettings(WorkerSettings, AwsSettings, InstrumentSettings):
    """What every consumer needs to be told."""


Resources = AbstractAsyncContextManager[dict[str, object]]


def open_broker(settings: StageSettings, stage: Stage, using: Instruments) -> SQSBroker:
    """A broker whose queues and concurrency are the operator's choice; *stage* wraps its handlers."""
    return SQSBroker(
        settings.sqs_endpoint,
        region_name=settings.aws_region,
        queue_urls=queue_urls(settings),
        max_workers=settings.worker_concurrency,
        wait_time=settings.sqs_wait_seconds,
        handler_timeout=settings.handler_timeout_seconds,
        graceful_timeout=settings.drain_seconds,
        retry=ExponentialRetry(cap=LONGEST_BACK_OFF),
        recorder=using.engine,
        middlewares=[
            partial(TraceHops, tracer=using.tracer),
            partial(
                AroundStage,
                stage=stage,
                instruments=using,
                outage_deadline=timedelta(hours=settings.outage_deadline_hours),
            ),
            _counting(settings),
        ],
        logger=stdlib_logging.getLogger("faststream_sqs"),
        log_level=stdlib_logging.DEBUG,  # one canonical line a message is ours
    )


def consumer(
    stage: Stage,
    settings: StageSettings,
    router: SQSRouter,
    resources: Resources,
    *,
    using: Instruments | None = None,
) -> AsgiFastStream:
    """One stage as an ASGI application: *router* in *resources*, health and metrics beside it."""
    logging.set_up(stage.service, "DEBUG" if settings.debug else settings.log_level)
    using = using or instruments(stage, settings)
    introduce(stage, settings, using.metrics, lambda: now().date())
    broker = open_broker(settings, stage, using)
    broker.include_router(router)

    @asynccontextmanager
    async def lifespan(context: ContextRepo) -> AsyncIterator[None]:
        async with flushed(using.traces), resources as opened:
            for name, resource in opened.items():
                context.set_global(name, resource)
            async with _pausing(opened.get("gate"), broker, stage, using):
                yield

    return AsgiFastStream(broker, lifespan=lifespan, asgi_routes=health(broker, using.registry))


def _pausing(
    gate: object, broker: SQSBroker, stage: Stage, using: Instruments
) -> AbstractAsyncContextManager[None]:
    """A stage whose resources hold a gate rests while its provider does."""
    if not isinstance(gate, Gate):
        return nullcontext()
    return pausing(gate, broker, stage.name, using.metrics.providers)


def health(broker: SQSBroker, registry: CollectorRegistry) -> list[tuple[str, Any]]:
    """``/health/live``, ``/health/ready`` and ``/metrics``, spelled the same everywhere.

    Live asks nobody: a restart mends no server. Ready is false while the queue does not answer, or we drain.
    """

    @get(include_in_schema=False)
    async def live(_scope: Any) -> AsgiResponse:
        return _answer("live", broker.alive)

    @get(include_in_schema=False)
    async def ready(_scope: Any) -> AsgiResponse:
        return _answer("ready", broker.running and await broker.ping(PING_TIMEOUT))

    @get(include_in_schema=False)
    async def metrics(scope: Any) -> AsgiResponse:
        # Only OpenMetrics carries exemplars: a scraper that reads it says so.
        encode, kind = choose_encoder(dict(scope["headers"]).get(b"accept", b"").decode("latin-1"))
        return AsgiResponse(encode(registry), headers={"content-type": kind})

    return [("/health/live", live), ("/health/ready", ready), ("/metrics", metrics)]


def _answer(question: str, yes: bool) -> AsgiResponse:  # noqa: FBT001 - the answer is a truth value
    return AsgiResponse(f"{question}: {str(yes).lower()}\n".encode(), status_code=200 if yes else 503)


def _counting(settings: WorkerSettings) -> Any:
    countdown = Countdown(settings.max_messages_per_process, _stop_this_process)
    return partial(StopAfter, countdown=countdown)


def _stop_this_process() -> None:
    """The server drains on SIGTERM, as when its platform tells it to, and exits 0."""
    signal.raise_signal(signal.SIGTERM)
