"""Text in SQLite FTS5: one table per text field, and the query strings it is asked with."""

import math
import re
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from onebox.search.analyzers import Flavour, folded
from onebox.search.errors import not_offered

How = Literal["or", "and", "phrase"]
_K1 = 1.2  # of BM25, in FTS5 as in Lucene
_LEAST_IDF = 1e-6  # what FTS5 takes for a common word
TOKENIZERS: dict[Flavour, str] = {
    "standard": "unicode61 remove_diacritics 0 tokenchars '_'",
    "english": "porter unicode61 remove_diacritics 0 tokenchars '_'",
    "folded": "unicode61 remove_diacritics 0 tokenchars '_'",
}
_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")
_ASKED = re.compile(r'"([^"]*)"')
_POSSESSIVE = re.compile(r"['\u2019][sS]$")
# Lucene's list, which its english analyzer leaves out
_STOP_WORDS = {
    *("a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no"),
    *("not", "of", "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this"),
    *("to", "was", "will", "with"),
}
_HIGHLIGHT = "SELECT {shown} FROM {table} WHERE {table} MATCH ? AND rowid = ?"

Share = Callable[[int], int]
_SHARE = re.compile(r"(\d+)<(\d+)%")


def share(given: object) -> Share:
    """Read a minimum_should_match such as `2<75%`: all of two words, of more three quarters, rounded down."""
    found = _SHARE.fullmatch(str(given))
    if found is None:
        raise not_offered(f"minimum_should_match {given!r}; it has shares such as 2<75%")
    upto, percent = int(found[1]), int(found[2])
    return lambda words: words if words <= upto else words * percent // 100


@dataclass(frozen=True, slots=True)
class TextTable:
    """The full-text table of one field; `table` is a name we made, never a client's."""

    connection: sqlite3.Connection
    table: str
    analyzer: Flavour

    def create(self) -> None:
        """Make the table if it is not there."""
        tokenizer = TOKENIZERS[self.analyzer].replace("'", "''")
        columns = "body, said UNINDEXED" if self.analyzer == "folded" else "body"
        query = (
            f"CREATE VIRTUAL TABLE IF NOT EXISTS {self.table} USING fts5({columns}, tokenize='{tokenizer}')"
        )
        self.connection.execute(query)

    def drop(self) -> None:
        """Forget the table."""
        self.connection.execute(f"DROP TABLE IF EXISTS {self.table}")

    def add(self, row: int, values: Iterable[str]) -> None:
        """Take in the text of a row."""
        if body := "\n".join(values):
            columns, values = ("body, said", "?, ?") if self.analyzer == "folded" else ("body", "?")
            query = f"INSERT INTO {self.table} (rowid, {columns}) VALUES (?, {values})"  # noqa: S608 - our name
            said = (body,) if self.analyzer == "folded" else ()
            self.connection.execute(query, (row, self._terms(body), *said))

    def remove(self, row: int) -> None:
        """Forget a row."""
        self.connection.execute(f"DELETE FROM {self.table} WHERE rowid = ?", (row,))  # noqa: S608 - our name

    def rows(self) -> set[int]:
        """Return the rows that hold text."""
        return {row for (row,) in self.connection.execute(f"SELECT rowid FROM {self.table}")}  # noqa: S608 - our name

    def matches(self, text: str, how: How, least: Share | None = None) -> dict[int, float]:
        """Return the rows that hold any word, every word, or the words in order, with Lucene's BM25 score.

        *least* says how many of the words a row needs, where any will do.
        """
        words = self._words(text, how)
        if how == "phrase":
            rarity = sum(self._rarity(len(self._found(_quoted(word)))) for word in words)
            return self._scored(_quoted(" ".join(words)), rarity) if words else {}
        parts = [self._scored(_quoted(word)) for word in words]
        needed = len(parts) if how == "and" else least(len(parts)) if least else 1
        rows = {row for part in parts for row in part if sum(row in each for each in parts) >= needed}
        return {row: sum(part.get(row, 0.0) for part in parts) for row in rows}

    def _scored(self, question: str, rarity: float | None = None) -> dict[int, float]:
        """Exchange the idf of FTS5, which is nothing for a word in half of all documents, for Lucene's."""
        found = self._found(question)
        theirs = math.log((self._count() - len(found) + 0.5) / (len(found) + 0.5))
        ours = self._rarity(len(found)) if rarity is None else rarity
        factor = ours / (theirs if theirs > 0 else _LEAST_IDF) / (_K1 + 1)
        return {row: score * factor for row, score in found.items()}

    def _found(self, question: str) -> dict[int, float]:
        query = f"SELECT rowid, -bm25({self.table}) FROM {self.table} WHERE {self.table} MATCH ?"  # noqa: S608 - our name
        return dict(self.connection.execute(query, (question,)).fetchall())

    def _rarity(self, holding: int) -> float:
        """Return Lucene's idf of a word that so many documents hold."""
        return math.log(1 + (self._count() - holding + 0.5) / (holding + 0.5))

    def _count(self) -> int:
        return int(self.connection.execute(f"SELECT count(*) FROM {self.table}_docsize").fetchone()[0])  # noqa: S608 - our name

    def highlighted(self, row: int, question: str, before: str, after: str) -> str | None:
        """Return the text of a row with what matched between the tags; None if nothing did."""
        if not question:
            return None
        shown = "said" if self.analyzer == "folded" else "highlight({table}, 0, ?, ?)"
        query = _HIGHLIGHT.format(shown=shown, table=self.table).format(table=self.table)
        tags = () if self.analyzer == "folded" else (before, after)
        found = self.connection.execute(query, (*tags, question, row)).fetchone()
        if found is None or self.analyzer != "folded":
            return str(found[0]) if found else None
        return _marked(found[0], question, before, after)

    def question(self, text: str, how: How) -> str:
        """Return the FTS5 query that finds what a match finds, for marking it."""
        words = self._words(text, how)
        if how == "phrase":
            return _quoted(" ".join(words)) if words else ""
        return " OR ".join(_quoted(word) for word in words)

    def _terms(self, text: str) -> str:
        """The text as it is indexed: folded here, where SQLite's tokenizers do not do it."""
        return " ".join(map(folded, _WORD.findall(text))) if self.analyzer == "folded" else text

    def _words(self, text: str, how: How) -> list[str]:
        words: list[str] = _WORD.findall(self._terms(text))
        if self.analyzer != "english" or how == "phrase":
            return words
        return [_POSSESSIVE.sub("", word) for word in words if word.lower() not in _STOP_WORDS]


def _marked(said: str, question: str, before: str, after: str) -> str:
    """What was said, its words marked where their folded form is asked for."""
    asked = set(_ASKED.findall(question))
    return _WORD.sub(lambda word: f"{before}{word[0]}{after}" if folded(word[0]) in asked else word[0], said)


def _quoted(words: str) -> str:
    return '"' + words.replace('"', '""') + '"'
