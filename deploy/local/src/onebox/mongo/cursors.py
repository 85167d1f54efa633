"""Open cursors: the documents that did not fit into an answer yet."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bson import Int64
from bson.raw_bson import RawBSONDocument

from onebox.mongo.errors import Refused

FIRST_BATCH = 101  # documents, when the client does not say
BATCH_BYTES = 16 * 1024 * 1024
IDLE = 600.0  # seconds until a cursor nobody reads is closed


@dataclass(slots=True)
class _Cursor:
    namespace: str
    rest: list[RawBSONDocument]  # in reverse: the next document is the last
    read_at: float


class Cursors:
    """`now` is seconds on any clock that only goes forward."""

    def __init__(self) -> None:
        self._open: dict[int, _Cursor] = {}
        self._last = 0

    def start(
        self, namespace: str, found: Iterable[RawBSONDocument], size: int | None, now: float
    ) -> dict[str, Any]:
        """Answer with the first batch, and keep the rest."""
        cursor = _Cursor(namespace, list(found)[::-1], now)
        batch = _batch(cursor, FIRST_BATCH if size is None else size)
        return {"cursor": {"firstBatch": batch, "id": self._kept(cursor), "ns": namespace}, "ok": 1.0}

    def more(self, number: int, size: int | None, now: float) -> dict[str, Any]:
        """Answer with the next batch."""
        cursor = self._open.get(number)
        if cursor is None:
            raise Refused("CursorNotFound", f"cursor id {number} not found")
        cursor.read_at = now
        batch = _batch(cursor, size or len(cursor.rest))
        if not cursor.rest:
            del self._open[number]
        left = Int64(number if cursor.rest else 0)
        return {"cursor": {"nextBatch": batch, "id": left, "ns": cursor.namespace}, "ok": 1.0}

    def close(self, numbers: Iterable[int]) -> dict[str, Any]:
        """Forget cursors."""
        killed: list[Int64] = []
        unknown: list[Int64] = []
        for number in numbers:
            (killed if self._open.pop(number, None) else unknown).append(Int64(number))
        empty: dict[str, Any] = {"cursorsAlive": [], "cursorsUnknown": []}
        return {"cursorsKilled": killed, "cursorsNotFound": unknown, **empty, "ok": 1.0}

    def expire(self, now: float) -> None:
        """Forget cursors whose clients have gone."""
        for number in [number for number, cursor in self._open.items() if now - cursor.read_at > IDLE]:
            del self._open[number]

    def _kept(self, cursor: _Cursor) -> Int64:
        if not cursor.rest:
            return Int64(0)
        self._last += 1
        self._open[self._last] = cursor
        return Int64(self._last)


def _batch(cursor: _Cursor, size: int) -> list[RawBSONDocument]:
    batch: list[RawBSONDocument] = []
    room = BATCH_BYTES
    while cursor.rest and len(batch) < size and (not batch or len(cursor.rest[-1].raw) <= room):
        batch.append(cursor.rest.pop())
        room -= len(batch[-1].raw)
    return batch
