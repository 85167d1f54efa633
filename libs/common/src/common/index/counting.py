"""What a tenant's calls amount to, counted by the server: calls, not chunks, are what is counted."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, get_args

from common.index.dsl import FIELDS, Body, within
from common.index.marking import marked
from common.index.query import Count, Filters, FindingCount, Hit, Interval, Overview, Period, SubjectCount
from common.model import FindingType, TenantId

_CALLS: Final[Body] = {"calls": {"cardinality": {"field": "call_id"}}}
_MOST_CALLS_FIRST: Final = [{"calls": "desc"}, {"_key": "asc"}]
_STATES: Final = 20  # of one subject; they are few words, but owners and dates are among them

Answer = Mapping[str, Any]


def hit(row: Answer) -> Hit:
    """A row of the server's; marked words come from the field that found them, English first."""
    fields = row.get("highlight", {})
    found = fields.get("text") or fields.get("text.folded", ())
    return Hit(
        chunk_id=row["_id"],
        score=row["_score"] or 0.0,
        highlights=tuple(map(marked, found)),
        **row["_source"],
    )


def count_body(tenant_id: TenantId, filters: Filters) -> Body:
    """How many calls and chunks."""
    return {"size": 0, "track_total_hits": True, "query": within(tenant_id, filters), "aggs": _CALLS}


def count(answer: Answer) -> Count:
    """Read it."""
    return Count(calls=_calls(answer["aggregations"]), chunks=answer["hits"]["total"]["value"])


def findings_body(tenant_id: TenantId, filters: Filters, most: int) -> Body:
    """In how many calls which type of finding has which subjects, the *most* frequent of each type."""
    example = {"size": 1, "sort": [{"facts.started_at": "desc"}], "_source": list(FIELDS)}
    subjects = {
        "terms": {"field": "finding.subject", "size": most, "order": _MOST_CALLS_FIRST},
        "aggs": {
            **_CALLS,
            "states": {"terms": {"field": "finding.state", "size": _STATES}, "aggs": _CALLS},
            "example": {"top_hits": example},
        },
    }
    types = {
        "terms": {"field": "finding.type", "size": len(get_args(FindingType))},
        "aggs": {**_CALLS, "subjects": subjects},
    }
    return {"size": 0, "query": within(tenant_id, filters), "aggs": {"types": types}}


def findings(answer: Answer) -> tuple[FindingCount, ...]:
    """Read it, by type."""
    rows = sorted(answer["aggregations"]["types"]["buckets"], key=lambda row: str(row["key"]))
    return tuple(
        FindingCount(
            type=row["key"], calls=_calls(row), subjects=tuple(map(_subject, _buckets(row, "subjects")))
        )
        for row in rows
    )


def overview_body(tenant_id: TenantId, filters: Filters, interval: Interval) -> Body:
    """How many calls, of which sentiment, when."""
    counted = {**_CALLS, "sentiments": {"terms": {"field": "facts.sentiment"}, "aggs": _CALLS}}
    histogram = {"field": "facts.started_at", "calendar_interval": interval, "min_doc_count": 1}
    periods = {"date_histogram": histogram, "aggs": counted}
    return {"size": 0, "query": within(tenant_id, filters), "aggs": {**counted, "periods": periods}}


def overview(answer: Answer) -> Overview:
    """Read it, the earliest period first."""
    told = answer["aggregations"]
    periods = tuple(_period(row) for row in _buckets(told, "periods"))
    return Overview(calls=_calls(told), sentiments=_by_calls(told, "sentiments"), periods=periods)


def _subject(row: Answer) -> SubjectCount:
    (example,) = row["example"]["hits"]["hits"]
    states = _by_calls(row, "states")
    return SubjectCount(subject=row["key"], calls=_calls(row), states=states, example=hit(example))


def _period(row: Answer) -> Period:
    begins = datetime.fromtimestamp(row["key"] / 1000, UTC)
    return Period(begins=begins, calls=_calls(row), sentiments=_by_calls(row, "sentiments"))


def _by_calls(row: Answer, name: str) -> dict[str, int]:
    return {one["key"]: _calls(one) for one in _buckets(row, name)}


def _buckets(row: Answer, name: str) -> list[Any]:
    return list(row[name]["buckets"])


def _calls(row: Answer) -> int:
    return int(row["calls"]["value"])
