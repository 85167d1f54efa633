"""Which calls have another status than their chunks make believe: few, so that they can be named."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from common.entry import COMPLETED, ERASED, Entry
from common.errors import raising
from common.pipeline import EMBED, STATUSES
from common.store import MONGO_FAILURES

MOST: Final = 5000  # calls that a question may name; the index takes no list without an end

_EMBEDDING: Final = STATUSES.index(EMBED.doing)
_NOT_THROUGH: Final = {
    "$or": [{"failed": {"$ne": None}}, {"rank": {"$lt": COMPLETED}}],
    "failed.reason": {"$ne": ERASED},
}
# Chunks are written by the last stage: whoever has not reached it has some of an earlier revision at most.
_MAY_HAVE_CHUNKS: Final = {"$or": [{"revision": {"$gt": 1}}, {"rank": {"$gte": _EMBEDDING}}]}


class TooMany(Exception):
    """More calls are on their way again than a question can name."""


class Standings:
    """The collection ``journal``, read for what is searched; any call that it does not name is completed."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection

    async def unsettled(self, tenant_id: str, call_ids: Sequence[str] = ()) -> dict[str, str]:
        """The status of each call that may have chunks and is not completed, of *call_ids* if any are given.

        Raises:
            TooMany: there are more than ``MOST``.
        """
        among = [{"call_id": {"$in": list(call_ids)}}] if call_ids else []
        newest = {"tenant_id": tenant_id, "superseded": {"$ne": True}}
        query = {"$and": [newest, *among, _NOT_THROUGH, _MAY_HAVE_CHUNKS]}
        named = {row["call_id"] async for row in self._rows(query, MOST + 1)}
        if len(named) > MOST:
            raise TooMany
        return await self._newest(tenant_id, sorted(named)) if named else {}

    async def _newest(self, tenant_id: str, call_ids: list[str]) -> dict[str, str]:
        """A call's status is that of its newest revision."""
        newest: dict[str, Entry] = {}
        async for row in self._rows({"tenant_id": tenant_id, "call_id": {"$in": call_ids}}, 0):
            entry = Entry.model_validate(row)
            known = newest.get(entry.call_id)
            if known is None or entry.revision > known.revision:
                newest[entry.call_id] = entry
        statuses = {call_id: entry.status for call_id, entry in newest.items()}
        return {call_id: status for call_id, status in statuses.items() if status != STATUSES[COMPLETED]}

    async def _rows(self, query: dict[str, Any], limit: int) -> AsyncIterator[dict[str, Any]]:
        fields = dict.fromkeys(
            ("tenant_id", "call_id", "revision", "rank", "failed", "created_at", "updated_at"), 1
        )
        with raising("reading the journal", MONGO_FAILURES):
            async for row in self._collection.find(query, fields, limit=limit):
                yield row
