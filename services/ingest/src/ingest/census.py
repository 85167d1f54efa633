"""How many calls of a tenant stand where, counted in the journal."""

from collections.abc import AsyncIterator
from typing import Any, Final, Protocol

from common.entry import ERASED
from common.errors import raising
from common.pipeline import STATUSES
from common.store import MONGO_FAILURES

FAILED: Final = "failed"

_NEWEST: Final = {
    "_id": "$call_id",
    "rank": {"$first": "$rank"},
    "failed": {"$first": {"$ifNull": ["$failed.reason", ""]}},
}
_STANDING: Final = {"rank": "$rank", "failed": {"$ne": ["$failed", ""]}}


class Collection(Protocol):
    """The part of a MongoDB collection that adds up."""

    def aggregate(self, pipeline: list[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
        """The documents that come out of a pipeline."""
        ...


class Census:
    """The collection ``journal``, counted: a call once, by its newest revision; erased ones are none."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def by_status(self, tenant_id: str) -> dict[str, int]:
        """Calls by status, in the order of the line; a status that no call has is left out."""
        pipeline: list[dict[str, Any]] = [
            {"$match": {"tenant_id": tenant_id}},
            {"$sort": {"call_id": 1, "revision": -1}},
            {"$group": _NEWEST},
            {"$match": {"failed": {"$ne": ERASED}}},
            {"$group": {"_id": _STANDING, "calls": {"$sum": 1}}},
        ]
        counted = dict.fromkeys((*STATUSES, FAILED), 0)
        with raising("counting calls", MONGO_FAILURES):
            async for row in self._collection.aggregate(pipeline):
                counted[_status(row["_id"])] += row["calls"]
        return {status: calls for status, calls in counted.items() if calls}


def _status(standing: dict[str, Any]) -> str:
    return FAILED if standing["failed"] else STATUSES[standing["rank"]]
