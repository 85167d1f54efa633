"""What was paid, added up from the ledger: by day, stage and model, or by call."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any, Final, Literal, Protocol

from common.errors import raising
from common.model import Noun, TenantId
from common.store import MONGO_FAILURES

Part = Literal["day", "stage", "model", "call_id"]
PARTS: Final[tuple[Part, ...]] = ("day", "stage", "model", "call_id")
"""What rows can be told apart by, in the order in which they are sorted."""

_KNOWN: Final = {"$gte": ["$input_tokens", 0]}  # of a request whose answer told what it took


class Spending(Noun):
    """Requests added up; one that several calls share counts for each of them, with its part of the costs.

    ``cost_usd`` is what is known to have been paid. ``started`` requests have no end yet, or died with their
    worker, and of ``unknown`` ones nobody can tell: ``at_most_usd`` counts what both may have cost beside.
    """

    requests: int = 0
    started: int = 0
    unknown: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    audio_seconds: float = 0.0
    cost_usd: float = 0.0
    at_most_usd: float = 0.0


class Cost(Spending):
    """A row: what the answer is not told apart by is null, as is the call of what belongs to none."""

    day: str | None = None
    stage: str | None = None
    model: str | None = None
    call_id: str | None = None


class CostQuery(Noun):
    """Whose costs of which days: *since* the first, *until* the day after the last, both UTC's."""

    tenant_id: TenantId
    since: date
    until: date
    by: tuple[Part, ...] = ("day", "stage", "model")
    call_id: str | None = None


class Collection(Protocol):
    """The part of a MongoDB collection that adds up."""

    def aggregate(self, pipeline: list[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
        """The documents that come out of a pipeline."""
        ...


class Costs:
    """The collection ``ledger``, read."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def total(self, asked: CostQuery) -> Spending:
        """All of it in one row."""
        pipeline = [_matching(asked), {"$group": {"_id": None, **_SUMS}}]
        with raising("adding up the ledger", MONGO_FAILURES):
            async for row in self._collection.aggregate(pipeline):
                return Spending(**_figures(row))
        return Spending()

    async def rows(
        self, asked: CostQuery, limit: int | None = None, after: tuple[str, ...] = ()
    ) -> AsyncIterator[Cost]:
        """The rows in order, at most *limit*, from the one that follows *after* on, which ``place`` tells."""
        parts = ordered(asked.by)
        pipeline = [
            _matching(asked),
            {"$group": {"_id": {part: {"$ifNull": [f"${part}", ""]} for part in parts}, **_SUMS}},
            *_following(parts, after),
            {"$sort": {f"_id.{part}": 1 for part in parts}},
            *([{"$limit": limit}] if limit is not None else []),
        ]
        with raising("adding up the ledger", MONGO_FAILURES):
            async for row in self._collection.aggregate(pipeline):
                named = {part: value or None for part, value in row["_id"].items()}
                yield Cost(**named, **_figures(row))


def ordered(by: tuple[Part, ...]) -> tuple[Part, ...]:
    """Each part once, in the order of rows."""
    return tuple(part for part in PARTS if part in by)


def place(cost: Cost, by: tuple[Part, ...]) -> tuple[str, ...]:
    """Where a row stands among the others."""
    return tuple(getattr(cost, part) or "" for part in ordered(by))


_SUMS: Final[dict[str, Any]] = {
    "requests": {"$sum": 1},
    "started": {"$sum": {"$cond": [{"$eq": ["$outcome", "started"]}, 1, 0]}},
    "unknown": {"$sum": {"$cond": [{"$eq": ["$outcome", "unknown"]}, 1, 0]}},
    "input_tokens": {"$sum": "$input_tokens"},
    "output_tokens": {"$sum": "$output_tokens"},
    # Before its end is known a row holds the seconds that were asked for.
    "audio_seconds": {"$sum": {"$cond": [_KNOWN, "$audio_seconds", 0.0]}},
    "cost_usd": {"$sum": "$usd"},
    "at_most_usd": {"$sum": {"$ifNull": ["$usd", "$at_most_usd"]}},
}


def _matching(asked: CostQuery) -> dict[str, Any]:
    days = {"$gte": asked.since.isoformat(), "$lt": asked.until.isoformat()}
    one = {} if asked.call_id is None else {"call_id": asked.call_id}
    return {"$match": {"tenant_id": asked.tenant_id, "day": days, **one}}


def _following(parts: tuple[Part, ...], after: tuple[str, ...]) -> list[dict[str, Any]]:
    """Rows behind a place: greater in one part, equal in all before it."""
    if not after:
        return []
    same = [{f"_id.{part}": value} for part, value in zip(parts, after, strict=True)]
    later = [{f"_id.{part}": {"$gt": value}} for part, value in zip(parts, after, strict=True)]
    return [{"$match": {"$or": [{"$and": [*same[:n], later[n]]} for n in range(len(parts))]}}]


def _figures(row: dict[str, Any]) -> dict[str, Any]:
    """USD to a thousandth of a millionth, as the ledger's own sums are."""
    return {name: round(row[name], 9) if isinstance(row[name], float) else row[name] for name in _SUMS}
