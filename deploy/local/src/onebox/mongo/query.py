"""Filters and sort orders, compiled into functions of a document."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bson import Regex

from onebox.mongo.errors import Refused, not_offered
from onebox.mongo.values import (
    MISSING,
    NULL_KEY,
    Document,
    Key,
    copied,
    expanded,
    order,
    reached,
    type_name,
)

Matcher = Callable[[Any], bool]
Condition = Callable[[Sequence[Any]], bool]
"""What a filter says of one field: takes the values its path reaches."""

_ELSEWHERE = {"$expr", "$text", "$where", "$jsonSchema", "$geoWithin", "$near", "$bitsAllSet", "$bitsAnySet"}
_EMPTY_ARRAY_KEY: Key = (0.5,)  # sorts before null, as an empty array does


def matcher(query: Any) -> Matcher:
    """Compile a filter; raises Refused for anything it does not know."""
    if not isinstance(query, dict):
        raise Refused("TypeMismatch", f"a filter must be a document, not {type_name(query)}")
    clauses = [_clause(name, wanted) for name, wanted in query.items()]
    return lambda document: all(clause(document) for clause in clauses)


def condition(wanted: Any) -> Condition:
    """Compile what is wanted of one field: a value, a regular expression or operators."""
    if isinstance(wanted, Regex):
        return _matches_pattern(wanted)
    if not is_operators(wanted):
        return _equals(wanted)
    if "$options" in wanted and "$regex" not in wanted:
        raise Refused("BadValue", "$options needs a $regex")
    tests = [_operator(name, wanted) for name in wanted if name != "$options"]
    return lambda values: all(test(values) for test in tests)


def is_operators(wanted: Any) -> bool:
    """Whether this is `{"$gt": 1}` rather than a value to be equal to."""
    return isinstance(wanted, dict) and next(iter(wanted), "").startswith("$")


def equalities(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that the filter pins to one value: what an upsert starts its document with."""
    pinned: dict[str, Any] = {}
    for name, wanted in query.items():
        if name == "$and":
            for part in wanted:
                pinned |= equalities(part)
        elif not name.startswith("$"):
            pinned |= _pinned(name, wanted)
    return copied(pinned)  # type: ignore[no-any-return]  # the copy of a dict is one


def position(query: Mapping[str, Any], path: str, items: list[Any]) -> int | None:
    """Return the index of the first array item that the filter matched: the `$` of an update path."""
    found = None
    for name, wanted in query.items():
        if name == "$and":
            found = next((at for part in wanted if (at := position(part, path, items)) is not None), found)
        elif (test := _item_test(name, wanted, path)) is not None:
            found = next((at for at, item in enumerate(items) if test(item)), found)
    return found


def sorter(keys: Mapping[str, Any]) -> list[tuple[Callable[[Document], Key], bool]]:
    """Compile a sort order into (key function, descending) pairs, least significant first."""
    steps = []
    for path, direction in reversed(list(keys.items())):
        if isinstance(direction, bool) or direction not in {1, -1}:
            raise not_offered(f"the sort direction {direction!r}")
        steps.append((_sort_key(path.split("."), descending=direction < 0), direction < 0))
    return steps


def _sort_key(path: Sequence[str], *, descending: bool) -> Callable[[Document], Key]:
    best = max if descending else min

    def key(document: Document) -> Key:
        found = [key for value in reached(document, path) for key in _sort_candidates(value)]
        return best(found, default=NULL_KEY)

    return key


def _sort_candidates(value: Any) -> list[Key]:
    if isinstance(value, list):
        return [order(item) for item in value] or [_EMPTY_ARRAY_KEY]
    return [order(value)]


def _clause(name: str, wanted: Any) -> Matcher:
    if name in _COMBINED:
        return _combination(name, wanted)
    if name == "$comment":
        return lambda _: True
    if name in _ELSEWHERE:
        raise not_offered(f"the query operator {name}")
    if name.startswith("$"):
        raise Refused("BadValue", f"unknown top level operator: {name}")
    test, path = condition(wanted), name.split(".")
    return lambda document: test(list(reached(document, path)))


def _combination(name: str, parts: Any) -> Matcher:
    if not isinstance(parts, list) or not parts:
        raise Refused("BadValue", f"{name} must be a nonempty array")
    matchers = [matcher(part) for part in parts]
    combine = _COMBINED[name]
    return lambda document: combine(part(document) for part in matchers)


_COMBINED: dict[str, Callable[[Any], bool]] = {"$and": all, "$or": any, "$nor": lambda tests: not any(tests)}


def _operator(name: str, wanted: Mapping[str, Any]) -> Condition:
    if name == "$regex":
        return _matches_pattern(_pattern(wanted))
    if name in _ELSEWHERE:
        raise not_offered(f"the query operator {name}")
    if name not in _OPERATORS:
        raise Refused("BadValue", f"unknown operator: {name}")
    return _OPERATORS[name](wanted[name])


def _equals(wanted: Any) -> Condition:
    key = order(wanted)
    if key == NULL_KEY:
        return lambda values: any(value is None or value is MISSING for value in expanded(values))
    return lambda values: any(order(value) == key for value in expanded(values) if value is not MISSING)


def _one_of(wanted: Any) -> Condition:
    if not isinstance(wanted, list):
        raise Refused("BadValue", "$in needs an array")
    tests = [_matches_pattern(item) if isinstance(item, Regex) else None for item in wanted]
    keys = {order(item) for item in wanted if not isinstance(item, Regex)}
    patterns = [test for test in tests if test]
    return lambda values: (
        any(order(value) in keys for value in expanded(values)) or any(test(values) for test in patterns)
    )


