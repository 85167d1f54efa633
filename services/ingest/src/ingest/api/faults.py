"""What is wrong with a field of a request, in words for whoever sent it."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from ingest.api.moments import DAY, MOMENT
from ingest.api.names import meant

_OF_MOMENTS: Final = ("datetime_", "timezone_")
_OF_DAYS: Final = "date_"


def faults(
    errors: Iterable[Mapping[str, Any]], known: Collection[str] = (), within: tuple[str, ...] = ()
) -> list[dict[str, str]]:
    """As problems have them, of pydantic's *errors*; *known* are the names that the body may hold."""
    return [
        {"field": ".".join(map(str, (*within, *each["loc"]))), "message": _said(each, known)}
        for each in errors
    ]


def _said(error: Mapping[str, Any], known: Collection[str]) -> str:
    kind: str = error["type"]
    if kind == "extra_forbidden":
        place = error["loc"][1:]
        return meant(str(place[-1]), known if len(place) == 1 else ())
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind.startswith(_OF_MOMENTS):
        return MOMENT
    return DAY if kind.startswith(_OF_DAYS) else str(error["msg"])
