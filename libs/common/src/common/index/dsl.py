"""Questions in the search server's own language."""

from collections.abc import Iterator
from typing import Any

from common.index.query import Filters, Query


def asked(query: Query, far: int) -> dict[str, Any]:
    """The query for the server; of each ranking the *far* best are looked at.

    The filters stand inside each ranking, which every OpenSearch understands.
    """
    ours = [{"term": {"tenant_id": query.tenant_id}}, *_every(query.filters)]
    rankings = [*_words(query, ours), *_meaning(query, ours, far)]
    if not rankings:
        return {"bool": {"filter": ours, "must_not": _none(query.filters)}}
    return {"hybrid": {"queries": rankings}} if len(rankings) > 1 else rankings[0]


def _words(query: Query, ours: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    if query.text is not None:
        must = [{"match": {"text": query.text}}]
        yield {"bool": {"must": must, "filter": ours, "must_not": _none(query.filters)}}


def _meaning(query: Query, ours: list[dict[str, Any]], far: int) -> Iterator[dict[str, Any]]:
    if query.vector is not None:
        within = {"bool": {"filter": ours, "must_not": _none(query.filters)}}
        yield {"knn": {"embedding": {"vector": list(query.vector), "k": far, "filter": within}}}


def _every(filters: Filters) -> Iterator[dict[str, Any]]:
    for field, values in (
        ("call_id", filters.call_ids),
        ("speakers", filters.speakers),
        ("facts.agent", filters.agents),
        ("facts.sentiment", filters.sentiments),
        ("finding.type", filters.finding_types),
    ):
        if values:
            yield {"terms": {field: list(values)}}
    began = {"gte": filters.since, "lt": filters.until}
    if any(began.values()):
        yield {"range": {"facts.started_at": {op: at.isoformat() for op, at in began.items() if at}}}
    if filters.findings:
        yield {"exists": {"field": "finding.type"}}


def _none(filters: Filters) -> list[dict[str, Any]]:
    others = [{"terms": {"call_id": list(filters.without_call_ids)}}] if filters.without_call_ids else []
    return others + ([{"exists": {"field": "finding.type"}}] if filters.findings is False else [])
