"""Does a change to an event break whoever still speaks the committed version of it?"""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_BOUNDS = {"minimum": 1, "exclusiveMinimum": 1, "minLength": 1, "minItems": 1}
_LIMITS = {"maximum": -1, "exclusiveMaximum": -1, "maxLength": -1, "maxItems": -1}
_TIGHTER_WHEN = _BOUNDS | _LIMITS  # the sign of the change that narrows


def breaks(committed: Schema, current: Schema) -> list[str]:
    """Every way in which *current* refuses, or no longer says, what *committed* allowed."""
    return list(_compared(committed, current, committed, current, "event"))


def _compared(old: Schema, new: Schema, old_root: Schema, new_root: Schema, at: str) -> Iterator[str]:
    old, new = _resolved(old, old_root), _resolved(new, new_root)
    yield from _choices(old, new, old_root, new_root, at)
    yield from _narrowed(old, new, at)
    yield from _newly_required(old, new, at)
    for part in ("items", "additionalProperties"):
        if isinstance(old.get(part), Mapping) and isinstance(new.get(part), Mapping):
            yield from _compared(old[part], new[part], old_root, new_root, f"{at}[]")
    for name, known in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            yield f"{at}.{name} was removed or renamed"
        else:
            yield from _compared(known, new["properties"][name], old_root, new_root, f"{at}.{name}")


def _choices(old: Schema, new: Schema, old_root: Schema, new_root: Schema, at: str) -> Iterator[str]:
    """Each alternative of the old must be allowed by some alternative of the new."""
    if "anyOf" not in old and "anyOf" not in new:
        return
    alternatives = new.get("anyOf", [new])
    for number, choice in enumerate(old.get("anyOf", [old])):
        found = (list(_compared(choice, other, old_root, new_root, at)) for other in alternatives)
        if all(found):
            what = choice.get("type") or choice.get("$ref", str(number)).rsplit("/", 1)[-1]
            yield f"{at} no longer allows {what}"


def _narrowed(old: Schema, new: Schema, at: str) -> Iterator[str]:
    if "anyOf" in old or "anyOf" in new:
        return
    wider = {"integer"} if "number" in _types(new) else set()  # an integer is a number too
    if missing := _types(old) - _types(new) - wider:
        yield f"{at} is no longer of type {', '.join(sorted(missing))}"
    if (values := _values(new)) is not None and not (_values(old) or {object()}) <= values:
        yield f"{at} takes fewer values"
    if new.get("pattern") not in {None, old.get("pattern")}:
        yield f"{at} has another pattern"
    narrower = (bound for bound, sign in _TIGHTER_WHEN.items() if _tighter(old, new, bound, sign))
    yield from (f"{at} has a narrower {bound}" for bound in narrower)


def _tighter(old: Schema, new: Schema, bound: str, sign: int) -> bool:
    return bound in new and (bound not in old or (new[bound] - old[bound]) * sign > 0)


def _newly_required(old: Schema, new: Schema, at: str) -> Iterator[str]:
    for name in sorted(set(new.get("required", [])) - set(old.get("required", []))):
        yield f"{at}.{name} is now required"


def _types(schema: Schema) -> set[str]:
    named = schema.get("type", [])
    return {named} if isinstance(named, str) else set(named)


def _values(schema: Schema) -> set[Any] | None:
    """The values that are allowed, if they are listed."""
    if "const" in schema:
        return {schema["const"]}
    return set(schema["enum"]) if "enum" in schema else None


def _resolved(schema: Schema, root: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].removeprefix("#/$defs/")
    resolved: Schema = root["$defs"][name]
    return resolved
