"""Work done once: claimed by one worker at a time, its result kept before anything else happens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, TypeVar

from pydantic import BaseModel
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from common.account import current
from common.errors import Claimed, PipelineError, raising
from common.model import CallKey
from common.store import MONGO_FAILURES

R = TypeVar("R", bound=BaseModel)

LEASE = timedelta(seconds=45)  # below the visibility timeout: whoever gets the message next need not wait


def utc_now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class WorkId:
    """What was asked, of whom, about which call: two of the same are the same work.

    Without the revision: a re-run that asks the same pays nothing.
    """

    call: CallKey
    stage: str
    asked: tuple[object, ...]

    @property
    def digest(self) -> str:
        """The key under which the work is kept."""
        parts = (self.call.tenant_id, self.call.call_id, self.stage, *self.asked)
        return sha256("\0".join(map(str, parts)).encode()).hexdigest()


class Claims:
    """The collection ``work``. A claim carries a fence: who lost it cannot overwrite who took over."""

    def __init__(self, collection: Any, *, days: int, now: Callable[[], datetime] = utc_now) -> None:
        self._collection = collection
        self._kept_for = timedelta(days=days)
        self._now = now

    async def once(self, work: WorkId, shape: type[R], do: Callable[[], Awaitable[R]]) -> R:
        """What *do* returned the first time it came to its end.

        Raises:
            Claimed: another worker is at it.
        """
        row = await self._find(work) or await self._claim(work)
        if row["result"] is None:
            async with self._holding(work, row["fence"]):
                result = await do()
                row = await self._keep(work, row["fence"], result)
            if account := current():
                account.kept()
        return shape.model_validate(row["result"])

    async def prepare(self) -> None:
        """Create the indexes: rows end by themselves, and can be erased with their call."""
        with raising("creating an index", MONGO_FAILURES):
            await self._collection.create_index("expires_at", expireAfterSeconds=0)
            await self._collection.create_index([("tenant_id", 1), ("call_id", 1)])

    async def _find(self, work: WorkId) -> dict[str, Any] | None:
        """The row of work that is done."""
        row = await self._row(work)
        return row if row and row["result"] is not None else None

    async def _row(self, work: WorkId) -> dict[str, Any] | None:
        with raising("looking up paid work", MONGO_FAILURES):
            row: dict[str, Any] | None = await self._collection.find_one({"_id": work.digest})
        return row

    async def _claim(self, work: WorkId) -> dict[str, Any]:
        now = self._now()
        named = {"tenant_id": work.call.tenant_id, "call_id": work.call.call_id, "stage": work.stage}
        with raising("claiming paid work", MONGO_FAILURES):
            try:
                # No row, or one whose lease is over; a living one makes the insert a duplicate.
                claimed: dict[str, Any] = await self._collection.find_one_and_update(
                    {"_id": work.digest, "result": None, "lease_until": {"$lt": now}},
                    {
                        "$inc": {"fence": 1},
                        "$set": {"lease_until": now + LEASE, "expires_at": now + self._kept_for},
                        "$setOnInsert": named,
                    },
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                )
            except DuplicateKeyError:
                return await self._done_or_claimed(work)
        return claimed

    async def _done_or_claimed(self, work: WorkId) -> dict[str, Any]:
        row = await self._find(work)
        if row is None:
            raise Claimed("another worker is at this")
        return row

    async def _keep(self, work: WorkId, fence: int, result: BaseModel) -> dict[str, Any]:
        kept = {"result": result.model_dump(mode="json")}
        with raising("keeping paid work", MONGO_FAILURES):
            done = await self._collection.update_one(
                {"_id": work.digest, "fence": fence, "result": None}, {"$set": kept}
            )
        if done.matched_count:
            return kept
        return await self._find(work) or kept  # somebody took over; theirs, once it is there

    @asynccontextmanager
    async def _holding(self, work: WorkId, fence: int) -> AsyncIterator[None]:
        """Prolong the claim while the work goes on; give it up if it fails."""
        renewing = asyncio.create_task(self._renew(work, fence))
        try:
            yield
        except BaseException:
            with suppress(PipelineError):  # the lease then ends by itself
                await asyncio.shield(self._lease(work, fence, timedelta()))
            raise
        finally:
            renewing.cancel()

    async def _renew(self, work: WorkId, fence: int) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            with suppress(PipelineError):  # tried again in a moment, while the lease still lasts
                await self._lease(work, fence, LEASE)

    async def _lease(self, work: WorkId, fence: int, length: timedelta) -> None:
        with raising("holding a claim", MONGO_FAILURES):
            await self._collection.update_one(
                {"_id": work.digest, "fence": fence}, {"$set": {"lease_until": self._now() + length}}
            )
