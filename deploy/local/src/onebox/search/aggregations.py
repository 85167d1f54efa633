"""Aggregations: what the hits amount to, counted and grouped."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from onebox.search.columns import Column
from onebox.search.errors import Refused, illegal, not_offered, only
from onebox.search.index import Index
from onebox.search.query import Scores, evaluate
from onebox.search.sorting import ordered, refuse_text, sort_keys
from onebox.search.sources import selection
from onebox.search.values import EPOCH, date_text

_DAY = 86_400_000  # milliseconds
_FIXED = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": _DAY}
Groups = list[tuple[Any, Scores]]
_FIELDWISE = {"avg", "sum", "min", "max", "value_count", "cardinality"}


def aggregated(index: Index, scores: Scores, wanted: Any) -> dict[str, Any]:
    """Return the result of each aggregation by name."""
    return {name: _one(index, scores, spec) for name, spec in only(wanted, set(wanted), "aggs").items()}


def _one(index: Index, scores: Scores, spec: Any) -> dict[str, Any]:
    inner = spec.get("aggs", spec.get("aggregations", {}))
    kinds = [name for name in spec if name not in {"aggs", "aggregations", "meta"}]
    if len(kinds) != 1:
        raise illegal(f"Expected one aggregation type, got {sorted(kinds)}")
    kind, options = kinds[0], spec[kinds[0]]
    if kind in _FIELDWISE:
        return _METRICS[kind](_values(index, scores, only(options, {"field"}, kind)["field"]))
    if kind not in _GROUPED:
        raise not_offered(f"the aggregation {kind}")
    return _GROUPED[kind](index, scores, options, inner)


def _values(index: Index, scores: Scores, path: str) -> list[Any]:
    return [value for row in scores for value in _column(index, path).values(row)]


def _column(index: Index, path: str) -> Column:
    """Return the values of a field; an unmapped one has none, as in OpenSearch."""
    refuse_text(index, path)
    return index.column(path) or Column()


def _average(values: list[Any]) -> dict[str, Any]:
    return {"value": sum(values) / len(values) if values else None}


_METRICS: dict[str, Callable[[list[Any]], dict[str, Any]]] = {
    "avg": _average,
    "sum": lambda values: {"value": float(sum(values))},
    "min": lambda values: {"value": float(min(values)) if values else None},
    "max": lambda values: {"value": float(max(values)) if values else None},
    "value_count": lambda values: {"value": len(values)},
    "cardinality": lambda values: {"value": len(set(values))},
}


def _bucket(index: Index, scores: Scores, inner: Mapping[str, Any], **key: Any) -> dict[str, Any]:
    return {**key, "doc_count": len(scores), **aggregated(index, scores, inner)}


def _groups(index: Index, scores: Scores, path: str, key: Callable[[Any], Any]) -> dict[Any, Scores]:
    """Return the rows of each key; a row with several values is in several groups."""
    column = _column(index, path)
    groups: dict[Any, Scores] = {}
    for row, score in scores.items():
        for found in dict.fromkeys(key(value) for value in column.values(row)):
            groups.setdefault(found, {})[row] = score
    return groups


def _terms(index: Index, scores: Scores, options: Any, inner: Any) -> dict[str, Any]:
    only(options, {"field", "size", "order", "min_doc_count"}, "terms")
    groups = _groups(index, scores, options["field"], lambda value: value)
    least = options.get("min_doc_count", 1)
    if least < 1:
        raise not_offered("min_doc_count 0")
    many = [(key, rows) for key, rows in groups.items() if len(rows) >= least]
    chosen = _in_order(index, many, options, inner)
    size = options.get("size", 10)
    field = index.mappings.fields.get(options["field"])
    shown = [
        _bucket(index, rows, inner, **_term_key(field.kind if field else "keyword", key))
        for key, rows in chosen[:size]
    ]
    others = sum(len(rows) for _, rows in chosen[size:])
    return {"doc_count_error_upper_bound": 0, "sum_other_doc_count": others, "buckets": shown}


def _in_order(index: Index, groups: Groups, options: Mapping[str, Any], inner: Any) -> Groups:
    """Order groups by their number, their key, or a metric of theirs; ties by key."""
    given = options.get("order", {"_count": "desc"})
    ordered_groups = sorted(groups, key=lambda group: group[0])
    for criterion in reversed(given if isinstance(given, list) else [given]):
        by, direction = next(iter(only(criterion, set(criterion), "order").items()))
        value = _order_value(index, by, inner)
        ordered_groups.sort(key=value, reverse=direction == "desc")
    return ordered_groups


def _order_value(index: Index, by: str, inner: Any) -> Callable[[tuple[Any, Scores]], Any]:
    if by == "_key":
        return lambda group: group[0]
    if by == "_count":
        return lambda group: len(group[1])
    if by not in inner or not set(inner[by]) <= _FIELDWISE:
        reason = f"Invalid aggregation order path [{by}]: it does not exist, or is no metric"
        raise Refused(500, "search_phase_execution_exception", reason)
    return lambda group: _one(index, group[1], inner[by])["value"]


def _term_key(kind: str, key: Any) -> dict[str, Any]:
    if kind == "boolean":
        return {"key": int(key), "key_as_string": str(key).lower()}
    return {"key": key, "key_as_string": date_text(key)} if kind == "date" else {"key": key}


def _date_histogram(index: Index, scores: Scores, options: Any, inner: Any) -> dict[str, Any]:
    only(options, {"field", "calendar_interval", "fixed_interval", "min_doc_count"}, "date_histogram")
    field = index.mappings.fields.get(options["field"])
    if field is not None and field.kind != "date":
        raise illegal(f"Field [{field.path}] of type [{field.kind}] is not supported for [date_histogram]")
    start, following = _intervals(options)
    groups = _groups(index, scores, options["field"], start)
    if groups and options.get("min_doc_count", 0) == 0:
        key, last = min(groups), max(groups)
        while (key := following(key)) < last:
            groups.setdefault(key, {})
    buckets = [
        _bucket(index, groups[key], inner, key_as_string=date_text(key), key=key) for key in sorted(groups)
    ]
    return {"buckets": buckets}


def _intervals(options: Mapping[str, Any]) -> tuple[Callable[[int], int], Callable[[int], int]]:
    """Return the start of a moment's interval, and the start of the following one."""
    calendar = options.get("calendar_interval")
    if calendar in {"month", "1M", "quarter", "1q", "year", "1y"}:
        months = {"m": 1, "q": 3, "y": 12}[calendar.lower().lstrip("1")[0]]
        return lambda at: _month(at, months, 0), lambda at: _month(at, months, months)
    if calendar in {"week", "1w"}:  # weeks begin on a Monday; 1970 began on a Thursday
        return lambda at: (at + 3 * _DAY) // (7 * _DAY) * 7 * _DAY - 3 * _DAY, lambda at: at + 7 * _DAY
    width = _width(options)
    return lambda at: at // width * width, lambda at: at + width


