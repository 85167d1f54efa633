"""What became of each call: status, attempts, times, cost and reason; one middleware writes it for all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from pydantic import Field
from pymongo import ReturnDocument

from common.errors import raising
from common.model import CallKey, Noun, Work
from common.pipeline import STATUSES, Stage
from common.store import MONGO_FAILURES


class Failure(Noun):
    """Why a call failed, or an attempt did: a code, and a sentence without personal data."""

    stage: str
    reason: str
    message: str
    timestamp: datetime
    retry_count: int = 0


class StageEntry(Noun):
    """One stage's record for one call.

    ``reported`` counts the attempts that came back, however; ``causes`` the failed ones by reason.
    """

    attempts: int = 0
    reported: int = 0
    causes: dict[str, int] = Field(default_factory=dict)
    started_at: datetime | None = None
    finished_at: datetime | None = None
    processing_time_seconds: float | None = None
    provider: str | None = None
    model: str | None = None
    cost_usd: float | None = None
    error: Failure | None = None


class Entry(CallKey):
    """A call's journal."""

    rank: int = 0
    failed: Failure | None = None
    created_at: datetime
    updated_at: datetime
    stages: dict[str, StageEntry] = Field(default_factory=dict)

    @property
    def status(self) -> str:
        """One of ``STATUSES``, or ``failed``."""
        return "failed" if self.failed else STATUSES[self.rank]

    @property
    def cost_usd(self) -> float:
        """What is known to have been paid for this call."""
        return round(sum(stage.cost_usd or 0.0 for stage in self.stages.values()), 6)


@dataclass(frozen=True, slots=True)
class Page:
    """A cursor into the list of calls: everything older than this entry."""

    created_at: datetime
    id: str


class Journal:
    """The ``journal`` collection, keyed as every document is."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection

    async def expect(self, key: CallKey, stage: Stage, now: datetime) -> Entry:
        """A call is on its way to *stage*: it can be found before its first attempt."""
        return await self._change(key, stage, now, {})

    async def begin(self, key: CallKey, stage: Stage, now: datetime) -> Entry:
        """An attempt starts. A call that had failed in this very stage is given another chance."""
        entry = await self._change(
            key,
            stage,
            now,
            {"$inc": {"attempts": 1}, "$set": {"started_at": now}},
            rank=STATUSES.index(stage.doing),
        )
        if entry.failed and entry.failed.stage == stage.name:
            entry = await self._change(key, stage, now, {}, call={"failed": None})
        return entry

    async def finish(
        self, key: CallKey, stage: Stage, now: datetime, took: float, work: Work | None
    ) -> Entry:
        """An attempt succeeded after *took* seconds."""
        found = {"finished_at": now, "processing_time_seconds": round(took, 3), "error": None}
        paid = {} if work is None else work.model_dump(include={"provider", "model", "cost_usd"})
        return await self._change(
            key, stage, now, {"$inc": {"reported": 1}, "$set": found | paid}, rank=STATUSES.index(stage.done)
        )

    async def fail(
        self, key: CallKey, stage: Stage, now: datetime, failure: Failure, *, final: bool
    ) -> Entry:
        """An attempt failed; *final* ends the call as ``failed``."""
        row = failure.model_dump()
        counted = {"reported": 1, f"causes.{failure.reason}": 1}
        update: dict[str, dict[str, Any]] = {"$inc": counted, "$set": {"error": row}}
        return await self._change(key, stage, now, update, call={"failed": row} if final else {})

    async def release(self, key: CallKey, stage: Stage, now: datetime) -> Entry:
        """An attempt was given back unfinished (a stop, a lost lease): no fault of the message."""
        return await self._change(key, stage, now, {"$inc": {"reported": 1}})

    async def find(self, tenant_id: str, call_id: str, revision: int | None = None) -> Entry | None:
        """A call's journal, its newest revision unless one is named."""
        query: dict[str, Any] = {"tenant_id": tenant_id, "call_id": call_id}
        if revision is not None:
            query["revision"] = revision
        with raising("reading the journal", MONGO_FAILURES):
            row = await self._collection.find_one(query, sort=[("revision", -1)])
        return None if row is None else Entry.model_validate(row)

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
        """A tenant's calls, newest first, at most *limit*."""
        conditions = [
            {"tenant_id": tenant_id},
            *_having_status(status),
            *_between(since, until),
            *_older_than(after),
        ]
        with raising("reading the journal", MONGO_FAILURES):
            rows = self._collection.find(
                {"$and": conditions}, sort=[("created_at", -1), ("_id", -1)], limit=limit
            )
            return [Entry.model_validate(row) async for row in rows]

    async def prepare(self) -> None:
        """Create the indexes of the two queries above."""
        with raising("creating an index", MONGO_FAILURES):
            await self._collection.create_index([("tenant_id", 1), ("created_at", -1), ("_id", -1)])
            await self._collection.create_index([("tenant_id", 1), ("call_id", 1), ("revision", -1)])

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
