"""What the pipeline consists of, as this image's code says: queues, handlers, events, versions."""

from importlib.metadata import PackageNotFoundError, version

from common.model import Noun
from common.pipeline import PIPELINE, Stage, dead_letter_name


class Registered(Noun):
    """One handler. ``version`` is None in the images of other services."""

    handler: str
    service: str
    queue: str
    dead_letters: str
    takes: str
    announces: str | None
    version: str | None


def registered() -> list[Registered]:
    """Every handler, in the order of the line."""
    return [_registered(stage) for stage in PIPELINE]


def _registered(stage: Stage) -> Registered:
    announces = stage.announces
    return Registered(
        handler=stage.name,
        service=stage.service,
        queue=stage.queue.name,
        dead_letters=dead_letter_name(stage.name),
        takes=stage.consumes.model_fields["type"].default,
        announces=announces.model_fields["type"].default if announces else None,
        version=_version(stage.service),
    )


def _version(service: str) -> str | None:
    try:
        return version(service)
    except PackageNotFoundError:
        return None
