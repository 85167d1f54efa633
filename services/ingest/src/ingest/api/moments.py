"""Instants and days as requests name them; what is neither is told how to be written."""

import re
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Final

from common.instants import within
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, WithJsonSchema

MOMENT: Final = (
    "is no time: send one with its zone, such as 2026-11-01T09:30:00Z, or a day such as 2026-11-01, which"
    " begins at midnight UTC"
)
DAY: Final = "is no day: send one such as 2026-11-01"

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def _begun(value: Any) -> Any:
    """A day is the instant at which it begins; a bare number, which pydantic takes for one, is none."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        return f"{value}T00:00:00Z"
    if isinstance(value, datetime) or (isinstance(value, str) and _DAY.match(value)):
        return value
    raise ValueError(MOMENT)


def _written(value: Any) -> Any:
    if isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise ValueError(DAY)


def _ours(day: date) -> date:
    within(datetime.combine(day, time(), UTC))
    return day


Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_begun),
    AfterValidator(within),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]}
    ),
]
"""An instant with a zone, or a day, which stands for its midnight in UTC."""

Day = Annotated[date, BeforeValidator(_written), AfterValidator(_ours)]
"""A day and nothing else."""
