"""Where chunks are searched: written by the embedder, read by the API."""

from common.index.chunks import ChunkIndex
from common.index.query import Filters, Hit, Query

__all__ = ["ChunkIndex", "Filters", "Hit", "Query"]
