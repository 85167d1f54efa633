"""The commands that change documents: insert, update, delete, findAndModify."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from bson import ObjectId, encode

from onebox.mongo.collection import Collection, Stored
from onebox.mongo.errors import Refused, not_offered
from onebox.mongo.projection import projection
from onebox.mongo.query import equalities
from onebox.mongo.update import Update
from onebox.mongo.values import Document, copied

_T = TypeVar("_T")
_R = TypeVar("_R")
_UPDATE_FIELDS = {"q", "u", "multi", "upsert", "arrayFilters", "hint"}
_DELETE_FIELDS = {"q", "limit", "hint"}


def insert(collection: Collection, documents: Iterable[Document], *, ordered: bool) -> dict[str, Any]:
    """Add documents; an unordered insert goes on after one that fails."""
    done, errors = _each(documents, lambda document: _insert_one(collection, document), ordered=ordered)
    return _reply({"n": len(done)}, errors)


def update(
    collection: Collection, updates: Iterable[Mapping[str, Any]], now: datetime, *, ordered: bool
) -> dict[str, Any]:
    """Change documents, and add those of upserts that match nothing."""
    done, errors = _each(updates, lambda one: _update_one(collection, one, now), ordered=ordered)
    matched = sum(result["n"] for _, result in done)
    modified = sum(result["nModified"] for _, result in done)
    upserted = [{"index": at, "_id": result["_id"]} for at, result in done if "_id" in result]
    counts: dict[str, Any] = {"n": matched, "nModified": modified}
    return _reply(counts | ({"upserted": upserted} if upserted else {}), errors)


def delete(collection: Collection, deletes: Iterable[Mapping[str, Any]], *, ordered: bool) -> dict[str, Any]:
    """Remove documents."""
    done, errors = _each(deletes, lambda one: _delete_some(collection, one), ordered=ordered)
    return _reply({"n": sum(count for _, count in done)}, errors)


def find_and_modify(collection: Collection, command: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Change or remove one document and return it, before or after."""
    query = command.get("query", {})
    found = collection.first(query, command.get("sort"))
    if command.get("remove"):
        if found:
            collection.remove(found)
        return _found(command, found.document if found else None, {"n": int(found is not None)})
    change = Update(command["update"], query, command.get("arrayFilters", ()))
    if found:
        changed = _change(collection, found, change, now)
        value = changed if command.get("new") else found.document
        return _found(command, value, {"n": 1, "updatedExisting": True})
    if not command.get("upsert"):
        return _found(command, None, {"n": 0, "updatedExisting": False})
    added = _upsert(collection, change, now)
    outcome = {"n": 1, "updatedExisting": False, "upserted": added["_id"]}
    return _found(command, added if command.get("new") else None, outcome)


def _each(
    items: Iterable[_T], act: Callable[[_T], _R], *, ordered: bool
) -> tuple[list[tuple[int, _R]], list[dict[str, Any]]]:
    done, errors = [], []
    for index, item in enumerate(items):
        try:
            done.append((index, act(item)))
        except Refused as error:
            errors.append(error.as_write_error(index))
            if ordered:
                break
    return done, errors


def _reply(counts: Mapping[str, Any], errors: list[dict[str, Any]]) -> dict[str, Any]:
    return {**counts, "ok": 1.0} | ({"writeErrors": errors} if errors else {})


def _found(command: Mapping[str, Any], value: Document | None, outcome: Mapping[str, Any]) -> dict[str, Any]:
    select = projection(command["fields"]) if command.get("fields") else None
    shown = select(value) if select and value is not None else value
    return {"lastErrorObject": dict(outcome), "value": shown, "ok": 1.0}


def _insert_one(collection: Collection, document: Document) -> None:
    collection.insert(document if "_id" in document else {"_id": ObjectId(), **document})


def _update_one(collection: Collection, one: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    _refuse_unknown(one, _UPDATE_FIELDS)
    change = Update(one["u"], one["q"], one.get("arrayFilters", ()))
    if one.get("multi") and change.replaces:
        raise Refused("FailedToParse", "multi update is not supported for replacement-style update")
    found = list(collection.find(one["q"])) if one.get("multi") else _at_most_one(collection, one["q"])
    if not found and one.get("upsert"):
        return {"n": 1, "nModified": 0, "_id": _upsert(collection, change, now)["_id"]}
    modified = [_change(collection, stored, change, now) is not stored.document for stored in found]
    return {"n": len(found), "nModified": sum(modified)}


def _at_most_one(collection: Collection, query: Any) -> list[Stored]:
    found = collection.first(query)
    return [found] if found else []


def _change(collection: Collection, found: Stored, change: Update, now: datetime) -> Document:
    """Return the changed document, or the very document that was there if nothing changed."""
    changed = change.applied(found.document, now)
    if encode(changed) == found.raw.raw:
        return found.document
    collection.replace(found, changed)
    return changed


def _upsert(collection: Collection, change: Update, now: datetime) -> Document:
    base: Document = {}
    for path, value in equalities(change.query).items():
        _put(base, path.split("."), value)
    if change.replaces:
        base = {name: value for name, value in base.items() if name == "_id"}
    added = change.applied(base, now, inserting=True)
    if "_id" not in added:
        added = {"_id": ObjectId(), **added}
    collection.insert(added)
    return added


def _put(document: Document, path: list[str], value: Any) -> None:
    for name in path[:-1]:
        document = document.setdefault(name, {})
    document[path[-1]] = copied(value)


def _delete_some(collection: Collection, one: Mapping[str, Any]) -> int:
    _refuse_unknown(one, _DELETE_FIELDS)
    found = list(collection.find(one["q"])) if one["limit"] == 0 else _at_most_one(collection, one["q"])
    for stored in found:
        collection.remove(stored)
    return len(found)


def _refuse_unknown(one: Mapping[str, Any], known: set[str]) -> None:
    if unknown := set(one) - known:
        raise not_offered(f"the write option {', '.join(sorted(unknown))}")
