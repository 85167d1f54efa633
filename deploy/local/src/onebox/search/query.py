"""The query DSL: each query turned into the rows that match it and their scores."""

from collections.abc import Callable, Mapping
from typing import Any

from onebox.search.columns import Column, Rows
from onebox.search.errors import Refused, failed_on_shard, illegal, not_offered, only, unparsable
from onebox.search.index import Index
from onebox.search.mapping import Field
from onebox.search.text import How, Share, share
from onebox.search.values import Value, parsed

Scores = dict[int, float]


def evaluate(index: Index, query: Any) -> Scores:
    """Return the rows that match and their scores; raises Refused for what is not a known query."""
    name, body = _single(query)
    if name == "hybrid":
        raise unparsable("hybrid query must be a top level query and cannot be wrapped into other queries")
    if name not in _QUERIES:
        raise Refused(400, "parsing_exception", f"unknown query [{name}]")
    return _QUERIES[name](index, body)


def matching(index: Index, queries: Any) -> Rows | None:
    """Return the rows that pass all of one or several filters; None if there is no filter."""
    rows: Rows | None = None
    for query in queries if isinstance(queries, list) else [queries]:
        found = set(evaluate(index, query))
        rows = found if rows is None else rows & found
    return rows


def searched_text(query: Any) -> list[tuple[str, str, How]]:
    """Return (field, text, how) of every full-text part of a query: what highlighting marks."""
    name, body = _single(query)
    if name in {"match", "match_phrase"}:
        (path, given), *_ = body.items()
        text = given["query"] if isinstance(given, dict) else given
        return [(path, str(text), "phrase" if name == "match_phrase" else "or")]
    if name == "multi_match":
        how: How = "phrase" if body.get("type") == "phrase" else "or"
        return [(path.partition("^")[0], str(body["query"]), how) for path in body["fields"]]
    parts = [part for key in ("must", "should", "queries", "filter") for part in _listed(body.get(key, []))]
    return [found for part in parts for found in searched_text(part)] if name in {"bool", "hybrid"} else []


def _single(query: Any) -> tuple[str, dict[str, Any]]:
    if not isinstance(query, dict) or len(query) != 1:
        raise unparsable("a query must be an object with exactly one field, the name of the query")
    name, body = next(iter(query.items()))
    if not isinstance(body, dict):
        raise unparsable(f"[{name}] query malformed, no start_object after query name")
    return name, body


def _listed(queries: Any) -> list[Any]:
    return queries if isinstance(queries, list) else [queries]


def _on_field(name: str, body: Mapping[str, Any], main: str, known: set[str]) -> tuple[str, dict[str, Any]]:
    """Return the field and the options of `{field: value}` or `{field: {main: value, ...}}`."""
    if len(body) != 1:
        raise unparsable(f"[{name}] query doesn't support multiple fields, found {sorted(body)}")
    path, given = next(iter(body.items()))
    options = given if isinstance(given, dict) else {main: given}
    only(options, known | {main, "boost", "_name"}, name)
    if main not in options:
        raise unparsable(f"[{name}] requires [{main}]")
    return path, options


def _field(index: Index, path: str) -> Field | None:
    """Return the field; an unmapped one matches nothing, as in OpenSearch."""
    if path.startswith("_"):
        raise not_offered(f"a query on {path}; use ids for _id")
    field = index.mappings.fields.get(path)
    if field is not None and not field.searchable:
        raise illegal(f"Cannot search on field [{path}] since it is not indexed.")
    return field


def _boosted(rows: Rows | Scores, options: Mapping[str, Any]) -> Scores:
    boost = float(options.get("boost", 1.0))
    if isinstance(rows, dict):
        return {row: score * boost for row, score in rows.items()}
    return dict.fromkeys(rows, boost)


def _match(index: Index, body: dict[str, Any]) -> Scores:
    path, options = _on_field("match", body, "query", {"operator"})
    how = str(options.get("operator", "or")).lower()
    if how not in {"or", "and"}:
        raise illegal(f"operator needs to be either [and] or [or] but not [{how}]")
    return _boosted(_text_match(index, path, options["query"], "and" if how == "and" else "or"), options)


