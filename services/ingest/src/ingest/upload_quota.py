"""How many bytes each tenant hands in on a day, counted by single updates in MongoDB; days are UTC's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from common.errors import raising
from common.store import MONGO_FAILURES
from pymongo.errors import DuplicateKeyError

from ingest.problems import Problem

FORGOTTEN: Final = timedelta(days=3)


class UploadQuota:
    """*limit* is in bytes; 0 is none."""

    def __init__(self, collection: Any, limit: int) -> None:
        self._collection = collection
        self._limit = limit

    @property
    def limit(self) -> int | None:
        """Bytes a day, if they are limited."""
        return self._limit or None

    async def taken_on(self, tenant_id: str, day: datetime) -> int | None:
        """Bytes handed in on that day; None where they are not counted."""
        if not self._limit:
            return None
        with raising("counting uploads", MONGO_FAILURES):
            row = await self._collection.find_one({"_id": _id(tenant_id, day)})
        return row["bytes"] if row else 0

    @asynccontextmanager
    async def taken(self, tenant_id: str, size: int, now: datetime) -> AsyncIterator[None]:
        """Count so many bytes, and give them back where what is done with them fails.

        Raises:
            Problem: 429, the tenant has handed in as much as it may today.
        """
        await self.take(tenant_id, size, now)
        try:
            yield
        except BaseException:
            await self.give_back(tenant_id, size, now)
            raise

    async def take(self, tenant_id: str, size: int, now: datetime) -> None:
        """Count so many bytes.

        Raises:
            Problem: 429, as above.
        """
        if self._limit and not await self._fits(tenant_id, size, now):
            raise self._full(now)

    async def give_back(self, tenant_id: str, size: int, day: datetime) -> None:
        """They were counted on that day, and never came."""
        with raising("counting uploads", MONGO_FAILURES):
            await self._collection.update_one({"_id": _id(tenant_id, day)}, {"$inc": {"bytes": -size}})

    async def prepare(self) -> None:
        """Create the index by which days are forgotten."""
        with raising("creating an index", MONGO_FAILURES):
            await self._collection.create_index("forgotten_at", expireAfterSeconds=0)

    async def _fits(self, tenant_id: str, size: int, now: datetime) -> bool:
        if size > self._limit:
            return False
        room = {"_id": _id(tenant_id, now), "bytes": {"$lte": self._limit - size}}
        born = {"tenant_id": tenant_id, "forgotten_at": now + FORGOTTEN}
        with raising("counting uploads", MONGO_FAILURES):
            try:
                await self._collection.find_one_and_update(
                    room, {"$inc": {"bytes": size}, "$setOnInsert": born}, upsert=True
                )
            except DuplicateKeyError:  # the day is there, and has less room
                return False
        return True

    def _full(self, now: datetime) -> Problem:
        midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), now.tzinfo)
        return Problem(
            429,
            f"A day's uploads may have {self._limit} bytes (UPLOAD_BYTES_PER_DAY), and today's do not leave"
            " room for this one; try again tomorrow (UTC).",
            headers={"Retry-After": str(round((midnight - now).total_seconds()))},
        )


def _id(tenant_id: str, day: datetime) -> str:
    return f"{tenant_id}:{day:%Y-%m-%d}"
