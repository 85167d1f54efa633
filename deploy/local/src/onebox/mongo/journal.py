"""Every change on disk before it is acknowledged: one SQLite file, so that a killed server loses nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Self

from bson import encode

_TABLES = """
CREATE TABLE IF NOT EXISTS documents (namespace TEXT, id BLOB, raw BLOB, PRIMARY KEY (namespace, id));
CREATE TABLE IF NOT EXISTS indexes (namespace TEXT, name TEXT, raw BLOB, PRIMARY KEY (namespace, name));
CREATE TABLE IF NOT EXISTS collections (namespace TEXT PRIMARY KEY);
"""

_PUT = "INSERT INTO documents VALUES (?, ?, ?) ON CONFLICT (namespace, id) DO UPDATE SET raw = excluded.raw"


class Journal:
    """Documents and indexes by namespace (`database.collection`); nothing counts before `commit`."""

    def __init__(self, file: Path | None) -> None:
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(file or ":memory:", isolation_level="DEFERRED")
        self._connection.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {_TABLES}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.commit()
        self._connection.close()

    def commit(self) -> None:
        """Make the changes since the last commit survive this process."""
        self._connection.commit()

    def create(self, namespace: str) -> None:
        """Remember a collection, even an empty one."""
        self._connection.execute("INSERT OR IGNORE INTO collections VALUES (?)", (namespace,))

    def put(self, namespace: str, identity: Any, raw: bytes) -> None:
        """Remember a document in its latest form."""
        row = (namespace, _id_bytes(identity), raw)
        self._connection.execute(_PUT, row)

    def remove(self, namespace: str, identity: Any) -> None:
        """Forget a document."""
        row = (namespace, _id_bytes(identity))
        self._connection.execute("DELETE FROM documents WHERE namespace = ? AND id = ?", row)

    def put_index(self, namespace: str, name: str, raw: bytes) -> None:
        """Remember an index."""
        self._connection.execute("INSERT OR REPLACE INTO indexes VALUES (?, ?, ?)", (namespace, name, raw))

    def remove_index(self, namespace: str, name: str) -> None:
        """Forget an index."""
        row = (namespace, name)
        self._connection.execute("DELETE FROM indexes WHERE namespace = ? AND name = ?", row)

    def drop(self, namespace: str) -> None:
        """Forget a collection with all it holds."""
        self._connection.execute("DELETE FROM documents WHERE namespace = ?", (namespace,))
        self._connection.execute("DELETE FROM indexes WHERE namespace = ?", (namespace,))
        self._connection.execute("DELETE FROM collections WHERE namespace = ?", (namespace,))

    def collections(self) -> Iterator[str]:
        """Yield the namespaces."""
        yield from (row[0] for row in self._rows("SELECT namespace FROM collections"))

    def indexes(self) -> Iterator[tuple[str, bytes]]:
        """Yield (namespace, BSON of the specification)."""
        yield from self._rows("SELECT namespace, raw FROM indexes ORDER BY rowid")

    def documents(self) -> Iterator[tuple[str, bytes]]:
        """Yield (namespace, BSON), in the order of insertion."""
        yield from self._rows("SELECT namespace, raw FROM documents ORDER BY rowid")

    def _rows(self, query: str) -> Iterator[Any]:
        with closing(self._connection.execute(query)) as cursor:
            yield from cursor


def _id_bytes(identity: Any) -> bytes:
    return encode({"": identity})
