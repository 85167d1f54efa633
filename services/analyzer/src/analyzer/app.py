"""Wire the analyzer: ``uvicorn --factory analyzer.app:create_app``."""

from collections.abc import Callable

from common.app import Resources, consumer
from common.pipeline import ANALYZE
from faststream.asgi import AsgiFastStream

from analyzer import resources
from analyzer.handler import router
from analyzer.settings import Settings


def create_app(
    settings: Settings | None = None,
    open_resources: Callable[[Settings], Resources] = resources.open_resources,
) -> AsgiFastStream:
    """The stage, ready to serve; only here is the environment read."""
    settings = settings or Settings.read()
    return consumer(ANALYZE, settings, router, open_resources(settings))
