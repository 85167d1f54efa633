"""Stretches of time in milliseconds: joined, what lies between them, where several are at once."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

Span = tuple[int, int]
"""From, up to."""


def union(spans: Iterable[Span]) -> list[Span]:
    """The same time in spans that neither touch nor overlap, in order; empty ones are left out."""
    joined: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def gaps(joined: Sequence[Span], whole: int) -> list[Span]:
    """What *joined* (as ``union`` returns it) leaves of the time from 0 to *whole*."""
    edges = [(0, 0), *joined, (whole, whole)]
    return [(before[1], after[0]) for before, after in pairwise(edges) if before[1] < after[0]]


def overlap(several: Iterable[Sequence[Span]]) -> int:
    """For how many milliseconds at least two of *several* unions are there at once."""
    edges = sorted((at, step) for joined in several for span in joined for at, step in _edges(span))
    shared = active = 0
    for (at, step), (following, _) in pairwise(edges):
        active += step
        if active > 1:
            shared += following - at
    return shared


def length(spans: Iterable[Span]) -> int:
    """Added up."""
    return sum(end - start for start, end in spans)


def _edges(span: Span) -> tuple[tuple[int, int], tuple[int, int]]:
    return (span[0], 1), (span[1], -1)
