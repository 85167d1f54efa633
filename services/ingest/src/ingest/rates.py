"""How often a tenant's own questions are answered with which answer, over all calls that were asked them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, Protocol

from common.errors import raising
from common.index import Filters
from common.model import Noun, TenantId
from common.store import MONGO_FAILURES

MOST: Final = 20_000  # calls that are named to the database

Kind = Literal["scorecard", "categories"]

_NAMES: Final[Mapping[Kind, tuple[str, str]]] = {
    "scorecard": ("question_id", "answer"),
    "categories": ("category_id", "present"),
}
_STATES: Final[Mapping[Any, str]] = {True: "present", False: "absent"}
_HELD: Final = frozenset({"yes", "present"})
_WITHOUT_QUOTE: Final = ["no", "not_applicable", False]  # what did not happen needs none
_NOT_ASKED: Final = "not_applicable"


class Rate(Noun):
    """One question or category: in how many calls which answer; ``share`` is of those it applies to."""

    id: str
    calls: int
    states: dict[str, int]
    share: float | None


class Collection(Protocol):
    """The part of a MongoDB collection that is read here."""

    def find(self, query: Any, fields: Any = None, *, limit: int = 0) -> AsyncIterator[dict[str, Any]]:
        """The documents that fit."""
        ...

    def aggregate(self, pipeline: list[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
        """The documents that come out of a pipeline."""
        ...


class Rates:
    """The collections ``analyses`` and ``calls``, read: the index holds no answer that has no quote."""

    def __init__(self, analyses: Collection, calls: Collection) -> None:
        self._analyses = analyses
        self._calls = calls

    async def of(
        self, kinds: Sequence[Kind], tenant_id: TenantId, filters: Filters
    ) -> dict[Kind, tuple[Rate, ...] | None]:
        """Of each kind, by id; None where more than ``MOST`` calls would have to be named."""
        named = await self._named(tenant_id, filters) if kinds else []
        if len(named) > MOST:
            return dict.fromkeys(kinds, None)
        conditions = [{"call_id": {"$in": named}}] if _narrows(filters) else []
        which = {"$and": [{"tenant_id": tenant_id}, *conditions]}
        return {kind: await self._counted(kind, which, filters) for kind in kinds}

    async def _named(self, tenant_id: TenantId, filters: Filters) -> list[str]:
        if not _narrows(filters):
            return []
        query = {"$and": [{"tenant_id": tenant_id}, *_conditions(filters)]}
        with raising("reading calls", MONGO_FAILURES):
            rows = self._calls.find(query, {"call_id": 1}, limit=MOST + 1)
            return [row["call_id"] async for row in rows]

    async def _counted(self, kind: Kind, which: Any, filters: Filters) -> tuple[Rate, ...]:
        found: dict[str, dict[str, int]] = {}
        with raising("counting answers", MONGO_FAILURES):
            async for row in self._analyses.aggregate(_pipeline(kind, which, filters)):
                state = row["_id"]["state"]
                found.setdefault(row["_id"]["id"], {})[_STATES.get(state, state)] = row["calls"]
        return tuple(_rate(name, found[name]) for name in sorted(found))


def _narrows(filters: Filters) -> bool:
    return bool(
        filters.since or filters.until or filters.agents or filters.call_ids or filters.without_call_ids
    )


def _conditions(filters: Filters) -> list[dict[str, Any]]:
    """A call began when its metadata says so, else when it was handed in: as its chunks tell."""
    began = {op: _text(at) for op, at in (("$gte", filters.since), ("$lt", filters.until)) if at is not None}
    told = {"metadata.started_at": began}
    handed_in = {"metadata.started_at": None, "created_at": began}
    return [
        *([{"$or": [told, handed_in]}] if began else []),
        *([{"metadata.agent": {"$in": list(filters.agents)}}] if filters.agents else []),
        *([{"call_id": {"$in": list(filters.call_ids)}}] if filters.call_ids else []),
        *([{"call_id": {"$nin": list(filters.without_call_ids)}}] if filters.without_call_ids else []),
    ]


def _pipeline(kind: Kind, which: Any, filters: Filters) -> list[dict[str, Any]]:
    """Of each call the newest analysis, of that each answer that may be shown."""
    name, state = _NAMES[kind]
    moods = [{"$match": {"sentiment": {"$in": list(filters.sentiments)}}}] if filters.sentiments else []
    shown = [{"answer.evidence.verified": True}, {f"answer.{state}": {"$in": _WITHOUT_QUOTE}}]
    newest = {
        "sentiment": {"$first": "$insights.sentiment.overall"},
        "answer": {"$first": f"$insights.{kind}"},
    }
    told = {"id": f"$answer.{name}", "state": f"$answer.{state}"}
    return [
        {"$match": which},
        {"$sort": {"call_id": 1, "revision": -1}},
        {"$group": {"_id": "$call_id", **newest}},
        *moods,
        {"$unwind": "$answer"},
        {"$match": {"$or": shown}},
        {"$group": {"_id": told, "calls": {"$sum": 1}}},
    ]


def _rate(name: str, states: dict[str, int]) -> Rate:
    calls = sum(states.values())
    asked = calls - states.get(_NOT_ASKED, 0)
    held = sum(count for state, count in states.items() if state in _HELD)
    share = round(held / asked, 4) if asked else None
    return Rate(id=name, calls=calls, states=dict(sorted(states.items())), share=share)


def _text(at: datetime) -> str:
    """A time as documents have it, without the zone: what is of the same second is not before it."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat()
