"""One index: its mapping, its documents, and what is held in memory to search them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from onebox.search.analyzers import Flavour, flavours
from onebox.search.columns import Column, Rows, Vectors
from onebox.search.errors import Refused, illegal, not_offered
from onebox.search.mapping import Field, Mappings
from onebox.search.store import Kept, Store
from onebox.search.text import TextTable


@dataclass(frozen=True, slots=True)
class Condition:
    """When a write may happen: only as a new document, or only over a known version."""

    create: bool = False
    sequence: int | None = None
    external_version: int | None = None
    external_gte: bool = False


class Index:
    """Every write is visible to the next search; `commit` is the store's."""

    def __init__(self, number: int, name: str, settings: Mapping[str, Any], store: Store) -> None:
        self.number = number
        self.name = name
        self.settings = dict(settings)
        self.store = store
        self.mappings = Mappings({})
        self._flavours = flavours(settings.get("analysis", {}))
        self._columns: dict[str, Column] = {}
        self._vectors: dict[str, Vectors] = {}
        self._texts: dict[str, TextTable] = {}
        self._ids: dict[str, int] = {}
        self._next_sequence = 0

    @property
    def rows(self) -> Rows:
        """The rows of all documents."""
        return set(self._ids.values())

    def map(self, mappings: Mappings) -> None:
        """Take over a mapping, and make room for its new fields."""
        refuse_unknown_analyzers(mappings, self._flavours)
        self.mappings = mappings
        for path, field in mappings.fields.items():
            if field.kind == "knn_vector":
                self._vectors.setdefault(path, Vectors(field))
            elif field.kind != "text":
                self._columns.setdefault(path, Column())
            elif path not in self._texts:
                self._texts[path] = self._text_table(field)
                self._texts[path].create()

    def load(self) -> None:
        """Read the documents back after a restart; their text is on disk already."""
        for kept in self.store.documents(self.number):
            self._ids[kept.id] = kept.row
            self._next_sequence = max(self._next_sequence, kept.sequence + 1)
            self._hold(kept.row, self.mappings.read(kept.source, kept.id))

    def drop(self) -> None:
        """Remove everything from the store."""
        for table in self._texts.values():
            table.drop()
        self.store.remove_index(self.number, self.name)

    def require_routing(self, document: str | None, options: Mapping[str, Any]) -> None:
        """Refuse a request on a document without a routing, where the mapping demands one."""
        if self.mappings.routed and not options.get("routing"):
            reason = f"routing is required for [{self.name}]/[{document}]"
            raise Refused(400, "routing_missing_exception", reason, index=self.name)

    def find(self, document: str) -> Kept | None:
        """Return a document by its id."""
        return self.store.find(self.number, document)

    def row(self, document: str) -> int | None:
        """Return the row of a document."""
        return self._ids.get(document)

    def put(self, document: str, source: Mapping[str, Any], condition: Condition) -> Kept:
        """Write a document; raises Refused for a conflict or what the mapping does not allow."""
        before = self.find(document)
        self._refuse_conflict(document, before, condition)
        if added := self.mappings.missing(source):
            self.map(self.mappings.extended(added))
            self.store.put_index(self.name, self.body())
        values = self.mappings.read(source, document)
        version = condition.external_version or (before.version + 1 if before else 1)
        if before:
            self._forget(before)
        fresh = Kept(0, document, dict(source), version, self._next_sequence)
        row = self.store.insert(self.number, fresh)
        self._next_sequence += 1
        self._ids[document] = row
        self._hold(row, values)
        for path, table in self._texts.items():
            table.add(row, values.get(path, ()))
        return Kept(row, document, fresh.source, version, fresh.sequence)

    def remove(self, document: str, condition: Condition) -> tuple[Kept | None, int]:
        """Remove a document; return what was there, and the sequence number of the removal."""
        before = self.find(document)
        self._refuse_conflict(document, before, condition)
        if before:
            self._forget(before)
        self._next_sequence += 1
        return before, self._next_sequence - 1

    def column(self, path: str) -> Column | None:
        """Return the values of a field, unless it has none of this kind."""
        return self._columns.get(path)

    def vectors(self, path: str) -> Vectors | None:
        """Return the vectors of a field."""
        return self._vectors.get(path)

    def text(self, path: str) -> TextTable | None:
        """Return the text of a field."""
        return self._texts.get(path)

    def body(self) -> dict[str, Any]:
        """Return what the store keeps of the index itself."""
        return {"settings": self.settings, "mappings": self.mappings.body}

    def _text_table(self, field: Field) -> TextTable:
        digest = hashlib.sha256(field.path.encode()).hexdigest()[:16]
        return TextTable(
            self.store.connection, f"text_{self.number}_{digest}", self._flavours[field.analyzer]
        )

    def _hold(self, row: int, values: Mapping[str, list[Any]]) -> None:
        for path, column in self._columns.items():
            column.add(row, values.get(path, []))
        for path, vectors in self._vectors.items():
            vectors.add(row, values.get(path, []))

    def _forget(self, kept: Kept) -> None:
        for held in (self._columns, self._vectors, self._texts):
            for each in held.values():
                each.remove(kept.row)
        self.store.remove(kept.row)
        del self._ids[kept.id]

    def _refuse_conflict(self, document: str, before: Kept | None, condition: Condition) -> None:
        if reason := _conflict(before, condition):
            message = f"[{document}]: version conflict, {reason}"
            raise Refused(409, "version_conflict_engine_exception", message, index=self.name, shard="0")


def refuse_unknown_analyzers(mappings: Mappings, known: Mapping[str, Flavour]) -> None:
    """Refuse a mapping that names an analyzer which the index does not have."""
    for field in mappings.fields.values():
        if field.analyzer not in known:
            raise not_offered(f"the analyzer [{field.analyzer}]; the index has {', '.join(known)}")


def _conflict(before: Kept | None, condition: Condition) -> str | None:
    if condition.create and before:
        return f"document already exists (current version [{before.version}])"
    if condition.sequence is not None and (before is None or before.sequence != condition.sequence):
        current = f"current document has seqNo [{before.sequence}]" if before else "no document was found"
        return f"required seqNo [{condition.sequence}]. {current}"
    given = condition.external_version
    if given is not None and before and given < before.version + (0 if condition.external_gte else 1):
        return f"current version [{before.version}] is higher or equal to the one provided [{given}]"
    return None


def condition_of(options: Mapping[str, Any]) -> Condition:
    """Read op_type, if_seq_no, version and version_type, as parameters or bulk metadata give them."""
    kind = options.get("version_type", "internal")
    version = options.get("version")
    if kind not in {"internal", "external", "external_gte"} or (version is not None and kind == "internal"):
        raise illegal("internal versioning can not be used for optimistic concurrency control; use if_seq_no")
    sequence = options.get("if_seq_no")
    return Condition(
        create=options.get("op_type") == "create",
        sequence=None if sequence is None else int(sequence),
        external_version=None if version is None else int(version),
        external_gte=kind == "external_gte",
    )
