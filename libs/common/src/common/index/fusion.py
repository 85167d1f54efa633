"""Several rankings made one, by reciprocal rank: here, where the server cannot do it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from common.index.query import Hit
from common.index.shape import RANK_CONSTANT

FUSES_SINCE: Final = (2, 19)
"""OpenSearch's version that brought the processor for it."""


def fuses(info: Mapping[str, Any]) -> bool:
    """Whether a server, by what it says of itself, fuses two rankings."""
    major, minor, *_ = info["version"]["number"].split(".")
    return (int(major), int(minor)) >= FUSES_SINCE


def fused(rankings: Sequence[Sequence[Hit]]) -> list[Hit]:
    """One ranking: of each, a hit brings 1 / (60 + its rank).

    What a hit shows besides is what the first of them shows.
    """
    best: dict[str, Hit] = {}
    for ranking in rankings:
        for rank, hit in enumerate(ranking, start=1):
            before = best.get(hit.chunk_id)
            gained = 1 / (RANK_CONSTANT + rank)
            score = gained + (before.score if before else 0.0)
            best[hit.chunk_id] = (before or hit).model_copy(update={"score": score})
    return sorted(best.values(), key=lambda hit: (-hit.score, hit.chunk_id))


def merged(answers: Iterable[Sequence[Hit]]) -> list[Hit]:
    """The hits of several indexes, those of the first preferred: no chunk twice, no call in two revisions."""
    hits: dict[str, Hit] = {}
    for answer in answers:
        for hit in answer:
            hits.setdefault(hit.chunk_id, hit)
    newest: dict[str, int] = {}
    for hit in hits.values():
        newest[hit.call_id] = max(newest.get(hit.call_id, 0), hit.revision)
    kept = [hit for hit in hits.values() if hit.revision == newest[hit.call_id]]
    return sorted(kept, key=lambda hit: -hit.score)


def best_of_each_call(hits: Iterable[Hit], most: int) -> list[Hit]:
    """The first hit of each call, at most so many calls."""
    first: dict[str, Hit] = {}
    for hit in hits:
        first.setdefault(hit.call_id, hit)
    return list(first.values())[:most]
