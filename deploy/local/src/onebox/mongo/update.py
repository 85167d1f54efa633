"""Update documents: what a `$set`, a `$push` or a replacement makes of a document."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from bson import Decimal128, Int64

from onebox.mongo.errors import Refused, not_offered
from onebox.mongo.paths import Places, Slot, array_filters
from onebox.mongo.query import Matcher, is_operators, item_matcher, sorter
from onebox.mongo.values import MISSING, Document, copied, equal, order, type_name

_INT64_LIMIT = 2**63


@dataclass(frozen=True, slots=True)
class Update:
    """An update or replacement, with all that decides what it does."""

    change: Any
    query: Mapping[str, Any]
    array_filters: Sequence[Mapping[str, Any]] = ()

    @property
    def replaces(self) -> bool:
        """Whether this is a whole new document."""
        return not next(iter(self.change), "").startswith("$")

    def applied(self, document: Document, now: datetime, *, inserting: bool = False) -> Document:
        """Return the changed copy; raises Refused, and then nothing has changed."""
        if isinstance(self.change, list):
            raise not_offered("updates by an aggregation pipeline")
        changed = self._replaced(document) if self.replaces else self._operated(document, now, inserting)
        if "_id" in document and not equal(document["_id"], changed.get("_id", MISSING)):
            raise Refused("ImmutableField", "the (immutable) field '_id' was found to have been altered")
        return changed

    def _replaced(self, document: Document) -> Document:
        kept = {"_id": document["_id"]} if "_id" in document else {}
        return {**kept, **copied(self.change)}

    def _operated(self, document: Document, now: datetime, inserting: bool) -> Document:  # noqa: FBT001 - handed down
        _refuse_conflicts(self.change)
        places = Places(self.query, array_filters(self.array_filters))
        changed: Document = copied(document)
        for name, fields in self.change.items():
            if name == "$setOnInsert" and not inserting:
                continue
            for path, argument in fields.items():
                _operate(name, places, changed, path, now if name == "$currentDate" else argument)
        return changed


def _refuse_conflicts(change: Mapping[str, Any]) -> None:
    paths: list[str] = []
    for name, fields in change.items():
        _refuse_malformed(name, fields)
        paths += fields
        paths += fields.values() if name == "$rename" else []
    paths.sort(key=lambda path: path.split("."))
    for one, other in pairwise(paths):
        if other == one or other.startswith(f"{one}."):
            message = f"Updating the path '{other}' would create a conflict at '{one}'"
            raise Refused("ConflictingUpdateOperators", message)


def _refuse_malformed(name: str, fields: Any) -> None:
    if name not in _OPERATORS:
        raise Refused("FailedToParse", f"Unknown modifier: {name}")
    if not isinstance(fields, dict):
        raise Refused("FailedToParse", f"Modifiers operate on fields but {name} was given no document")
    if name == "$currentDate" and any(kind not in (True, {"$type": "date"}) for kind in fields.values()):
        raise not_offered("$currentDate of another type than date")


def _operate(name: str, places: Places, document: Document, path: str, argument: Any) -> None:
    if not path or path.startswith("$") or ".." in f".{path}.":
        raise Refused("BadValue", f"'{path}' is not a path that can be updated")
    if name == "$rename":
        _rename(places, document, path, argument)
        return
    for slot in _listed(places.slots(document, path, create=name not in _NEVER_CREATE)):
        _OPERATORS[name](slot, argument)


def _listed(slots: Iterator[Slot]) -> list[Slot]:
    """Find all slots before the first is written: writing changes where paths lead."""
    return list(slots)


def _rename(places: Places, document: Document, path: str, target: str) -> None:
    for slot in _listed(places.slots(document, path, create=False)):
        if (value := slot.get()) is not MISSING:
            slot.unset()
            for place in places.slots(document, target, create=True):
                place.set(value)


def _set(slot: Slot, value: Any) -> None:
    slot.set(value)


def _unset(slot: Slot, _: Any) -> None:
    slot.unset()


def _arithmetic(verb: str, combine: Callable[[Any, Any], Any], empty: Any) -> Callable[[Slot, Any], None]:
    def operate(slot: Slot, by: Any) -> None:
        present = slot.get()
        for value in (by,) if present is MISSING else (by, present):
            _refuse_no_number(verb, slot, value)
        slot.set(_sized(combine(empty if present is MISSING else present, by), present, by))

    return operate


def _refuse_no_number(verb: str, slot: Slot, value: Any) -> None:
    if isinstance(value, Decimal128):
        raise not_offered("arithmetic with decimals")
    if type_name(value) not in {"int", "long", "double"}:
        raise Refused(
            "TypeMismatch", f"Cannot {verb} the field {slot.path} with a value of type {type_name(value)}"
        )


def _sized(result: Any, *operands: Any) -> Any:
    """Keep 64-bit integers 64 bits wide, and refuse what would not fit."""
    if isinstance(result, float):
        return result
    if not -_INT64_LIMIT <= result < _INT64_LIMIT:
        raise Refused("BadValue", "the result of the arithmetic overflows a 64-bit integer")
    wide = any(isinstance(operand, Int64) for operand in operands)
    return Int64(result) if wide else int(result)


def _keep(better: Callable[[Any, Any], bool]) -> Callable[[Slot, Any], None]:
    def operate(slot: Slot, value: Any) -> None:
        if slot.get() is MISSING or better(order(value), order(slot.get())):
            slot.set(value)

    return operate


def _array(slot: Slot) -> list[Any]:
    items = slot.get()
    if not isinstance(items, list):
        raise Refused(
            "BadValue", f"The field '{slot.path}' must be an array but is of type {type_name(items)}"
        )
    return items


def _grown(slot: Slot) -> list[Any]:
    if slot.get() is MISSING:
        slot.set([])
    return _array(slot)


def _push(slot: Slot, argument: Any) -> None:
    given: dict[str, Any] = argument if is_operators(argument) else {"$each": [argument]}
    if "$each" not in given or set(given) - {"$each", "$position", "$slice", "$sort"}:
        raise Refused("BadValue", f"Unrecognized clause in $push: {sorted(set(given) - {'$each'})}")
    items = list(_grown(slot))
    at = given.get("$position", len(items))
    items[at:at] = given["$each"]
    if "$sort" in given:
        items = _sorted(items, given["$sort"])
    slot.set(_sliced(items, given["$slice"]) if "$slice" in given else items)


def _sorted(items: list[Any], by: Any) -> list[Any]:
    if not isinstance(by, dict):
        return sorted(items, key=order, reverse=by < 0)
    for key, descending in sorter(by):
        items = sorted(items, key=key, reverse=descending)
    return items


def _sliced(items: list[Any], count: int) -> list[Any]:
    return items[:count] if count >= 0 else items[count:]


def _add_to_set(slot: Slot, argument: Any) -> None:
    values = argument["$each"] if is_operators(argument) and set(argument) == {"$each"} else [argument]
    items = _grown(slot)
    for value in values:
        if not any(equal(value, item) for item in items):
            items.append(copied(value))


def _pop(slot: Slot, end: Any) -> None:
    if end not in {1, -1}:
        raise Refused("FailedToParse", f"$pop expects 1 or -1, found: {end}")
    if slot.get() is not MISSING and _array(slot):
        _array(slot).pop(0 if end < 0 else -1)


def _pull(slot: Slot, wanted: Any) -> None:
    if slot.get() is not MISSING:
        _drop(slot, item_matcher(wanted))


def _pull_all(slot: Slot, values: Any) -> None:
    if slot.get() is not MISSING:
        gone = {order(value) for value in values}
        _drop(slot, lambda item: order(item) in gone)


def _drop(slot: Slot, unwanted: Matcher) -> None:
    slot.set([item for item in _array(slot) if not unwanted(item)])


_NEVER_CREATE = {"$unset", "$pop", "$pull", "$pullAll"}
_OPERATORS: dict[str, Callable[[Slot, Any], None]] = {
    "$set": _set,
    "$setOnInsert": _set,
    "$currentDate": _set,
    "$unset": _unset,
    "$rename": _set,
    "$inc": _arithmetic("$inc", lambda present, by: present + by, 0),
    "$mul": _arithmetic("$mul", lambda present, by: present * by, 0),
    "$min": _keep(lambda value, present: value < present),
    "$max": _keep(lambda value, present: value > present),
    "$push": _push,
    "$addToSet": _add_to_set,
    "$pop": _pop,
    "$pull": _pull,
    "$pullAll": _pull_all,
}
