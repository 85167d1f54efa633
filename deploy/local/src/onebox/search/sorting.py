"""The order of hits, and where a page of them begins."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from onebox.search.errors import failed_on_shard, illegal, not_offered, only, unparsable
from onebox.search.index import Index
from onebox.search.query import Scores

_LAST_NUMBER = 2**63 - 1  # what OpenSearch shows as the sort value of a missing number


@dataclass(frozen=True, slots=True)
class SortKey:
    """One criterion: a field, `_score` or `_doc`."""

    field: str
    descending: bool
    missing_first: bool

    def value(self, index: Index, row: int, score: float) -> Any:
        """Return the value a row is sorted by; None if it has none."""
        if self.field == "_score":
            return score
        if self.field == "_doc":
            return row
        column = index.column(self.field)
        values = column.values(row) if column else []
        return (max if self.descending else min)(values, default=None)

    def shown(self, index: Index, value: Any) -> Any:
        """Return the value as the hit shows it."""
        if value is not None or index.mappings.fields[self.field].kind == "keyword":
            return value
        return self.without_value

    @property
    def without_value(self) -> int:
        """What stands for a number that a row does not have."""
        return _LAST_NUMBER if self.descending == self.missing_first else -_LAST_NUMBER - 1


@dataclass(frozen=True, slots=True)
class Hit:
    """A row with its score and, if the request sorts, the values it was sorted by."""

    row: int
    score: float
    sort: tuple[Any, ...] = ()


def sort_keys(index: Index, given: Any) -> list[SortKey]:
    """Read the `sort` of a request; an unmapped or text field is refused."""
    return [_sort_key(index, item) for item in (given if isinstance(given, list) else [given])]


def ordered(index: Index, scores: Scores, keys: list[SortKey]) -> list[Hit]:
    """Return all hits in order: by score where nothing else is asked for, ties by age."""
    if not keys:
        best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
        return [Hit(row, score) for row, score in best]
    hits = [
        Hit(row, score, tuple(key.value(index, row, score) for key in keys))
        for row, score in sorted(scores.items())
    ]
    for position, key in reversed(list(enumerate(keys))):
        present = [hit for hit in hits if hit.sort[position] is not None]
        missing = [hit for hit in hits if hit.sort[position] is None]
        present.sort(key=lambda hit: hit.sort[position], reverse=key.descending)
        hits = missing + present if key.missing_first else present + missing
    return hits


def after(hits: list[Hit], keys: list[SortKey], values: Any) -> list[Hit]:
    """Return the hits that come behind the given sort values (`search_after`)."""
    if not keys or not isinstance(values, list) or len(values) != len(keys):
        raise illegal("search_after needs as many values as there are sort criteria")
    told = [None if value == key.without_value else value for key, value in zip(keys, values, strict=True)]
    return [hit for hit in hits if _behind(hit, keys, told)]


def _behind(hit: Hit, keys: list[SortKey], values: list[Any]) -> bool:
    for key, mine, theirs in zip(keys, hit.sort, values, strict=True):
        if mine == theirs:
            continue
        if mine is None or theirs is None:
            return (theirs is None) == key.missing_first
        return bool(mine < theirs if key.descending else mine > theirs)
    return False


def _sort_key(index: Index, item: Any) -> SortKey:
    name, options = _named(item)
    if isinstance(options, str):
        options = {"order": options}
    only(options, {"order", "missing", "unmapped_type"}, "sort")
    order = options.get("order", "desc" if name == "_score" else "asc")
    if order not in {"asc", "desc"}:
        raise illegal(f"No enum constant SortOrder.{str(order).upper()}")
    if options.get("missing", "_last") not in {"_last", "_first"}:
        raise not_offered("a sort that replaces missing values")
    if name not in {"_score", "_doc"}:
        _refuse_unsortable(index, name, options)
    return SortKey(name, order == "desc", options.get("missing") == "_first")


def _named(item: Any) -> tuple[str, Any]:
    if isinstance(item, str):
        return item, {}
    if not isinstance(item, dict) or len(item) != 1:
        raise unparsable("a sort criterion is a field name or an object with one field")
    return next(iter(item.items()))


def _refuse_unsortable(index: Index, name: str, options: Mapping[str, Any]) -> None:
    if name not in index.mappings.fields:
        if "unmapped_type" in options:
            raise not_offered("unmapped_type")
        reason = f"No mapping found for [{name}] in order to sort on"
        raise failed_on_shard("query_shard_exception", reason)
    refuse_text(index, name)


def refuse_text(index: Index, path: str) -> None:
    """Refuse to sort or count by a field without column values."""
    if path in index.mappings.fields and index.column(path) is None:
        raise failed_on_shard(
            "illegal_argument_exception",
            "Text fields are not optimised for operations that require per-document field data like"
            f" aggregations and sorting. Please use a keyword field instead of [{path}].",
        )
