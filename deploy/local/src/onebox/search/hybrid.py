"""Hybrid search: several queries of one request, their scores made comparable by a search pipeline."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from onebox.search.errors import illegal, not_offered, only, unparsable
from onebox.search.index import Index
from onebox.search.query import Scores, evaluate, matching

MOST_QUERIES = 5
_LEAST = 0.001  # what the worst hit of a query gets instead of 0
_DEFAULT_RANK_CONSTANT = 60


@dataclass(frozen=True, slots=True)
class Pipeline:
    """How the scores of the queries become one."""

    normalize: Callable[[Scores], Scores]
    combine: Callable[[list[float], list[float]], float]
    weights: list[float] | None

    def fused(self, results: list[Scores]) -> Scores:
        """Return one score per row found by any query."""
        weights = self.weights or [1.0] * len(results)
        if len(weights) != len(results):
            raise illegal(
                f"number of weights [{len(weights)}] must match number of sub-queries [{len(results)}]"
            )
        normal = [self.normalize(scores) for scores in results]
        rows = dict.fromkeys(row for scores in normal for row in scores)
        return {row: self.combine([scores.get(row, 0.0) for scores in normal], weights) for row in rows}


def pipeline(body: Any) -> Pipeline:
    """Read a search pipeline; raises Refused for any processor but the two of hybrid search."""
    only(body, {"description", "phase_results_processors"}, "search pipeline")
    processors = body.get("phase_results_processors", [])
    if len(processors) != 1 or len(processors[0]) != 1:
        raise not_offered("a search pipeline without exactly one phase_results_processors")
    name, options = next(iter(processors[0].items()))
    if name not in _PROCESSORS:
        raise illegal(f"Invalid processor type {name}")
    return _PROCESSORS[name](options)


def evaluate_hybrid(index: Index, body: Any, by: Pipeline, window: int) -> Scores:
    """Return the fused scores; each query contributes its best `window` rows."""
    only(body, {"queries", "filter", "pagination_depth"}, "hybrid")
    queries = body.get("queries")
    if not isinstance(queries, list) or not 1 <= len(queries) <= MOST_QUERIES:
        raise unparsable(f"[hybrid] query must have 1 to {MOST_QUERIES} queries")
    allowed = matching(index, body["filter"]) if "filter" in body else None
    depth = int(body.get("pagination_depth", window))
    return by.fused([_best(_filtered(evaluate(index, query), allowed), depth) for query in queries])


def _filtered(scores: Scores, allowed: set[int] | None) -> Scores:
    return scores if allowed is None else {row: score for row, score in scores.items() if row in allowed}


def _best(scores: Scores, count: int) -> Scores:
    """Order by score, ties by row, and keep the first."""
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:count])


def _min_max(scores: Scores) -> Scores:
    low, high = min(scores.values(), default=0.0), max(scores.values(), default=0.0)
    if low == high:
        return dict.fromkeys(scores, 1.0)
    return {row: (score - low) / (high - low) or _LEAST for row, score in scores.items()}


def _l2(scores: Scores) -> Scores:
    length = math.sqrt(sum(score * score for score in scores.values()))
    return {row: score / length if length else _LEAST for row, score in scores.items()}


def _ranks(constant: int) -> Callable[[Scores], Scores]:
    return lambda scores: {row: 1 / (constant + rank) for rank, row in enumerate(scores, start=1)}


def _weighted_sum(scores: list[float], weights: list[float]) -> float:
    return sum(score * weight for score, weight in zip(scores, weights, strict=True))


def _arithmetic(scores: list[float], weights: list[float]) -> float:
    return _weighted_sum(scores, weights) / sum(weights)


def _geometric(scores: list[float], weights: list[float]) -> float:
    found = [(score, weight) for score, weight in zip(scores, weights, strict=True) if score > 0]
    total = sum(weight for _, weight in found)
    return math.exp(sum(weight * math.log(score) for score, weight in found) / total) if total else 0.0


def _harmonic(scores: list[float], weights: list[float]) -> float:
    found = [(score, weight) for score, weight in zip(scores, weights, strict=True) if score > 0]
    return sum(weight for _, weight in found) / sum(weight / score for score, weight in found)


_NORMALIZATIONS = {"min_max": _min_max, "l2": _l2}
_COMBINATIONS = {
    "arithmetic_mean": _arithmetic,
    "geometric_mean": _geometric,
    "harmonic_mean": _harmonic,
}


def _normalization(options: Any) -> Pipeline:
    only(options, {"normalization", "combination", "tag", "description"}, "normalization-processor")
    how = only(options.get("normalization", {}), {"technique"}, "normalization").get("technique", "min_max")
    given = only(options.get("combination", {}), {"technique", "parameters"}, "combination")
    combination = given.get("technique", "arithmetic_mean")
    if how not in _NORMALIZATIONS or combination not in _COMBINATIONS:
        raise not_offered(f"the normalization {how} with the combination {combination}")
    weights = _weights(given.get("parameters", {}))
    if weights and not math.isclose(sum(weights), 1.0, abs_tol=0.001):
        raise illegal(
            f"the sum of weights for combination must be equal to 1.0, submitted weights: {weights}"
        )
    return Pipeline(_NORMALIZATIONS[how], _COMBINATIONS[combination], weights)


def _reciprocal_rank(options: Any) -> Pipeline:
    only(options, {"combination", "tag", "description"}, "score-ranker-processor")
    given = only(options.get("combination", {}), {"technique", "rank_constant", "parameters"}, "combination")
    if given.get("technique") != "rrf":
        raise illegal("provided combination technique is not supported; use rrf")
    constant = given.get("rank_constant", _DEFAULT_RANK_CONSTANT)
    if not isinstance(constant, int) or constant < 1:
        raise illegal(f"rank constant must be >= 1, submitted rank constant: {constant}")
    return Pipeline(_ranks(constant), _weighted_sum, _weights(given.get("parameters", {})))


def _weights(parameters: Mapping[str, Any]) -> list[float] | None:
    weights = only(parameters, {"weights"}, "parameters").get("weights")
    return None if weights is None else [float(weight) for weight in weights]


_PROCESSORS: dict[str, Callable[[Any], Pipeline]] = {
    "normalization-processor": _normalization,
    "score-ranker-processor": _reciprocal_rank,
}
