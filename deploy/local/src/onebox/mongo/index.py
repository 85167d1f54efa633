"""One index of a collection: what it keeps unique, and which documents hold a value."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from onebox.mongo.errors import Refused, not_offered
from onebox.mongo.query import matcher
from onebox.mongo.values import MISSING, Document, Key, order, reached

_EMPTY_ARRAY_KEY: Key = (0.5,)
_KNOWN = {
    *("v", "key", "name", "unique", "sparse", "expireAfterSeconds", "partialFilterExpression"),
    *("background", "hidden", "ns"),
}


@dataclass(slots=True)
class Index:
    """`spec` is the index as createIndexes was given it."""

    spec: Mapping[str, Any]
    _owners: dict[tuple[Key, ...], Key] = field(default_factory=dict)
    _holders: dict[Key, dict[Key, None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what could not be kept as promised."""
        if unknown := set(self.spec) - _KNOWN:
            raise not_offered(f"the index option {', '.join(sorted(unknown))}")
        for path, direction in self.spec["key"].items():
            if isinstance(direction, bool) or direction not in {1, -1}:
                raise not_offered(f"an index on {path} of the kind {direction!r}")
        if "expireAfterSeconds" in self.spec and len(self.spec["key"]) > 1:
            raise Refused("CannotCreateIndex", "TTL indexes are single-field indexes")

    @property
    def name(self) -> str:
        """The name it is dropped by."""
        return str(self.spec["name"])

    @property
    def fields(self) -> list[str]:
        """The paths it covers, in order."""
        return list(self.spec["key"])

    @property
    def complete(self) -> bool:
        """Whether every document of the collection is in it, so that a query may rely on it."""
        return not self.spec.get("sparse") and "partialFilterExpression" not in self.spec

    def owner(self, document: Document) -> tuple[Key, dict[str, Any]] | None:
        """Return the document that already holds this one's unique value, and that value."""
        if not self.spec.get("unique") or not self._covers(document):
            return None
        for keys in self._keys(document):
            if keys in self._owners:
                return self._owners[keys], self._values(document)
        return None

    def add(self, identity: Key, document: Document) -> None:
        """Take a document in."""
        if self._covers(document):
            for keys in self._keys(document):
                self._owners[keys] = identity
                self._holders.setdefault(keys[0], {})[identity] = None

    def remove(self, identity: Key, document: Document) -> None:
        """Let a document go."""
        if not self._covers(document):
            return
        for keys in self._keys(document):
            if self._owners.get(keys) == identity:
                del self._owners[keys]
            holders = self._holders.get(keys[0], {})
            holders.pop(identity, None)
            if not holders:
                self._holders.pop(keys[0], None)

    def holders(self, value: Any) -> dict[Key, None]:
        """Return the identities of the documents whose first indexed field holds the value."""
        return self._holders.get(order(value), {})

    def expired(self, document: Document, now: datetime) -> bool:
        """Whether a TTL index lets the document go; only dates expire."""
        seconds = self.spec.get("expireAfterSeconds")
        if seconds is None or not self._covers(document):
            return False
        values = [item for value in reached(document, self.fields[0].split(".")) for item in _items(value)]
        dates = [value for value in values if isinstance(value, datetime)]
        return bool(dates) and min(dates) + timedelta(seconds=seconds) <= now

    def _covers(self, document: Document) -> bool:
        if "partialFilterExpression" in self.spec:
            return matcher(self.spec["partialFilterExpression"])(document)
        if self.spec.get("sparse"):
            found = (value for path in self.fields for value in reached(document, path.split(".")))
            return any(value is not MISSING for value in found)
        return True

    def _keys(self, document: Document) -> Iterator[tuple[Key, ...]]:
        """Yield each combination of the values of an array field: a multikey index has them all."""
        columns = []
        for path in self.fields:
            values = list(reached(document, path.split("."))) or [MISSING]
            columns.append(dict.fromkeys(key for value in values for key in _item_keys(value)))
        return itertools.product(*columns)

    def _values(self, document: Document) -> dict[str, Any]:
        found = {path: next(reached(document, path.split(".")), None) for path in self.fields}
        return {path: None if value is MISSING else value for path, value in found.items()}


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _item_keys(value: Any) -> list[Key]:
    """An array is found by its items and as a whole."""
    if isinstance(value, list):
        return [*(order(item) for item in value), order(value)] if value else [_EMPTY_ARRAY_KEY, order(value)]
    return [order(value)]
