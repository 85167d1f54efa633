"""An answer that is still being written: its sentences, each as soon as it is complete."""

from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from ingest.asking.shape import Statement


class Growing:
    """JSON of which more and more is there; a sentence is complete once the next has begun."""

    def __init__(self) -> None:
        self._text = ""
        self.complete: tuple[Statement, ...] = ()
        """The sentences that are complete, up to the first that is none."""

    def grow(self, piece: str) -> tuple[Statement, ...]:
        """Add a piece; return the sentences that it completed."""
        self._text += piece
        if "{" not in piece:
            return ()
        known = len(self.complete)
        self.complete += tuple(_read(self._rows()[known:-1]))
        return self.complete[known:]

    def _rows(self) -> list[Any]:
        try:
            found = from_json(self._text, allow_partial=True)
        except ValueError:
            return []
        rows = found.get("sentences") if isinstance(found, dict) else None
        return rows if isinstance(rows, list) else []


def _read(rows: list[Any]) -> list[Statement]:
    read: list[Statement] = []
    for row in rows:
        try:
            read.append(Statement.model_validate(row))
        except ValidationError:  # the whole answer will not fit its shape, either, and is refused for that
            break
    return read
