"""The SQLite file behind the server: indices, aliases, pipelines and every document's source."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

_TABLES = """
CREATE TABLE IF NOT EXISTS indices (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, body TEXT);
CREATE TABLE IF NOT EXISTS aliases (alias TEXT, name TEXT, PRIMARY KEY (alias, name));
CREATE TABLE IF NOT EXISTS pipelines (name TEXT PRIMARY KEY, body TEXT);
CREATE TABLE IF NOT EXISTS documents (
    row INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER, id TEXT, source TEXT, version INTEGER,
    sequence INTEGER, UNIQUE (number, id));
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A document as stored; `sequence` is its _seq_no."""

    row: int
    id: str
    source: dict[str, Any]
    version: int
    sequence: int


class Store:
    """Nothing survives the process before `commit`."""

    def __init__(self, file: Path | None) -> None:
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
        self.connection = sqlite3.connect(file or ":memory:", isolation_level="DEFERRED")
        self.connection.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {_TABLES}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def commit(self) -> None:
        """Make the changes since the last commit survive this process."""
        self.connection.commit()

    def rollback(self) -> None:
        """Undo the changes since the last commit."""
        self.connection.rollback()

    def put_index(self, name: str, body: Any) -> int:
        """Remember an index and return its number; again with the same name for a changed body."""
        query = (
            "INSERT INTO indices (name, body) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET body = excluded.body RETURNING number"
        )
        return int(self.connection.execute(query, (name, json.dumps(body))).fetchone()[0])

    def remove_index(self, number: int, name: str) -> None:
        """Forget an index with its documents and aliases."""
        self.connection.execute("DELETE FROM documents WHERE number = ?", (number,))
        self.connection.execute("DELETE FROM aliases WHERE name = ?", (name,))
        self.connection.execute("DELETE FROM indices WHERE number = ?", (number,))

    def indices(self) -> list[tuple[int, str, Any]]:
        """Return (number, name, body) of each index."""
        rows = self.connection.execute("SELECT number, name, body FROM indices ORDER BY number")
        return [(number, name, json.loads(body)) for number, name, body in rows]

    def put_alias(self, alias: str, name: str) -> None:
        """Remember an alias."""
        self.connection.execute("INSERT OR IGNORE INTO aliases VALUES (?, ?)", (alias, name))

    def remove_alias(self, alias: str, name: str) -> None:
        """Forget an alias."""
        self.connection.execute("DELETE FROM aliases WHERE alias = ? AND name = ?", (alias, name))

    def aliases(self) -> list[tuple[str, str]]:
        """Return (alias, index) pairs."""
        return self.connection.execute("SELECT alias, name FROM aliases ORDER BY alias, name").fetchall()

    def put_pipeline(self, name: str, body: Any) -> None:
        """Remember a search pipeline."""
        self.connection.execute("INSERT OR REPLACE INTO pipelines VALUES (?, ?)", (name, json.dumps(body)))

    def remove_pipeline(self, name: str) -> None:
        """Forget a search pipeline."""
        self.connection.execute("DELETE FROM pipelines WHERE name = ?", (name,))

    def pipelines(self) -> dict[str, Any]:
        """Return the bodies of the pipelines by name."""
        rows = self.connection.execute("SELECT name, body FROM pipelines ORDER BY name")
        return {name: json.loads(body) for name, body in rows}

    def insert(self, number: int, kept: Kept) -> int:
        """Add a document and return its row."""
        query = "INSERT INTO documents (number, id, source, version, sequence) VALUES (?, ?, ?, ?, ?)"
        values = (number, kept.id, json.dumps(kept.source), kept.version, kept.sequence)
        row = self.connection.execute(query, values).lastrowid
        if row is None:
            raise RuntimeError("SQLite gave a new document no row")
        return row

    def remove(self, row: int) -> None:
        """Forget a document."""
        self.connection.execute("DELETE FROM documents WHERE row = ?", (row,))

    def find(self, number: int, document: str) -> Kept | None:
        """Return a document by its id."""
        query = "SELECT row, id, source, version, sequence FROM documents WHERE number = ? AND id = ?"
        found = self.connection.execute(query, (number, document)).fetchone()
        return _kept(found) if found else None

    def rows(self, rows: Iterable[int]) -> list[Kept]:
        """Return the documents of these rows, in this order."""
        query = "SELECT row, id, source, version, sequence FROM documents WHERE row = ?"
        return [_kept(self.connection.execute(query, (row,)).fetchone()) for row in rows]

    def documents(self, number: int) -> Iterator[Kept]:
        """Yield all documents of an index."""
        query = "SELECT row, id, source, version, sequence FROM documents WHERE number = ? ORDER BY row"
        yield from (_kept(found) for found in self.connection.execute(query, (number,)))


def _kept(found: Any) -> Kept:
    row, identity, source, version, sequence = found
    return Kept(row, identity, json.loads(source), version, sequence)
