"""Wire ingest: ``create_consumer`` drains the queue, ``create_app`` opens the HTTP door and drains it too."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from operator import attrgetter

from common.app import Resources, consumer
from common.instruments import Instruments, instruments
from common.pipeline import INGEST
from common.version import version_of
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from faststream.asgi import AsgiFastStream
from faststream_sqs import SQSRouter
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from ingest import api, resources
from ingest.api.bodies import BodyGate
from ingest.api.described import describe
from ingest.api.entrance import FREE, Entrance
from ingest.api.failures import explain_failures
from ingest.api.observed import Observed
from ingest.handler import router
from ingest.page.headers import DescriptionPolicy, SafetyHeaders
from ingest.page.serving import DESCRIPTION, show_page
from ingest.security.loopback import InsideOnly, LoopbackOnly
from ingest.settings import DoorSettings, Settings


def create_consumer(
    settings: Settings | None = None,
    open_resources: Callable[[Settings], Resources] = resources.open_resources,
) -> AsgiFastStream:
    """The stage alone, as every other service is."""
    settings = settings or Settings.read()
    return consumer(INGEST, settings, router, open_resources(settings))


def create_app(
    settings: DoorSettings | None = None,
    open_resources: Callable[[DoorSettings], Resources] = resources.open_door,
    *,
    using: Instruments | None = None,
) -> FastAPI:
    """The HTTP door, and the stage behind it unless ``INGEST_CONSUMER=false``."""
    settings = settings or DoorSettings.read()
    using = using or instruments(INGEST, settings)

    @asynccontextmanager
    async def opened() -> AsyncIterator[dict[str, object]]:
        async with open_resources(settings) as outside:
            app.state.opened = outside
            yield outside

    handlers = router if settings.ingest_consumer else SQSRouter()
    stage = consumer(INGEST, settings, handlers, opened(), using=using)
    app = _door(settings, stage, using)
    app.state.settings, app.state.broker = settings, stage.broker
    return app


def _door(settings: DoorSettings, stage: AsgiFastStream, using: Instruments) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with stage.start_lifespan_context():
            yield

    app = FastAPIOffline(
        static_url=DESCRIPTION,
        redoc_url=None,
        title="Callstream",
        description="Recorded sales calls in; transcripts, checked insights and search out.",
        version=version_of("ingest"),
        lifespan=lifespan,
        redirect_slashes=False,  # it would lead wherever the Host header says
        generate_unique_id_function=attrgetter("name"),
        middleware=[Middleware(SafetyHeaders), Middleware(Observed, using=using), *_gates(settings)],
        routes=[Route(path, endpoint, include_in_schema=False) for path, endpoint in stage.routes],
    )
    app.include_router(api.router, prefix=settings.api_v1_prefix)
    explain_failures(app)
    describe(
        app,
        (part.router for part in api.PARTS),
        public=frozenset(settings.api_v1_prefix + path for path in FREE),
    )
    buckets = (place.bucket for place in settings.rules.allowed)
    show_page(app, settings.api_v1_prefix, buckets)
    return app


def _gates(settings: DoorSettings) -> list[Middleware]:
    """Outermost first: from where, from which pages, who and how often, how much."""
    prefix = settings.api_v1_prefix
    guard = [] if settings.auth else [Middleware(LoopbackOnly, public=(f"{prefix}/health",))]
    return [
        *guard,
        Middleware(InsideOnly),
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_credentials="*" not in settings.cors_origins,
            allow_methods=("GET", "POST", "DELETE"),
            allow_headers=("*",),
            expose_headers=("Content-Disposition", "ETag", "Location", "Retry-After"),
        ),
        Middleware(Entrance, settings=settings),
        Middleware(
            BodyGate,
            settings=settings,
            uploads=f"{prefix}/calls/upload",
            largest_file=settings.max_upload_bytes,
        ),
        Middleware(DescriptionPolicy, path="/docs"),
    ]
