"""Does a change to a JSON schema break whoever still speaks the version before?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]

_BOUNDS = {"minimum": 1, "exclusiveMinimum": 1, "minLength": 1, "minItems": 1}
_LIMITS = {"maximum": -1, "exclusiveMaximum": -1, "maxLength": -1, "maxItems": -1}
_TIGHTER_WHEN = _BOUNDS | _LIMITS  # the sign of the change that narrows


def breaks(committed: Schema, current: Schema) -> list[str]:
    """Every way in which *current* refuses, or no longer says, what *committed* allowed."""
    return list(Comparison(committed, current).of(committed, current, "event"))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Of an old schema's parts with a new one's; their ``$ref`` lead from the two roots.

    ``names_stay``: a property that the new one does not have is a break, not something it ignores.
    """

    old_root: Schema
    new_root: Schema
    names_stay: bool = True

    def of(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        """Every way in which *new* refuses what *old* allowed."""
        old, new = _resolved(old, self.old_root), _resolved(new, self.new_root)
        yield from self._choices(old, new, at)
        yield from _narrowed(old, new, at)
        yield from _newly_required(old, new, at)
        for part in ("items", "additionalProperties"):
            if isinstance(old.get(part), Mapping) and isinstance(new.get(part), Mapping):
                yield from self.of(old[part], new[part], f"{at}[]")
        yield from self._properties(old.get("properties", {}), new.get("properties", {}), at)

    def _properties(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        for name, known in old.items():
            if name in new:
                yield from self.of(known, new[name], f"{at}.{name}")
            elif self.names_stay:
                yield f"{at}.{name} was removed or renamed"

    def _choices(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        """Each alternative of the old must be allowed by some alternative of the new."""
        if "anyOf" not in old and "anyOf" not in new:
            return
        alternatives = new.get("anyOf", [new])
        for number, choice in enumerate(old.get("anyOf", [old])):
            if all(list(self.of(choice, other, at)) for other in alternatives):
                what = choice.get("type") or choice.get("$ref", str(number)).rsplit("/", 1)[-1]
                yield f"{at} no longer allows {what}"


def _narrowed(old: Schema, new: Schema, at: str) -> Iterator[str]:
    if "anyOf" in old or "anyOf" in new:
        return
    wider = {"integer"} if "number" in _types(new) else set()  # an integer is a number too
    if _types(new) and (missing := _types(old) - _types(new) - wider):
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
    """What a local ``$ref`` leads to, or the schema itself."""
    if "$ref" not in schema:
        return schema
    found: Any = root
    for name in schema["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return _resolved(found, root)
