"""What a list tells of its calls beside the journal: two reads a page, however many calls are on it."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from common.errors import raising
from common.model import CallKey, Noun
from common.store import MONGO_FAILURES

_KEY: Final = ("call_id", "revision")
_CALL: Final = ("agent", "customer", "company_name", "started_at", "filename")
_CALL_FIELDS: Final = (*_KEY, *(f"metadata.{name}" for name in _CALL), "recording.duration_ms")
_ANALYSIS_FIELDS: Final = (*_KEY, "insights.sentiment.overall", "insights.call_outcome")


class Glance(Noun):
    """A call at a glance; null is what is not known, or not yet."""

    agent: str | None
    customer: str | None
    company_name: str | None
    started_at: datetime | None
    filename: str | None
    duration_ms: int | None
    sentiment: str | None
    call_outcome: str | None


class Glances:
    """The collections ``calls`` and ``analyses``, of each call only what a line of a list has room for."""

    def __init__(self, calls: Any, analyses: Any) -> None:
        self._calls = calls
        self._analyses = analyses

    async def at(self, tenant_id: str, keys: Sequence[CallKey]) -> list[Glance]:
        """A glance at each of these calls, as it was known in its revision."""
        query = {"tenant_id": tenant_id, "call_id": {"$in": sorted({key.call_id for key in keys})}}
        calls, analyses = await asyncio.gather(
            _rows(self._calls, query, _CALL_FIELDS), _rows(self._analyses, query, _ANALYSIS_FIELDS)
        )
        return [_glance(_latest(calls, key), _latest(analyses, key)) for key in keys]


async def _rows(collection: Any, query: dict[str, Any], fields: Iterable[str]) -> list[dict[str, Any]]:
    with raising("reading what a list tells", MONGO_FAILURES):
        return [row async for row in collection.find(query, dict.fromkeys(fields, 1))]


def _latest(rows: list[dict[str, Any]], key: CallKey) -> dict[str, Any]:
    """The newest at or before this revision: a re-run rests on what earlier stages kept."""
    fitting = (row for row in rows if row["call_id"] == key.call_id and row["revision"] <= key.revision)
    return max(fitting, key=lambda row: row["revision"], default={})


def _glance(call: dict[str, Any], analysis: dict[str, Any]) -> Glance:
    metadata, insights = call.get("metadata") or {}, analysis.get("insights") or {}
    return Glance(
        **{name: metadata.get(name) for name in _CALL},
        duration_ms=(call.get("recording") or {}).get("duration_ms"),
        sentiment=(insights.get("sentiment") or {}).get("overall"),
        call_outcome=insights.get("call_outcome"),
    )
