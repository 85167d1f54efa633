"""Work done once: claimed by one worker at a time, its result kept before anything else happens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final, TypeVar

from bson import encode
from pydantic import BaseModel
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from common.account import current
from common.errors import Claimed, Permanent, PipelineError, raising
from common.model import CallKey
from common.pipeline import VISIBILITY_TIMEOUT
from common.store import MONGO_FAILURES

R = TypeVar("R", bound=BaseModel)

LEASE: Final = timedelta(seconds=VISIBILITY_TIMEOUT * 0.75)
"""Below the visibility timeout: a dead worker's claim is over before its message is back."""

LARGEST_RESULT: Final = 12 * 1024**2  # bytes; MongoDB takes documents of 16 MiB


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


@dataclass(frozen=True, slots=True)
class AtWork:
    """The claim under which something is being done: the work's digest, and which claim of it this is."""

    digest: str
    fence: int


_at_work: ContextVar[AtWork | None] = ContextVar("at_work", default=None)


def at_work() -> AtWork | None:
    """The claim that what runs here runs under, if any."""
    return _at_work.get()


@contextmanager
def _working(work: WorkId, fence: int) -> Iterator[None]:
    token = _at_work.set(AtWork(work.digest, fence))
    try:
        yield
    finally:
        _at_work.reset(token)


class Claims:
    """The collection ``work``. A claim carries a fence: who lost it cannot overwrite who took over.

    *lease* is how long a claim outlives its worker; it is prolonged while the work goes on.
    """

    def __init__(
        self, collection: Any, *, days: int, lease: timedelta = LEASE, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._collection = collection
        self._kept_for = timedelta(days=days)
        self._length = lease
        self._now = now

    async def once(self, work: WorkId, shape: type[R], do: Callable[[], Awaitable[R]]) -> R:
        """What *do* returned the first time it came to its end.

        Raises:
            Claimed: another worker is at it, or took it over before this one was done.
            Permanent: the result is too large to be kept (reason ``result_too_large``).
        """
        row = await self._find(work) or await self._claim(work)
        if row["result"] is None:
            async with self._holding(work, row["fence"]):
                with _working(work, row["fence"]):
                    result = await do()
                row = await self._keep(work, row["fence"], result)
            if account := current():
                account.kept()
        return shape.model_validate(row["result"])

    async def each(
        self,
        works: Sequence[WorkId],
        shape: type[R],
        do: Callable[[Sequence[WorkId]], Awaitable[Sequence[R]]],
    ) -> dict[WorkId, R]:
        """As ``once``, for works that are done together: *do* answers for each it is given, in order.

        Raises:
            Claimed: another worker is at one of them; those that were taken up are let go.
        """
        async with AsyncExitStack() as held:
            rows = {work: await self._taken_up(work, held) for work in works}
            todo = [work for work, row in rows.items() if row["result"] is None]
            if todo:
                with _working(todo[0], rows[todo[0]]["fence"]) if len(todo) == 1 else nullcontext():
                    results = await do(todo)
                for work, result in zip(todo, results, strict=True):
                    rows[work] = await self._keep(work, rows[work]["fence"], result)
        if todo and (account := current()):
            account.kept()
        return {work: shape.model_validate(row["result"]) for work, row in rows.items()}

    async def results(self, works: Iterable[WorkId], shape: type[R]) -> dict[WorkId, R]:
        """The results of those of *works* that are done."""
        asked = {work.digest: work for work in works}
        query = {"_id": {"$in": list(asked)}, "result": {"$ne": None}}
        with raising("looking up paid work", MONGO_FAILURES):
            rows = [row async for row in self._collection.find(query, {"result": 1})]
        return {asked[row["_id"]]: shape.model_validate(row["result"]) for row in rows}

    async def missing(self, works: Iterable[WorkId]) -> set[WorkId]:
        """Those of *works* whose result is not kept yet."""
        asked = {work.digest: work for work in works}
        query = {"_id": {"$in": list(asked)}, "result": {"$ne": None}}
        with raising("looking up paid work", MONGO_FAILURES):
            kept = {row["_id"] async for row in self._collection.find(query, {"_id": 1})}
        return {work for digest, work in asked.items() if digest not in kept}

    async def prepare(self) -> None:
        """Create the indexes: rows end by themselves, and can be erased with their call."""
        with raising("creating an index", MONGO_FAILURES):
            await self._collection.create_index("expires_at", expireAfterSeconds=0)
            await self._collection.create_index([("tenant_id", 1), ("call_id", 1)])

    async def _find(self, work: WorkId) -> dict[str, Any] | None:
        """The row of work that is done."""
        row = await self._row(work)
        return row if row and row["result"] is not None else None

    async def _taken_up(self, work: WorkId, held: AsyncExitStack) -> dict[str, Any]:
        """Its row: claimed for us, or done by another since it was looked up."""
        row = await self._claim(work)
        if row["result"] is None:
            await held.enter_async_context(self._holding(work, row["fence"]))
        return row

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
                        "$set": {"lease_until": now + self._length, "expires_at": now + self._kept_for},
                        "$setOnInsert": named,
                    },
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                )
            except DuplicateKeyError:
                return await self._done_or_claimed(work)
        return claimed

    async def _done_or_claimed(self, work: WorkId) -> dict[str, Any]:
        row = await self._row(work)
        if row is None or row["result"] is None:
            rest = (row["lease_until"] - self._now()).total_seconds() if row else 0.0
            raise Claimed("another worker is at this", retry_after=max(rest, 0.0))
        return row

    async def _keep(self, work: WorkId, fence: int, result: BaseModel) -> dict[str, Any]:
        kept = _keepable(result)
        with raising("keeping paid work", MONGO_FAILURES):
            done = await self._collection.update_one(
                {"_id": work.digest, "fence": fence, "result": None}, {"$set": kept}
            )
        if done.matched_count:
            return kept
        return await self._done_or_claimed(work)

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
            await asyncio.sleep(self._length.total_seconds() / 3)
            with suppress(PipelineError):  # tried again in a moment, while the lease still lasts
                await self._lease(work, fence, self._length)

    async def _lease(self, work: WorkId, fence: int, length: timedelta) -> None:
        with raising("holding a claim", MONGO_FAILURES):
            await self._collection.update_one(
                {"_id": work.digest, "fence": fence}, {"$set": {"lease_until": self._now() + length}}
            )


def _keepable(result: BaseModel) -> dict[str, Any]:
    kept = {"result": result.model_dump(mode="json")}
    size = len(encode(kept))
    if size > LARGEST_RESULT:
        raise Permanent(
            f"a result of {size} bytes is not kept, {LARGEST_RESULT} is the most; ask for smaller pieces",
            reason="result_too_large",
        )
    return kept