def _width(options: Mapping[str, Any]) -> int:
    calendar, fixed = options.get("calendar_interval"), str(options.get("fixed_interval", ""))
    if calendar in _SAME_LENGTH:
        return _SAME_LENGTH[calendar]
    number = fixed.rstrip("msdh")
    if calendar is not None or not number.isdecimal() or fixed.removeprefix(number) not in _FIXED:
        raise not_offered(f"the interval {calendar or fixed!r}")
    return int(number) * _FIXED[fixed.removeprefix(number)]


_SAME_LENGTH = {
    "minute": 60_000,
    "1m": 60_000,
    "hour": 3_600_000,
    "1h": 3_600_000,
    "day": _DAY,
    "1d": _DAY,
}


def _month(at: int, step: int, ahead: int) -> int:
    date = EPOCH + timedelta(milliseconds=at)
    months = (date.year * 12 + date.month - 1) // step * step + ahead
    return (datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC) - EPOCH) // timedelta(milliseconds=1)


def _filter(index: Index, scores: Scores, query: Any, inner: Any) -> dict[str, Any]:
    passing = evaluate(index, query)
    return _bucket(index, {row: score for row, score in scores.items() if row in passing}, inner)


def _top_hits(index: Index, scores: Scores, options: Any, inner: Any) -> dict[str, Any]:
    only(options, {"size", "from", "sort", "_source"}, "top_hits")
    if inner:
        raise Refused(400, "aggregation_initialization_exception", "top_hits takes no sub-aggregations")
    keys = sort_keys(index, options.get("sort", []))
    hits = ordered(index, scores, keys)
    first = options.get("from", 0)
    page, select = hits[first : first + options.get("size", 3)], selection(options.get("_source"))
    shown = [
        {
            "_index": index.name,
            "_id": kept.id,
            "_score": None if keys else hit.score,
            "_source": select(kept.source),
        }
        for hit, kept in zip(page, index.store.rows(hit.row for hit in page), strict=True)
    ]
    total = {"value": len(hits), "relation": "eq"}
    best = max(scores.values(), default=None)
    return {"hits": {"total": total, "max_score": None if keys else best, "hits": shown}}


_GROUPED: dict[str, Callable[[Index, Scores, Any, Any], dict[str, Any]]] = {
    "terms": _terms,
    "date_histogram": _date_histogram,
    "filter": _filter,
    "top_hits": _top_hits,
}
