"""Wire the transcriber: ``uvicorn --factory transcriber.app:create_app``."""

from collections.abc import Callable

from common.app import Resources, consumer
from common.pipeline import TRANSCRIBE
from faststream.asgi import AsgiFastStream

from transcriber import resources
from transcriber.handler import router
from transcriber.settings import Settings


def create_app(
    settings: Settings | None = None,
    open_resources: Callable[[Settings], Resources] = resources.open_resources,
) -> AsgiFastStream:
    """The stage, ready to serve; only here is the environment read."""
    settings = settings or Settings.read()
    return consumer(TRANSCRIBE, settings, router, open_resources(settings))
