"""Questions in the search server's own language.

The filters, and the tenant's above all, stand inside each ranking: every OpenSearch understands that, and no
ranking ever meets what is not the tenant's.
"""

from collections.abc import Iterator
from typing import Any, Final

from common.index.marking import BEGIN, END
from common.index.query import REACH, Filters, Query
from common.model import TenantId
from common.vectors import Vector

FIELDS: Final = ("call_id", "text", "speakers", "utterance_ids", "start_ms", "end_ms", "finding", "facts")
"""Of a chunk's source, what a hit tells."""

MOST_CHARACTERS: Final = 500
"""Of a question: each may be a word in both fields, as in Chinese, and the server takes 1024 clauses."""

NEEDED: Final = "2<75%"
"""Of a question's words, where it is asked by meaning, too: both of two, three quarters of more.

A passage that shares a word or two with a question is no answer, and ranks are all that fusion sees; words
alone find those as well."""

Body = dict[str, Any]


def searched(query: Query) -> Body:
    """A search whose rankings, if it has two, a pipeline of the server fuses."""
    found = rankings(query)
    if not found:
        return _page(query, within(query.tenant_id, query.filters))
    if len(found) == 1:
        return _page(query, found[0])
    return _page(query, {"hybrid": {"queries": found, "pagination_depth": REACH}})


def separately(query: Query) -> list[Body]:
    """One search for each ranking, to be fused here."""
    whole = query.model_copy(update={"offset": 0, "limit": REACH})
    return [_page(whole, ranking) for ranking in rankings(query)]


def rankings(query: Query) -> list[Body]:
    """By words and by meaning, whichever is asked for."""
    return [*_words(query), *_meaning(query)]


def nearest(tenant_id: TenantId, vector: Vector, filters: Filters) -> Body:
    """What is nearest to a vector."""
    ranking = {"knn": {"embedding": _near(vector, within(tenant_id, filters))}}
    return {"size": REACH, "query": ranking, "_source": list(FIELDS)}


def within(tenant_id: TenantId, filters: Filters) -> Body:
    """A tenant's chunks that pass."""
    ours = [{"term": {"tenant_id": tenant_id}}, *_every(filters)]
    return {"bool": {"filter": ours, "must_not": _none(filters)}}


def _page(query: Query, asked: Body) -> Body:
    fields = {"text": {"number_of_fragments": 2}, "text.folded": {"number_of_fragments": 2}}
    return {
        "size": query.limit,
        "from": query.offset,
        "query": asked,
        "_source": list(FIELDS),
        "highlight": {"fields": fields, "pre_tags": [BEGIN], "post_tags": [END]},
    }


def _words(query: Query) -> Iterator[Body]:
    if query.text is not None:
        fields = ["text", "text.folded"]
        asked = {"query": query.text[:MOST_CHARACTERS], "fields": fields, "type": "most_fields"}
        if query.vector is not None:
            asked["minimum_should_match"] = NEEDED
        passing = within(query.tenant_id, query.filters)["bool"]
        yield {"bool": {"must": [{"multi_match": asked}], **passing}}


def _meaning(query: Query) -> Iterator[Body]:
    if query.vector is not None:
        passing = within(query.tenant_id, query.filters)
        yield {"knn": {"embedding": _near(query.vector, passing)}}


def _near(vector: Vector, passing: Body) -> Body:
    return {"vector": list(vector), "k": REACH, "filter": passing}


def _every(filters: Filters) -> Iterator[Body]:
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


def _none(filters: Filters) -> list[Body]:
    others = [{"terms": {"call_id": list(filters.without_call_ids)}}] if filters.without_call_ids else []
    return others + ([{"exists": {"field": "finding.type"}}] if filters.findings is False else [])