def _match_phrase(index: Index, body: dict[str, Any]) -> Scores:
    path, options = _on_field("match_phrase", body, "query", {"slop"})
    if options.get("slop", 0) != 0:
        raise not_offered("match_phrase with a slop")
    return _boosted(_text_match(index, path, options["query"], "phrase"), options)


def _text_match(index: Index, path: str, text: Any, how: How, least: Share | None = None) -> Rows | Scores:
    field = _field(index, path)
    if field is None:
        return set()
    table = index.text(path)
    if table is None:
        return _having(index, field, text)
    return table.matches(str(text), how, least)


def _multi_match(index: Index, body: dict[str, Any]) -> Scores:
    known = {"query", "fields", "type", "operator", "tie_breaker", "boost", "minimum_should_match"}
    only(body, known, "multi_match")
    least = share(body["minimum_should_match"]) if "minimum_should_match" in body else None
    kind = body.get("type", "best_fields")
    if kind not in {"best_fields", "most_fields", "phrase"}:
        raise not_offered(f"multi_match of the type {kind}")
    how: How = (
        "phrase" if kind == "phrase" else "and" if body.get("operator", "or").lower() == "and" else "or"
    )
    found: dict[int, list[float]] = {}
    for name in body["fields"]:
        path, _, boost = name.partition("^")
        scores = _boosted(_text_match(index, path, body["query"], how, least), {"boost": boost or 1.0})
        for row, score in scores.items():
            found.setdefault(row, []).append(score)
    tie = 1.0 if kind == "most_fields" else float(body.get("tie_breaker", 0.0))
    return _boosted({row: max(all_) + tie * (sum(all_) - max(all_)) for row, all_ in found.items()}, body)


def _term(index: Index, body: dict[str, Any]) -> Scores:
    path, options = _on_field("term", body, "value", set())
    field = _field(index, path)
    return _boosted(_having(index, field, options["value"]) if field else set(), options)


def _terms(index: Index, body: dict[str, Any]) -> Scores:
    paths = [name for name in body if name not in {"boost", "_name"}]
    if len(paths) != 1 or not isinstance(body[paths[0]], list):
        raise unparsable("[terms] query requires one field name and an array of values")
    field = _field(index, paths[0])
    rows: Rows = set()
    for value in body[paths[0]] if field else []:
        rows |= _having(index, field, value)  # type: ignore[arg-type]  # there is no value without a field
    return _boosted(rows, body)


def _having(index: Index, field: Field, value: Any) -> Rows:
    """Return the rows with this very value: a term of a text field, else a typed value."""
    table = index.text(field.path)
    if table is not None:
        return set(table.matches(str(value), "phrase"))
    return _column(index, field).having(_typed(field, value))


def _column(index: Index, field: Field) -> Column:
    column = index.column(field.path)
    if column is None:
        raise illegal(f"Field [{field.path}] of type [{field.kind}] does not support this query")
    return column


def _typed(field: Field, value: Any) -> Value:
    try:
        return parsed(field.kind, value)
    except Refused as error:
        raise failed_on_shard("query_shard_exception", f"failed to create query: {error}") from error


def _range(index: Index, body: dict[str, Any]) -> Scores:
    if len(body) != 1:
        raise unparsable("[range] query doesn't support multiple fields")
    path, given = next(iter(body.items()))
    only(given, {"gt", "gte", "lt", "lte", "boost", "format"}, "range")
    field = _field(index, path)
    if field is None:
        return {}
    bounds = {name: given[name] for name in ("gt", "gte", "lt", "lte") if given.get(name) is not None}
    if any(isinstance(bound, str) and ("now" in bound or "||" in bound) for bound in bounds.values()):
        raise not_offered("date math; give the date itself")
    typed = {name: _typed(field, bound) for name, bound in bounds.items()}
    return _boosted(_column(index, field).within(typed), given)