def _compares(holds: Callable[[Key, Key], bool]) -> Callable[[Any], Condition]:
    """Compare within one type only; the other types of a field never match a range."""

    def build(wanted: Any) -> Condition:
        bound = order(wanted)

        def test(values: Sequence[Any]) -> bool:
            keys = (order(value) for value in expanded(values))
            return any(key[0] == bound[0] and holds(key, bound) for key in keys)

        return test

    return build


def _negated(build: Callable[[Any], Condition]) -> Callable[[Any], Condition]:
    def negate(wanted: Any) -> Condition:
        test = build(wanted)
        return lambda values: not test(values)

    return negate


def _exists(wanted: Any) -> Condition:
    return lambda values: bool(wanted) == any(value is not MISSING for value in values)


def _has_size(wanted: Any) -> Condition:
    if not isinstance(wanted, int) or isinstance(wanted, bool):
        raise Refused("BadValue", "$size needs a number")
    return lambda values: any(isinstance(value, list) and len(value) == wanted for value in values)


def _contains_all(wanted: Any) -> Condition:
    if not isinstance(wanted, list):
        raise Refused("BadValue", "$all needs an array")
    tests = [condition(item) for item in wanted]
    return lambda values: bool(tests) and all(test(values) for test in tests)


def _has_item(wanted: Any) -> Condition:
    if not isinstance(wanted, dict):
        raise Refused("BadValue", "$elemMatch needs an Object")
    test = item_matcher(wanted)
    return lambda values: any(
        isinstance(value, list) and any(test(item) for item in value) for value in values
    )


def item_matcher(wanted: Any) -> Matcher:
    """Compile a condition on one array item: operators, a filter on its fields, or a value."""
    if is_operators(wanted) and next(iter(wanted)) not in _COMBINED:
        test = condition(wanted)
        return lambda item: test([item])
    if isinstance(wanted, dict):
        fields = matcher(wanted)
        return lambda item: isinstance(item, dict) and fields(item)
    return lambda item: condition(wanted)([item])


def _is_type(wanted: Any) -> Condition:
    names = {str(name) for name in (wanted if isinstance(wanted, list) else [wanted])}
    if unknown := names - _KNOWN_TYPES:
        raise Refused("BadValue", f"unknown type name alias: {', '.join(sorted(unknown))}")
    if "number" in names:
        names |= {"int", "long", "double", "decimal"}
    return lambda values: any(type_name(value) in names for value in expanded(values))


_KNOWN_TYPES = {
    *("number", "int", "long", "double", "decimal", "string", "object", "array", "binData", "objectId"),
    *("bool", "date", "timestamp", "regex", "null", "minKey", "maxKey"),
}


def _remainder(wanted: Any) -> Condition:
    if not isinstance(wanted, list) or len(wanted) != 2:  # noqa: PLR2004 - divisor and remainder
        raise Refused("BadValue", "malformed mod, needs to be an array of two numbers")
    divisor, rest = wanted
    return lambda values: any(
        type_name(value) in {"int", "long", "double"} and int(value) % divisor == rest
        for value in expanded(values)
    )


_OPERATORS: dict[str, Callable[[Any], Condition]] = {
    "$eq": _equals,
    "$ne": _negated(_equals),
    "$in": _one_of,
    "$nin": _negated(_one_of),
    "$gt": _compares(lambda key, bound: key > bound),
    "$gte": _compares(lambda key, bound: key >= bound),
    "$lt": _compares(lambda key, bound: key < bound),
    "$lte": _compares(lambda key, bound: key <= bound),
    "$exists": _exists,
    "$size": _has_size,
    "$all": _contains_all,
    "$elemMatch": _has_item,
    "$type": _is_type,
    "$mod": _remainder,
    "$not": _negated(condition),
}


def _pattern(wanted: Mapping[str, Any]) -> Regex[str]:
    given, options = wanted["$regex"], wanted.get("$options", "")
    if isinstance(given, Regex):
        return Regex(given.pattern, options or given.flags)
    if not isinstance(given, str) or not set(options) <= set("imsx"):
        raise Refused("BadValue", "$regex has to be a string with the options i, m, s, x")
    return Regex(given, options)


def _matches_pattern(pattern: Regex[Any]) -> Condition:
    try:
        compiled = pattern.try_compile()
    except re.error as error:
        raise Refused("BadValue", f"Regular expression is invalid: {error}") from error
    return lambda values: any(
        isinstance(value, str) and compiled.search(value) is not None for value in expanded(values)
    )


def _pinned(name: str, wanted: Any) -> dict[str, Any]:
    if isinstance(wanted, Regex):
        return {}
    if not is_operators(wanted):
        return {name: wanted}
    if "$eq" in wanted:
        return {name: wanted["$eq"]}
    if len(wanted.get("$in", ())) == 1:
        return {name: wanted["$in"][0]}
    return {}


def _item_test(name: str, wanted: Any, path: str) -> Matcher | None:
    if name.startswith(f"{path}."):
        return matcher({name.removeprefix(f"{path}."): wanted})
    if name != path:
        return None
    if is_operators(wanted) and "$elemMatch" in wanted:
        return item_matcher(wanted["$elemMatch"])
    test = condition(wanted)
    return lambda item: test([item])
