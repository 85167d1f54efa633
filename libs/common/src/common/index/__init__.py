"""Where chunks are searched: written by the embedder, read by the API."""

from common.index.chunks import ChunkIndex
from common.index.listing import Mark, mark
from common.index.query import (
    REACH,
    Count,
    Filters,
    FindingCount,
    Hit,
    Interval,
    Overview,
    Period,
    Query,
    SubjectCount,
)
from common.index.settings import IndexSettings
from common.index.shape import Shape

__all__ = [
    "REACH",
    "ChunkIndex",
    "Count",
    "Filters",
    "FindingCount",
    "Hit",
    "IndexSettings",
    "Interval",
    "Mark",
    "Overview",
    "Period",
    "Query",
    "Shape",
    "SubjectCount",
    "mark",
]
