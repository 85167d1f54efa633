"""Wire the embedder: ``uvicorn --factory embedder.app:create_app``."""

from collections.abc import Callable

from common.app import Resources, consumer
from common.pipeline import EMBED
from faststream.asgi import AsgiFastStream

from embedder import resources
from embedder.handler import router
from embedder.settings import Settings


def create_app(
    settings: Settings | None = None,
    open_resources: Callable[[Settings], Resources] = resources.open_resources,
) -> AsgiFastStream:
    """The stage, ready to serve; only here is the environment read."""
    settings = settings or Settings.read()
    return consumer(EMBED, settings, router, open_resources(settings))
