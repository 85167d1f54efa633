"""What one index holds in memory of each field: values by row, rows by value, and vectors."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onebox.search.mapping import Field
from onebox.search.values import Value

Rows = set[int]


class Column:
    """The values of a keyword, number, date or boolean, by row and the other way round."""

    def __init__(self) -> None:
        self._values: dict[int, list[Value]] = {}
        self._rows: dict[Value, Rows] = {}

    def add(self, row: int, values: list[Value]) -> None:
        """Take in the values of a row."""
        self._values[row] = values
        for value in values:
            self._rows.setdefault(value, set()).add(row)

    def remove(self, row: int) -> None:
        """Forget a row."""
        for value in self._values.pop(row, ()):
            self._rows[value].discard(row)
            if not self._rows[value]:
                del self._rows[value]

    def values(self, row: int) -> list[Value]:
        """Return the values of a row."""
        return self._values.get(row, [])

    def having(self, value: Value) -> Rows:
        """Return the rows that hold the value."""
        return self._rows.get(value, set())

    def within(self, bounds: Mapping[str, Any]) -> Rows:
        """Return the rows with a value that keeps all of gt, gte, lt and lte."""
        found: Rows = set()
        for value, rows in self._rows.items():
            if all(_HOLDS[name](value, bound) for name, bound in bounds.items()):
                found |= rows
        return found

    def rows(self) -> Rows:
        """Return the rows that hold anything."""
        return {row for row, values in self._values.items() if values}


_HOLDS = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}


class Vectors:
    """The vectors of one field, searched exactly."""

    def __init__(self, field: Field) -> None:
        self._space = field.space
        self._matrix = np.zeros((64, field.dimension), dtype=np.float32)
        self._rows: list[int] = []
        self._slots: dict[int, int] = {}

    def add(self, row: int, values: list[list[float]]) -> None:
        """Take in the vector of a row."""
        for vector in values:
            slot = len(self._rows)
            if slot == len(self._matrix):
                self._matrix = np.vstack([self._matrix, np.zeros_like(self._matrix)])
            self._matrix[slot] = self._prepared(vector)
            self._rows.append(row)
            self._slots[row] = slot

    def remove(self, row: int) -> None:
        """Forget a row: the last one takes its place."""
        slot = self._slots.pop(row, None)
        if slot is None:
            return
        last = self._rows.pop()
        if last != row:
            self._matrix[slot] = self._matrix[len(self._rows)]
            self._rows[slot] = last
            self._slots[last] = slot

    def rows(self) -> Rows:
        """Return the rows that hold a vector."""
        return set(self._slots)

    def nearest(self, vector: list[float], count: int, among: Iterable[int] | None) -> dict[int, float]:
        """Return the best rows with OpenSearch's score of the space, of all or only of those among."""
        slots = None if among is None else [self._slots[row] for row in among if row in self._slots]
        scores = self._scores(vector, slots)
        best = np.argsort(-scores, kind="stable")[:count]
        at = best if slots is None else np.asarray(slots, dtype=np.intp)[best]
        return {
            self._rows[slot]: float(score)
            for slot, score in zip(at.tolist(), scores[best].tolist(), strict=True)
        }

    def _scores(self, vector: list[float], slots: list[int] | None) -> NDArray[np.float32]:
        matrix = self._matrix[: len(self._rows)] if slots is None else self._matrix[slots]
        wanted = self._prepared(vector)
        if self._space == "l2":
            return np.asarray(1 / (1 + np.square(matrix - wanted).sum(axis=1)), dtype=np.float32)
        products = matrix @ wanted
        if self._space == "cosinesimil":
            return np.asarray((1 + products) / 2, dtype=np.float32)
        scores = np.where(products >= 0, products + 1, 1 / (1 - np.minimum(products, 0)))
        return np.asarray(scores, dtype=np.float32)

    def _prepared(self, vector: list[float]) -> NDArray[np.float32]:
        array = np.asarray(vector, dtype=np.float32)
        return array / np.linalg.norm(array) if self._space == "cosinesimil" else array
