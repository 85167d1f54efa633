"""Aggregation expressions, compiled into functions of a document."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from onebox.mongo.errors import Refused, not_offered
from onebox.mongo.values import MISSING, Document, Key, equal, order

Expression = Callable[[Document], Any]
"""Returns the value of the expression, MISSING where a path leads nowhere."""


def expression(given: Any) -> Expression:
    """Compile an expression; raises Refused for an operator it does not know."""
    if isinstance(given, str) and given.startswith("$"):
        return _path(given)
    if isinstance(given, list):
        items = [expression(item) for item in given]
        return lambda document: [_or_null(item(document)) for item in items]
    if not isinstance(given, dict):
        return lambda _: given
    name = next(iter(given), "")
    return _operation(name, given) if name.startswith("$") else _document(given)


def _operation(name: str, given: Mapping[str, Any]) -> Expression:
    if len(given) != 1:
        raise Refused("FailedToParse", "an expression object has exactly one operator")
    if name == "$literal":
        return lambda _: given[name]
    if name in _SPECIAL:
        return _SPECIAL[name](given[name])
    if name not in _FUNCTIONS:
        raise not_offered(f"the aggregation expression {name}")
    function, argument = _FUNCTIONS[name], given[name]
    arguments = [expression(each) for each in (argument if isinstance(argument, list) else [argument])]
    return lambda document: function(*(each(document) for each in arguments))


def _path(given: str) -> Expression:
    if given.startswith("$$ROOT"):
        names = given.split(".")[1:]
    elif given.startswith("$$"):
        raise not_offered(f"the aggregation variable {given}")
    else:
        names = given[1:].split(".")
    return lambda document: _walked(document, names)


def _walked(node: Any, names: list[str]) -> Any:
    """Follow a path as expressions do: an array on the way gives the array of what its items hold."""
    if not names:
        return node
    if isinstance(node, dict):
        return _walked(node[names[0]], names[1:]) if names[0] in node else MISSING
    if isinstance(node, list):
        return [value for item in node if (value := _walked(item, names)) is not MISSING]
    return MISSING


def _document(given: Mapping[str, Any]) -> Expression:
    fields = {name: expression(value) for name, value in given.items()}

    def build(document: Document) -> Document:
        values = {name: value(document) for name, value in fields.items()}
        return {name: value for name, value in values.items() if value is not MISSING}

    return build


def is_true(value: Any) -> bool:
    """What MongoDB takes for true: anything but false, null, missing and zero."""
    return value is not None and value is not MISSING and not equal(value, 0) and value is not False


def _or_null(value: Any) -> Any:
    return None if value is MISSING else value


def _compare(holds: Callable[[Key, Key], bool]) -> Callable[[Any, Any], bool]:
    """Missing sorts before null."""

    def rank(value: Any) -> Key:
        return (0.5,) if value is MISSING else order(value)

    return lambda one, other: holds(rank(one), rank(other))


def _arithmetic(combine: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def operate(first: Any, *others: Any) -> Any:
        result = first
        for value in others:
            if _or_null(result) is None or _or_null(value) is None:
                return None
            result = combine(result, value)
        return _or_null(result)

    return operate


def _plus(one: Any, other: Any) -> Any:
    """Numbers add; a date and a number of milliseconds give a date."""
    if isinstance(one, datetime):
        return one + timedelta(milliseconds=other)
    return other + timedelta(milliseconds=one) if isinstance(other, datetime) else one + other


def _minus(one: Any, other: Any) -> Any:
    if not isinstance(one, datetime):
        return one - other
    if isinstance(other, datetime):
        return (one - other) // timedelta(milliseconds=1)
    return one - timedelta(milliseconds=other)


def _divided(one: Any, other: Any) -> float:
    if other == 0:
        raise Refused("BadValue", "can't $divide by zero")
    return float(one / other)


def _if_null(*values: Any) -> Any:
    return next((value for value in values if _or_null(value) is not None), values[-1])


def _size(value: Any) -> int:
    if not isinstance(value, list):
        raise Refused("BadValue", "The argument to $size must be an array")
    return len(value)


def _item_at(items: Any, at: int) -> Any:
    if not isinstance(items, list):
        return None
    return items[at] if -len(items) <= at < len(items) else MISSING


def _concatenated(*parts: Any) -> str | None:
    return None if any(_or_null(part) is None for part in parts) else "".join(parts)


def _cased(change: Callable[[str], str]) -> Callable[[Any], str]:
    return lambda value: change(_or_null(value) or "")


def _condition(given: Any) -> Expression:
    parts = [given["if"], given["then"], given["else"]] if isinstance(given, dict) else given
    test, then, otherwise = (expression(part) for part in parts)
    return lambda document: then(document) if is_true(test(document)) else otherwise(document)


_UNITS = ("year", "month", "day", "hour", "minute", "second")
_SMALLEST = {"month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0}


def _truncated(given: Mapping[str, Any]) -> Expression:
    unit = given.get("unit")
    if set(given) != {"date", "unit"} or unit not in _UNITS:
        raise not_offered(f"$dateTrunc with {sorted(given)} and the unit {unit!r}")
    below = _UNITS[_UNITS.index(unit) + 1 :]
    reset: dict[str, Any] = {name: _SMALLEST[name] for name in below}
    date = expression(given["date"])

    def cut(document: Document) -> datetime | None:
        value = _or_null(date(document))
        return None if value is None else value.replace(**reset, microsecond=0)

    return cut


def _date_text(given: Mapping[str, Any]) -> Expression:
    pattern = given.get("format", "%Y-%m-%dT%H:%M:%S.%LZ")
    if not set(given) <= {"date", "format"} or not _known_format(pattern):
        raise not_offered(f"$dateToString with {sorted(given)} and the format {pattern!r}")
    date = expression(given["date"])

    def write(document: Document) -> str | None:
        value = _or_null(date(document))
        if value is None:
            return None
        return str(value.strftime(pattern.replace("%L", f"{value.microsecond // 1000:03d}")))

    return write


def _known_format(pattern: str) -> bool:
    return all(pattern[at + 1 : at + 2] in set("YmdHMSL") for at, sign in enumerate(pattern) if sign == "%")


_SPECIAL: dict[str, Callable[[Any], Expression]] = {
    "$cond": _condition,
    "$dateTrunc": _truncated,
    "$dateToString": _date_text,
}

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "$eq": _compare(lambda one, other: one == other),
    "$ne": _compare(lambda one, other: one != other),
    "$gt": _compare(lambda one, other: one > other),
    "$gte": _compare(lambda one, other: one >= other),
    "$lt": _compare(lambda one, other: one < other),
    "$lte": _compare(lambda one, other: one <= other),
    "$and": lambda *values: all(is_true(value) for value in values),
    "$or": lambda *values: any(is_true(value) for value in values),
    "$not": lambda value: not is_true(value),
    "$in": lambda value, items: any(equal(value, item) for item in items),
    "$add": _arithmetic(_plus),
    "$subtract": _arithmetic(_minus),
    "$multiply": _arithmetic(lambda one, other: one * other),
    "$divide": _arithmetic(_divided),
    "$ifNull": _if_null,
    "$size": _size,
    "$arrayElemAt": _item_at,
    "$first": lambda items: _item_at(items, 0),
    "$last": lambda items: _item_at(items, -1),
    "$concat": _concatenated,
    "$toLower": _cased(str.lower),
    "$toUpper": _cased(str.upper),
    "$isArray": lambda value: isinstance(value, list),
}