def _exists(index: Index, body: dict[str, Any]) -> Scores:
    path = only(body, {"field", "boost"}, "exists")["field"]
    holders = [index.column(path), index.vectors(path), index.text(path)]
    rows = {row for holder in holders if holder is not None for row in holder.rows()}
    for inner in index.mappings.fields:
        if inner.startswith(f"{path}."):
            rows |= set(_exists(index, {"field": inner}))
    return _boosted(rows, body)


def _ids(index: Index, body: dict[str, Any]) -> Scores:
    wanted = only(body, {"values", "boost"}, "ids")["values"]
    rows = {row for document in wanted if (row := index.row(document)) is not None}
    return _boosted(rows, body)


def _match_all(index: Index, body: dict[str, Any]) -> Scores:
    return _boosted(index.rows, only(body, {"boost"}, "match_all"))


def _match_none(_: Index, body: dict[str, Any]) -> Scores:
    only(body, {"boost"}, "match_none")
    return {}


def _constant_score(index: Index, body: dict[str, Any]) -> Scores:
    only(body, {"filter", "boost"}, "constant_score")
    return _boosted(set(evaluate(index, body["filter"])), body)


_BOOL = {"must", "should", "filter", "must_not", "minimum_should_match", "boost"}


def _bool(index: Index, body: dict[str, Any]) -> Scores:
    only(body, _BOOL, "bool")
    must = [evaluate(index, query) for query in _listed(body.get("must", []))]
    should = [evaluate(index, query) for query in _listed(body.get("should", []))]
    rows = matching(index, _listed(body.get("filter", [])))
    for scores in must:
        rows = set(scores) if rows is None else rows & set(scores)
    needed = _needed(body, should, free=rows is not None)
    rows = index.rows if rows is None else rows
    rows = {row for row in rows if sum(row in scores for scores in should) >= needed} if needed else rows
    for query in _listed(body.get("must_not", [])):
        rows = rows - set(evaluate(index, query))
    scored = must + should
    if not scored and "filter" not in body and "must_not" not in body:
        return _boosted(rows, body)
    return _boosted({row: sum(scores.get(row, 0.0) for scores in scored) for row in rows}, body)


def _needed(body: Mapping[str, Any], should: list[Scores], *, free: bool) -> int:
    """How many of `should` must match: one, unless something else already must."""
    given = body.get("minimum_should_match", 0 if free or not should else 1)
    if not isinstance(given, int) or given < 0:
        raise not_offered(f"minimum_should_match {given!r}")
    return given


def _knn(index: Index, body: dict[str, Any]) -> Scores:
    if len(body) != 1:
        raise unparsable("[knn] query takes one field")
    path, options = next(iter(body.items()))
    only(options, {"vector", "k", "filter", "boost", "method_parameters"}, "knn")
    vectors = index.vectors(path)
    if vectors is None:
        reason = f"failed to create query: Field '{path}' is not knn_vector type."
        raise failed_on_shard("query_shard_exception", reason)
    wanted, count = options.get("vector"), options.get("k")
    if not isinstance(wanted, list) or not isinstance(count, int) or count < 1:
        raise illegal("[knn] requires a vector and exactly one of k, distance or score to be set")
    dimension = index.mappings.fields[path].dimension
    if len(wanted) != dimension:
        reason = f"Query vector has invalid dimension: {len(wanted)}. Dimension should be: {dimension}"
        raise failed_on_shard("query_shard_exception", f"failed to create query: {reason}")
    among = matching(index, options["filter"]) if "filter" in options else None
    return _boosted(vectors.nearest(wanted, count, among), options)


_QUERIES: dict[str, Callable[[Index, dict[str, Any]], Scores]] = {
    "match": _match,
    "match_phrase": _match_phrase,
    "multi_match": _multi_match,
    "term": _term,
    "terms": _terms,
    "range": _range,
    "exists": _exists,
    "ids": _ids,
    "match_all": _match_all,
    "match_none": _match_none,
    "constant_score": _constant_score,
    "bool": _bool,
    "knn": _knn,
}
