"""BSON values: how they compare, how a dotted path reaches them, and what MongoDB calls their types."""

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from bson import Binary, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

from onebox.mongo.errors import not_offered

Document = dict[str, Any]
Key = tuple[Any, ...]


class Missing:
    """The type of MISSING, the value of a field that is not there."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()
NULL_KEY: Final[Key] = (1,)
NUMBER_RANK, STRING_RANK, ARRAY_RANK = 2, 3, 5


def order(value: Any) -> Key:
    """Return a hashable key that sorts as MongoDB sorts values and is equal exactly when they are.

    The first item is the rank of the type; numbers of all types share one.
    """
    key = _KEYS.get(type(value))
    if key is None:
        raise not_offered(f"BSON values of the type {type(value).__name__}")
    return key(value)


def equal(one: Any, other: Any) -> bool:
    """Whether MongoDB takes the two for the same value: 1 is 1.0, but not True."""
    return order(one) == order(other)


def copied(value: Any) -> Any:
    """Copy containers all the way down; other BSON values never change."""
    if isinstance(value, dict):
        return {name: copied(item) for name, item in value.items()}
    if isinstance(value, list):
        return [copied(item) for item in value]
    return value


def reached(node: Any, path: Sequence[str]) -> Iterator[Any]:
    """Yield every value that the path leads to, through arrays too; MISSING where it breaks off."""
    if not path:
        yield node
    elif isinstance(node, dict):
        yield from reached(node[path[0]], path[1:]) if path[0] in node else (MISSING,)
    elif isinstance(node, list):
        yield from _reached_in_array(node, path)
    else:
        yield MISSING


def _reached_in_array(items: list[Any], path: Sequence[str]) -> Iterator[Any]:
    if path[0].isdecimal() and int(path[0]) < len(items):
        yield from reached(items[int(path[0])], path[1:])
    for item in items:
        if isinstance(item, dict):
            yield from reached(item, path)


def expanded(values: Sequence[Any]) -> Iterator[Any]:
    """Yield each value and, of an array, each item as well: a condition on a field holds for either."""
    for value in values:
        yield value
        if isinstance(value, list):
            yield from value


def type_name(value: Any) -> str:
    """Return MongoDB's alias of the value's type, as `$type` and error messages use it."""
    if type(value) is int:
        return "int" if -(2**31) <= value < 2**31 else "long"
    return _TYPE_NAMES[type(value)]


def _number(value: float) -> Key:
    return (NUMBER_RANK, 0, 0) if math.isnan(value) else (NUMBER_RANK, 1, value)


def _decimal(value: Decimal128) -> Key:
    number = value.to_decimal()
    return (NUMBER_RANK, 0, 0) if number.is_nan() else (NUMBER_RANK, 1, number)


def _embedded(value: Document) -> Key:
    return (4, tuple((order(item)[0], name, order(item)) for name, item in value.items()))


_KEYS: dict[type, Callable[[Any], Key]] = {
    MinKey: lambda _: (0,),
    type(None): lambda _: NULL_KEY,
    Missing: lambda _: NULL_KEY,
    int: lambda value: (NUMBER_RANK, 1, value),
    Int64: lambda value: (NUMBER_RANK, 1, int(value)),
    float: _number,
    Decimal128: _decimal,
    str: lambda value: (STRING_RANK, value),
    dict: _embedded,
    list: lambda value: (ARRAY_RANK, tuple(order(item) for item in value)),
    bytes: lambda value: (6, len(value), 0, value),
    Binary: lambda value: (6, len(value), value.subtype, bytes(value)),
    ObjectId: lambda value: (7, value.binary),
    bool: lambda value: (8, value),
    datetime: lambda value: (9, value),
    Timestamp: lambda value: (10, value.time, value.inc),
    Regex: lambda value: (11, value.pattern, value.flags),
    MaxKey: lambda _: (99,),
}

_TYPE_NAMES: dict[type, str] = {
    MinKey: "minKey",
    type(None): "null",
    Missing: "missing",
    Int64: "long",
    float: "double",
    Decimal128: "decimal",
    str: "string",
    dict: "object",
    list: "array",
    bytes: "binData",
    Binary: "binData",
    ObjectId: "objectId",
    bool: "bool",
    datetime: "date",
    Timestamp: "timestamp",
    Regex: "regex",
    MaxKey: "maxKey",
}
