"""A collection: documents by `_id`, indexes over them, and every change written to the journal."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import encode
from bson.raw_bson import RawBSONDocument

from onebox.mongo.errors import Refused
from onebox.mongo.index import Index
from onebox.mongo.journal import Journal
from onebox.mongo.query import is_operators, matcher, sorter
from onebox.mongo.values import Document, Key, order

MAX_DOCUMENT = 16 * 1024 * 1024  # bytes
ID_INDEX: Mapping[str, Any] = {"v": 2, "key": {"_id": 1}, "name": "_id_"}


@dataclass(frozen=True, slots=True)
class Stored:
    """A document that is never changed, only replaced, and its BSON."""

    document: Document
    raw: RawBSONDocument


class Collection:
    """Not shared between threads; every method leaves it consistent or raises Refused."""

    def __init__(self, namespace: str, journal: Journal) -> None:
        self.namespace = namespace
        self._journal = journal
        self._documents: dict[Key, Stored] = {}
        self.indexes: dict[str, Index] = {}

    def __len__(self) -> int:
        return len(self._documents)

    def insert(self, document: Document) -> None:
        """Add a new document; it must have an `_id`."""
        identity = self._identity(document)
        if identity in self._documents:
            raise self._duplicate("_id_", {"_id": 1}, {"_id": document["_id"]})
        self._refuse_duplicate(identity, document)
        self._keep(identity, document)

    def replace(self, old: Stored, document: Document) -> None:
        """Put a changed document in the place of the old one."""
        identity = self._identity(document)
        self._refuse_duplicate(identity, document)
        for index in self.indexes.values():
            index.remove(identity, old.document)
        self._keep(identity, document)

    def remove(self, stored: Stored) -> None:
        """Take a document away."""
        identity = order(stored.document["_id"])
        for index in self.indexes.values():
            index.remove(identity, stored.document)
        del self._documents[identity]
        self._journal.remove(self.namespace, stored.document["_id"])

    def load(self, raw: bytes, document: Document) -> None:
        """Take in what the journal remembers."""
        self._take_in(order(document["_id"]), Stored(document, RawBSONDocument(raw)))

    def find(self, query: Any, sort: Mapping[str, Any] | None = None) -> Iterable[Stored]:
        """Return what matches, in insertion order or in the order asked for."""
        matches = matcher(query)
        found: Iterable[Stored] = (each for each in self._candidates(query) if matches(each.document))
        for key, descending in sorter(sort or {}):
            found = sorted(found, key=lambda each: key(each.document), reverse=descending)
        return found

    def first(self, query: Any, sort: Mapping[str, Any] | None = None) -> Stored | None:
        """Return the first match."""
        return next(iter(self.find(query, sort)), None)

    def create_index(self, spec: Mapping[str, Any]) -> bool:
        """Build an index over what is there; False if this very index exists."""
        spec = {name: value for name, value in spec.items() if name not in {"background", "ns"}} | {"v": 2}
        if spec["key"] == ID_INDEX["key"] or self._same_index(spec):
            return False
        index = Index(spec)
        for identity, stored in self._documents.items():
            if clash := index.owner(stored.document):
                raise self._duplicate(index.name, spec["key"], clash[1])
            index.add(identity, stored.document)
        self.indexes[index.name] = index
        self._journal.put_index(self.namespace, index.name, encode(spec))
        return True

    def drop_index(self, name: str) -> None:
        """Forget an index."""
        if name not in self.indexes:
            raise Refused("IndexNotFound", f"index not found with name [{name}]")
        del self.indexes[name]
        self._journal.remove_index(self.namespace, name)

    def expire(self, now: datetime) -> None:
        """Remove what the TTL indexes let go."""
        timed = [index for index in self.indexes.values() if "expireAfterSeconds" in index.spec]
        for stored in list(self._documents.values()) if timed else []:
            if any(index.expired(stored.document, now) for index in timed):
                self.remove(stored)

    def _candidates(self, query: Mapping[str, Any]) -> Iterator[Stored]:
        """Yield a superset of the matches: the smallest that `_id` or an index offers, else everything."""
        choices = [self._holders(path, wanted) for path, wanted in query.items() if path[:1] != "$"]
        offered = [identities for identities in choices if identities is not None]
        if not offered:
            return iter(list(self._documents.values()))
        return iter([self._documents[each] for each in min(offered, key=len) if each in self._documents])

    def _holders(self, path: str, wanted: Any) -> Mapping[Key, None] | None:
        values = _wanted_values(wanted)
        if values is None:
            return None
        if path == "_id":
            return {order(value): None for value in values}
        index = next((one for one in self.indexes.values() if one.complete and one.fields[0] == path), None)
        if index is None:
            return None
        return {identity: None for value in values for identity in index.holders(value)}

    def _identity(self, document: Document) -> Key:
        if isinstance(document["_id"], list):
            raise Refused("BadValue", "The '_id' value cannot be of type array")
        return order(document["_id"])

    def _keep(self, identity: Key, document: Document) -> None:
        raw = encode(document)
        if len(raw) > MAX_DOCUMENT:
            raise Refused(
                "BSONObjectTooLarge", f"a document may be {MAX_DOCUMENT} bytes long, not {len(raw)}"
            )
        self._take_in(identity, Stored(document, RawBSONDocument(raw)))
        self._journal.put(self.namespace, document["_id"], raw)

    def _take_in(self, identity: Key, stored: Stored) -> None:
        self._documents[identity] = stored
        for index in self.indexes.values():
            index.add(identity, stored.document)

    def _refuse_duplicate(self, identity: Key, document: Document) -> None:
        for index in self.indexes.values():
            clash = index.owner(document)
            if clash and clash[0] != identity:
                raise self._duplicate(index.name, index.spec["key"], clash[1])

    def _duplicate(self, index: str, key: Mapping[str, Any], value: Mapping[str, Any]) -> Refused:
        message = (
            f"E11000 duplicate key error collection: {self.namespace} index: {index} dup key: {dict(value)}"
        )
        return Refused("DuplicateKey", message, keyPattern=dict(key), keyValue=dict(value))

    def _same_index(self, spec: Mapping[str, Any]) -> bool:
        for index in self.indexes.values():
            same_key = list(index.spec["key"].items()) == list(spec["key"].items())
            if index.name == spec["name"] and not same_key:
                raise Refused("IndexKeySpecsConflict", f"another index has the name {index.name}")
            if same_key and index.spec != spec:
                raise Refused("IndexOptionsConflict", f"index {index.name} exists with different options")
            if same_key:
                return True
        return False


def _wanted_values(wanted: Any) -> list[Any] | None:
    """Return the values an indexed field must have one of, if the condition says so."""
    if not is_operators(wanted):
        return None if _is_open(wanted) else [wanted]
    values = [wanted["$eq"]] if "$eq" in wanted else wanted.get("$in")
    if not isinstance(values, list) or any(_is_open(value) for value in values):
        return None
    return values


def _is_open(value: Any) -> bool:
    """Patterns match many values; null also matches what is missing within arrays."""
    return value is None or type(value).__name__ == "Regex"
