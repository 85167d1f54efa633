"""What became of each call: status, attempts, times, cost and reason; one middleware writes it for all."""

import os
import socket
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from common.entry import (
    COMPLETED,
    ERASED,
    Entry,
    Failure,
    Parking,
    Source,
    StageEntry,
    Step,
    Swept,
    reopened,
)
from common.errors import Claimed, raising
from common.model import CallKey, Work
from common.pipeline import STATUSES, Stage
from common.store import MONGO_FAILURES

__all__ = ["Entry", "Failure", "Journal", "Page", "StageEntry", "work_of"]

TRAIL = 40  # steps kept of a stage: a begin and an end for each of the twenty deliveries of a message

_LIVING: dict[str, Any] = {"failed.reason": {"$ne": ERASED}}
_MOVING = {"failed.reason": None, "rank": {"$in": list(range(COMPLETED))}}
_PARKED = _MOVING | {"parked.until": {"$gt": datetime(1970, 1, 1, tzinfo=UTC)}}


@dataclass(frozen=True, slots=True)
class Page:
    """A cursor into the list of calls: everything older than this entry."""

    created_at: datetime
    id: str


class Journal:
    """The ``journal`` collection, keyed as every document is."""

    def __init__(self, collection: Any, holder: str | None = None) -> None:
        self._collection = collection
        self._holder = holder or f"{socket.gethostname()}:{os.getpid()}"

    async def expect(self, key: CallKey, stage: Stage, now: datetime, source: Source | None = None) -> Entry:
        """A call is on its way to *stage*: it can be found before its first attempt."""
        return await self._change(key, stage, now, {}, call=_from(source))

    async def begin(self, key: CallKey, stage: Stage, now: datetime, source: Source | None = None) -> Entry:
        """An attempt starts. A call that had failed in this very stage starts counting anew."""
        entry = await self._change(
            key,
            stage,
            now,
            {"$inc": {"attempts": 1}, "$set": {"started_at": now}, "$push": self._step("begun", now)},
            rank=STATUSES.index(stage.doing),
            call=_from(source) | {"parked": None},
        )
        if entry.failed and entry.failed.stage == stage.name:
            # Redriven: what made it fail before must not be held against it at the first new mishap.
            anew = {"causes": {}, "reported": entry.stages[stage.name].attempts - 1}
            entry = await self._change(key, stage, now, {"$set": anew}, call={"failed": None})
        return entry

    async def redo(self, before: Entry, first: Stage, rank: int, now: datetime) -> Entry:
        """Open the revision after *before* from *first* on, the call having come as far as *rank*.

        Raises:
            Claimed: somebody has just opened it.
        """
        entry = reopened(before, first, rank, now)
        older = {"tenant_id": entry.tenant_id, "call_id": entry.call_id, "revision": {"$lt": entry.revision}}
        with raising("writing the journal", {DuplicateKeyError: Claimed, **MONGO_FAILURES}):
            await self._collection.insert_one({"_id": entry.id, **entry.model_dump(exclude_none=True)})
            # In this order: whoever stops in between leaves a call listed twice, never one not listed.
            await self._collection.update_many(older, {"$set": {"superseded": True}})
        return entry

    async def finish(
        self, key: CallKey, stage: Stage, now: datetime, took: float, work: Work | None
    ) -> Entry:
        """An attempt succeeded after *took* seconds."""
        found = {"finished_at": now, "processing_time_seconds": round(took, 3), "error": None}
        paid = {} if work is None else work.model_dump(include={"provider", "model", "cost_usd"})
        return await self._change(
            key,
            stage,
            now,
            {
                "$inc": {"reported": 1},
                "$set": found | paid,
                "$push": self._step("completed", now, took=round(took, 3)),
            },
            rank=STATUSES.index(stage.done),
            call={"parked": None},
        )

    async def fail(
        self, key: CallKey, stage: Stage, now: datetime, failure: Failure, *, final: bool
    ) -> Entry:
        """An attempt failed; *final* ends the call as ``failed``."""
        row = failure.model_dump()
        counted = {"reported": 1, f"causes.{failure.reason}": 1}
        step = self._step("failed" if final else "retried", now, reason=failure.reason)
        update: dict[str, dict[str, Any]] = {"$inc": counted, "$set": {"error": row}, "$push": step}
        return await self._change(key, stage, now, update, call={"failed": row} if final else {})

    async def release(self, key: CallKey, stage: Stage, now: datetime) -> Entry:
        """An attempt was given back unfinished (a stop, a lost lease): no fault of the message."""
        update = {"$inc": {"reported": 1}, "$push": self._step("released", now)}
        return await self._change(key, stage, now, update)

    async def park(self, key: CallKey, stage: Stage, now: datetime, until: datetime, reason: str) -> Entry:
        """An attempt ends without a message: the call is announced to *stage* again when *until* has come."""
        update = {"$inc": {"reported": 1}, "$push": self._step("parked", now, reason=reason)}
        parked = Parking(stage=stage.name, until=until, reason=reason)
        return await self._change(key, stage, now, update, call={"parked": parked.model_dump()})

    async def find(self, tenant_id: str, call_id: str, revision: int | None = None) -> Entry | None:
        """A call's journal, its newest revision unless one is named."""
        query = {"tenant_id": tenant_id, "call_id": call_id, **_LIVING}
        if revision is not None:
            query["revision"] = revision
        with raising("reading the journal", MONGO_FAILURES):
            row = await self._collection.find_one(query, sort=[("revision", -1)])
        return None if row is None else Entry.model_validate(row)

    async def revisions(self, tenant_id: str, call_id: str, limit: int) -> list[Entry]:
        """A call's journals, newest revision first, at most *limit*."""
        with raising("reading the journal", MONGO_FAILURES):
            rows = self._collection.find(
                {"tenant_id": tenant_id, "call_id": call_id, **_LIVING}, sort=[("revision", -1)], limit=limit
            )
            return [Entry.model_validate(row) async for row in rows]

    async def newest(
        self,
        tenant_id: str,
        limit: int,
        *,
        status: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        after: Page | None = None,
    ) -> list[Entry]:
        """A tenant's calls, each by its newest revision, newest first, at most *limit*."""
        conditions = [
            {"tenant_id": tenant_id, "superseded": {"$ne": True}},
            _LIVING,
            *_having_status(status),
            *_between(since, until),
            *_older_than(after),
        ]
        with raising("reading the journal", MONGO_FAILURES):
            rows = self._collection.find(
                {"$and": conditions}, sort=[("created_at", -1), ("_id", -1)], limit=limit
            )
            return [Entry.model_validate(row) async for row in rows]

    async def unfinished(self, before: datetime) -> AsyncGenerator[Entry, None]:
        """Every tenant's calls that are neither completed nor failed and have not moved after *before*."""
        async for entry in self._all(_MOVING | {"updated_at": {"$lte": before}}):
            yield entry

    async def parked(self, until: datetime | None = None) -> AsyncGenerator[Entry, None]:
        """Every tenant's parked calls, those first that have to wait the least; at most *until*, if given."""
        query = _PARKED if until is None else _MOVING | {"parked.until": {"$lte": until}}
        with raising("reading the journal", MONGO_FAILURES):
            async for row in self._collection.find(query, sort=[("parked.until", 1)], limit=0):
                yield Entry.model_validate(row)

    async def unpark(self, key: CallKey, now: datetime) -> bool:
        """Let a parked call wait no longer: the next sweep announces it. False if it is not parked."""
        with raising("writing the journal", MONGO_FAILURES):
            done = await self._collection.update_one(
                {"_id": key.id, **_PARKED}, {"$set": {"parked.until": now}}
            )
        return bool(done.matched_count)

    async def moved(self, since: datetime) -> AsyncGenerator[Entry, None]:
        """Every tenant's calls that something became of since then."""
        async for entry in self._all({"updated_at": {"$gte": since}, **_LIVING}):
            yield entry

    async def sweep(self, entry: Entry, swept: Swept, now: datetime, failed: Failure | None = None) -> bool:
        """Note that a call that stood still was announced again, or given up, unless it has moved meanwhile.

        A sweeper whose lease somebody else took over (a higher fence) changes nothing.
        """
        as_it_was = {
            "_id": entry.id,
            "updated_at": entry.updated_at,
            "$or": [{"swept.fence": None}, {"swept.fence": {"$lte": swept.fence}}],
        }
        noted = {"swept": swept.model_dump(), "updated_at": now, "parked": None}
        ended = {"failed": failed.model_dump()} if failed else {}
        with raising("writing the journal", MONGO_FAILURES):
            done = await self._collection.update_one(as_it_was, {"$set": noted | ended})
        return bool(done.matched_count)

    async def bury(self, tenant_id: str, call_id: str, now: datetime, again: datetime) -> None:
        """Leave of every revision that it was erased; *again*: when it is looked for once more.

        From here on the call is found by nobody, and no stage begins on it.
        """
        grave = Failure(stage="", reason=ERASED, message="erased on request", timestamp=now).model_dump()
        left = {"failed": grave, "stages": {}, "swept": None, "parked": None}
        with raising("writing the journal", MONGO_FAILURES):
            await self._collection.update_many(
                {"tenant_id": tenant_id, "call_id": call_id},
                {"$set": {**left, "updated_at": now, "erase_again": again}},
            )

    async def buried(self, now: datetime) -> AsyncGenerator[Entry, None]:
        """Every tenant's erased calls that have to be looked for once more."""
        async for entry in self._all({"failed.reason": ERASED, "erase_again": {"$lte": now}}):
            yield entry

    async def rest(self, tenant_id: str, call_id: str) -> None:
        """An erased call was looked for again: where it came from is forgotten, too."""
        with raising("writing the journal", MONGO_FAILURES):
            await self._collection.update_many(
                {"tenant_id": tenant_id, "call_id": call_id, "failed.reason": ERASED},
                {"$set": {"erase_again": None, "source": None}},
            )

    async def tombstone(self, tenant_id: str, call_id: str) -> Entry | None:
        """What is left of an erased call; None for any other."""
        query = {"tenant_id": tenant_id, "call_id": call_id, "failed.reason": ERASED}
        with raising("reading the journal", MONGO_FAILURES):
            row = await self._collection.find_one(query)
        return None if row is None else Entry.model_validate(row)

    async def prepare(self) -> None:
        """Create the indexes of the queries above."""
        with raising("creating an index", MONGO_FAILURES):
            await self._collection.create_index([("tenant_id", 1), ("created_at", -1), ("_id", -1)])
            await self._collection.create_index([("tenant_id", 1), ("call_id", 1), ("revision", -1)])
            await self._collection.create_index([("failed.reason", 1), ("rank", 1), ("updated_at", 1)])
            await self._collection.create_index([("updated_at", 1)])
            await self._collection.create_index([("parked.until", 1)])

    def _step(self, what: str, at: datetime, **more: Any) -> dict[str, Any]:
        """One more step in the trail, the oldest making room."""
        step = Step.model_validate({"what": what, "at": at, "by": self._holder, **more})
        return {"trail": {"$each": [step.model_dump(exclude_none=True)], "$slice": -TRAIL}}

    async def _all(self, query: dict[str, Any]) -> AsyncGenerator[Entry, None]:
        with raising("reading the journal", MONGO_FAILURES):
            async for row in self._collection.find(query, sort=[("updated_at", 1)], limit=0):
                yield Entry.model_validate(row)

    async def _change(
        self,
        key: CallKey,
        stage: Stage,
        now: datetime,
        update: dict[str, dict[str, Any]],
        *,
        rank: int = 0,
        call: Mapping[str, Any] = MappingProxyType({}),
    ) -> Entry:
        """Apply *update* to the stage's entry and *call* to the call's own; the status never moves back."""
        inside = {op: {f"stages.{stage.name}.{k}": v for k, v in what.items()} for op, what in update.items()}
        inside["$set"] = inside.get("$set", {}) | {**call, "updated_at": now}
        born = {
            "tenant_id": key.tenant_id,
            "call_id": key.call_id,
            "revision": key.revision,
            "created_at": now,
        }
        with raising("writing the journal", MONGO_FAILURES):
            row = await self._collection.find_one_and_update(
                {"_id": key.id},
                inside | {"$setOnInsert": born, "$max": {"rank": rank}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        return Entry.model_validate(row)


def _from(source: Source | None) -> dict[str, Any]:
    return {"source": source.model_dump(exclude_none=True)} if source else {}


def work_of(result: object) -> Work | None:
    """What the stage paid, as its event says."""
    return getattr(result, "work", None)


def _having_status(status: str | None) -> list[dict[str, Any]]:
    if status is None:
        return []
    if status == "failed":
        return [{"failed": {"$ne": None}}]
    return [{"rank": STATUSES.index(status)}, {"failed": None}]


def _between(since: datetime | None, until: datetime | None) -> list[dict[str, Any]]:
    bounds = {op: at for op, at in (("$gte", since), ("$lt", until)) if at is not None}
    return [{"created_at": bounds}] if bounds else []


def _older_than(page: Page | None) -> list[dict[str, Any]]:
    if page is None:
        return []
    same_instant = {"created_at": page.created_at, "_id": {"$lt": page.id}}
    return [{"$or": [{"created_at": {"$lt": page.created_at}}, same_instant]}]
