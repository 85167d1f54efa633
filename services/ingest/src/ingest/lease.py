"""The right to do something alone, for a while: a lease in MongoDB whose fence grows with each holder."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from common.errors import raising
from common.store import MONGO_FAILURES
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError


class Lease:
    """One name's lease, as one process asks for it."""

    def __init__(
        self, collection: Any, name: str, holder: str, length: timedelta, now: Callable[[], datetime]
    ) -> None:
        self._collection = collection
        self._name = name
        self._holder = holder
        self._length = length
        self._now = now

    async def take(self) -> int | None:
        """Take the lease, or prolong it; the fence, or None while another holds it."""
        return await self._prolong() or await self._take_over()

    async def give_back(self) -> None:
        """End the lease, if it is still ours, so that nobody has to wait for its end."""
        with raising("giving a lease back", MONGO_FAILURES):
            await self._collection.update_one(self._ours, {"$set": {"until": self._now()}})

    @property
    def _ours(self) -> dict[str, Any]:
        return {"_id": self._name, "holder": self._holder}

    async def _prolong(self) -> int | None:
        now = self._now()
        return await self._update(self._ours | {"until": {"$gt": now}}, {}, now, upsert=False)

    async def _take_over(self) -> int | None:
        now = self._now()
        over = {"_id": self._name, "until": {"$lte": now}}
        return await self._update(over, {"$inc": {"fence": 1}}, now, upsert=True)

    async def _update(
        self, which: dict[str, Any], change: dict[str, Any], now: datetime, *, upsert: bool
    ) -> int | None:
        held = {"$set": {"holder": self._holder, "until": now + self._length}}
        with raising("taking a lease", MONGO_FAILURES):
            try:
                row = await self._collection.find_one_and_update(
                    which, change | held, upsert=upsert, return_document=ReturnDocument.AFTER
                )
            except DuplicateKeyError:  # there is a living lease, so nothing matched and nothing could be made
                return None
        return None if row is None else int(row["fence"])
