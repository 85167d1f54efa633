"""What a field makes of a JSON value: the typed values it is searched, sorted and counted by."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from onebox.search.errors import Refused, illegal

Value = str | int | float | bool
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INTEGER_BITS = {"integer": 31, "long": 63, "short": 15, "byte": 7}


def parsed(kind: str, value: Any) -> Value:
    """Return the value as a field of this kind keeps it; dates as milliseconds since 1970, UTC.

    Raises Refused with OpenSearch's reason.
    """
    return _PARSERS[kind](value, kind)


def date_text(millis: float) -> str:
    """Write a date as OpenSearch does."""
    return (EPOCH + timedelta(milliseconds=millis)).strftime(
        "%Y-%m-%dT%H:%M:%S."
    ) + f"{int(millis) % 1000:03d}Z"


def _text(value: Any, kind: str) -> str:
    if isinstance(value, dict | list):
        raise illegal(f"unknown value of the type {type(value).__name__} for a {kind} field")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _integer(value: Any, kind: str) -> int:
    number = math.trunc(_number(value, kind))
    if not -(1 << _INTEGER_BITS[kind]) <= number < 1 << _INTEGER_BITS[kind]:
        raise illegal(f"Value [{value}] is out of range for {kind}")
    return number


def _number(value: Any, kind: str) -> float:
    if isinstance(value, bool | dict | list):
        raise illegal(f"{kind} cannot be read from {type(value).__name__}")
    try:
        number = float(value) if isinstance(value, str) and not value.lstrip("-").isdecimal() else value
        number = int(number) if isinstance(number, str) else number
    except ValueError as error:
        raise Refused(400, "number_format_exception", f'For input string: "{value}"') from error
    if not math.isfinite(number):
        raise illegal(f"[{kind}] supports only finite values, but got [{value}]")
    return number


def _boolean(value: Any, _: str) -> bool:
    known = {True: True, False: False, "true": True, "false": False, "": False}
    if isinstance(value, bool | str) and value in known:
        return known[value]
    raise illegal(f"Failed to parse value [{value}] as only [true] or [false] are allowed.")


def _date(value: Any, _: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        date = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        reason = f"failed to parse date field [{value}] with format [strict_date_optional_time||epoch_millis]"
        raise illegal(reason) from error
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return (date - EPOCH) // timedelta(milliseconds=1)


_PARSERS: dict[str, Callable[[Any, str], Value]] = {
    "text": _text,
    "keyword": _text,
    "date": _date,
    "boolean": _boolean,
    **dict.fromkeys(_INTEGER_BITS, _integer),
    **dict.fromkeys(("float", "double", "half_float"), _number),
}
