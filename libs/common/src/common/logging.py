"""One JSON object a line, for our own facts and for every library's, in one shape and on one stream."""

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, cast

import orjson
import structlog
from opentelemetry.trace import get_current_span
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import FilteringBoundLogger

from common.version import version_of

Fields = MutableMapping[str, Any]

# Locals hold transcripts and keys: never show them.
_frames = ExceptionDictTransformer(show_locals=False, max_frames=20)


def _traceback(exc_info: Any) -> list[dict[str, Any]]:
    """What went wrong and where; the text of a validation error quotes the bad value, so it is left out."""
    shown = _frames(exc_info)
    for one in shown:
        if one["exc_type"] == "ValidationError":
            one["exc_value"] = ""
    return shown


_exceptions = structlog.processors.ExceptionRenderer(_traceback)


def _trace(_logger: Any, _method: str, fields: Fields) -> Fields:
    """Where in which trace this happened, named as OpenTelemetry names it in logs."""
    context = get_current_span().get_span_context()
    if context.is_valid:
        fields["trace_id"], fields["span_id"] = f"{context.trace_id:032x}", f"{context.span_id:016x}"
    return fields


def _error_type(_logger: Any, _method: str, fields: Fields) -> Fields:
    """The kind of what went wrong: a reason code where we have one, else the exception's class."""
    if shown := fields.get("exception"):
        fields.setdefault("error.type", shown[0]["exc_type"])
    return fields


def _shape(_logger: Any, _method: str, fields: Fields) -> Fields:
    """Spell the fields the way our dashboards read them."""
    fields["message"] = fields.pop("event", "")
    fields["level"] = str(fields.get("level", "info")).upper()
    names = (fields.pop("logger", None), fields.pop("logger_name", None))
    fields["name"] = next(filter(None, names), "callstream")
    return fields


def _timestamp(_logger: Any, _method: str, fields: Fields) -> Fields:
    return structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%S.%f+00:00", utc=True)(
        _logger, _method, fields
    )


def _dumps(fields: Any, **_: Any) -> bytes:
    return orjson.dumps(fields, default=str)


_SHARED: tuple[Any, ...] = (
    merge_contextvars,
    structlog.processors.add_log_level,
    _timestamp,
    _trace,
    _exceptions,
    _error_type,
)


def set_up(service: str, level: str = "INFO") -> None:
    """Send everything this process logs to standard output, as JSON lines of *service* in its version."""
    threshold = logging.getLevelNamesMapping()[level]
    stamp = _service(service)
    structlog.configure(
        processors=[*_SHARED, stamp, _shape, structlog.processors.JSONRenderer(serializer=_dumps)],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.BytesLoggerFactory(sys.stdout.buffer),
    )
    logging.root.handlers = [_bridge(stamp)]
    logging.root.setLevel(threshold)
    _quieten()


def _service(service: str) -> Any:
    version = version_of(service)

    def stamp(_logger: Any, _method: str, fields: Fields) -> Fields:
        fields["service"], fields["version"] = service, version
        return fields

    return stamp


def _bridge(stamp: Any) -> logging.Handler:
    """Libraries log through the standard library: the same fields, the same stream."""
    handler = logging.StreamHandler(sys.stdout)
    renderer = structlog.processors.JSONRenderer(serializer=lambda fields, **_: _dumps(fields).decode())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(allow=["queue", "message_id"]),
                *_SHARED,
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, stamp, _shape, renderer],
        )
    )
    return handler


def _quieten() -> None:
    for noisy in ("uvicorn", "uvicorn.error", "uvicorn.access", "faststream"):
        logger = logging.getLogger(noisy)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    for chatty in (
        "botocore",
        "aiobotocore",
        "httpx2",
        "httpcore",
        "openai",
        "opensearch",
        "pymongo",
        "urllib3",
    ):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def get_logger(name: str) -> FilteringBoundLogger:
    """A logger of ours; its event is a stable dotted name such as ``message.processed``."""
    return cast("FilteringBoundLogger", structlog.get_logger(logger_name=name))


@contextmanager
def about(**fields: Any) -> Iterator[None]:
    """Every line logged inside carries these fields."""
    with bound_contextvars(**{name: value for name, value in fields.items() if value is not None}):
        yield
