"""A search request on one index, from its body to the answer."""

from collections.abc import Mapping
from typing import Any

from onebox.search.aggregations import aggregated
from onebox.search.errors import failed_on_shard, illegal, only
from onebox.search.highlight import highlighter
from onebox.search.hybrid import Pipeline, evaluate_hybrid
from onebox.search.index import Index
from onebox.search.query import Scores, evaluate
from onebox.search.sorting import Hit, SortKey, after, ordered, sort_keys
from onebox.search.sources import selection

WINDOW = 10_000  # the deepest hit that from and size may reach
SHARDS = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}
_BODY = {
    *("query", "from", "size", "sort", "_source", "highlight", "track_total_hits", "aggs", "aggregations"),
    *("search_after", "min_score", "search_pipeline", "timeout"),
}


def search(index: Index, body: Any, by: Pipeline | None) -> dict[str, Any]:
    """Answer a search; raises Refused for anything in the body it does not know."""
    only(body, _BODY, "search")
    first, size = body.get("from", 0), body.get("size", 10)
    if first + size > WINDOW:
        reason = f"Result window is too large, from + size must be at most [{WINDOW}]"
        raise failed_on_shard("illegal_argument_exception", reason)
    query = body.get("query", {"match_all": {}})
    scores = _scored(index, body, query, by, first + size)
    keys = sort_keys(index, body.get("sort", []))
    hits = ordered(index, scores, keys)
    if "search_after" in body:
        hits = after(hits, keys, body["search_after"])
    page = _page(index, hits[first : first + size], body, keys)
    answer = {"took": 1, "timed_out": False, "_shards": SHARDS, "hits": _totals(scores, body, keys) | page}
    if wanted := body.get("aggs", body.get("aggregations")):
        answer["aggregations"] = aggregated(index, scores, wanted)
    return answer


def _scored(index: Index, body: Mapping[str, Any], query: Any, by: Pipeline | None, window: int) -> Scores:
    if "hybrid" in query:
        if by is None:
            raise illegal(
                "a hybrid query needs a search pipeline (search_pipeline=...) with a normalization-processor"
                " or a score-ranker-processor; without one its scores mean nothing"
            )
        scores = evaluate_hybrid(index, query["hybrid"], by, window)
    else:
        scores = evaluate(index, query)
    least = body.get("min_score")
    return scores if least is None else {row: score for row, score in scores.items() if score >= least}


def _totals(scores: Scores, body: Mapping[str, Any], keys: list[SortKey]) -> dict[str, Any]:
    best = max(scores.values(), default=None) if not keys and body.get("size", 10) else None
    tracked = body.get("track_total_hits", WINDOW)
    if tracked is False:
        return {"max_score": best}
    most = len(scores) if tracked is True else min(len(scores), tracked)
    total = {"value": most, "relation": "eq" if most == len(scores) else "gte"}
    return {"total": total, "max_score": best}


def _page(index: Index, hits: list[Hit], body: Mapping[str, Any], keys: list[SortKey]) -> dict[str, Any]:
    select = selection(body.get("_source"))
    query = body.get("query", {"match_all": {}})
    marks = highlighter(index, body["highlight"], query) if "highlight" in body else None
    shown = []
    for hit, kept in zip(hits, index.store.rows(hit.row for hit in hits), strict=True):
        score = None if keys and all(key.field != "_score" for key in keys) else hit.score
        each: dict[str, Any] = {"_index": index.name, "_id": kept.id, "_score": score}
        if (source := select(kept.source)) is not None:
            each["_source"] = source
        if keys:
            each["sort"] = [key.shown(index, value) for key, value in zip(keys, hit.sort, strict=True)]
        if marks and (passages := marks.of(hit.row)):
            each["highlight"] = passages
        shown.append(each)
    return {"hits": shown}
