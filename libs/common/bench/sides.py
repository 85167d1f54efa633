"""What is compared: our index, and the loop that everybody writes first."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Final

from common.index import ChunkIndex, Query, Shape, dsl
from common.index.shape import HYBRID, index_body, index_name
from opensearchpy import AsyncOpenSearch
from opensearchpy.helpers import async_bulk

from .corpus import Corpus

AT_ONCE: Final = 16  # calls; an embedder's workers wait for their chunks to be found, and others go on
SHAPE: Final = Shape(replicas=0)
MODEL: Final = "bench"


class Ours:
    """``ChunkIndex``: heads, revisions, bounded requests, and each call can be found when it is done."""

    def __init__(self, client: AsyncOpenSearch, prefix: str, corpus: Corpus) -> None:
        self._index = ChunkIndex(client, MODEL, prefix, shape=SHAPE)
        self._corpus = corpus

    @property
    def name(self) -> str:
        """The index."""
        return index_name(self._index.indexes.prefix, MODEL, self._corpus.vectors.shape[1])

    async def index(self, calls: Sequence[int]) -> None:
        """Write these calls."""
        permits = asyncio.Semaphore(AT_ONCE)

        async def one(call: int) -> None:
            async with permits:
                chunks, vectors = self._corpus.chunks(call), self._corpus.meant(call)
                await self._index.replace(self._corpus.key(call), chunks, vectors)

        await asyncio.gather(*map(one, calls))

    async def search(self, query: Query) -> None:
        """Ask it."""
        await self._index.search(query)


class Plain:
    """One ``async_bulk`` after the other into an index of the same mapping, and a refresh at its end."""

    def __init__(self, client: AsyncOpenSearch, name: str, corpus: Corpus, asked: str) -> None:
        self._client = client
        self._name = name
        self._corpus = corpus
        self._asked = asked

    async def prepare(self) -> None:
        """Create the index."""
        dimensions = self._corpus.vectors.shape[1]
        await self._client.indices.create(index=self._name, body=index_body(MODEL, dimensions, SHAPE))

    async def index(self, calls: Sequence[int]) -> None:
        """Write these calls."""
        await async_bulk(self._client, self._actions(calls), chunk_size=500)
        await self._client.indices.refresh(index=self._name)

    async def search(self, query: Query) -> None:
        """Ask the same of the same index, in the server's own language."""
        params = {"search_pipeline": HYBRID, "routing": query.tenant_id}
        await self._client.search(index=self._asked, body=dsl.searched(query), params=params)

    def _actions(self, calls: Sequence[int]) -> Iterator[dict[str, Any]]:
        for call in calls:
            for chunk, vector in zip(self._corpus.chunks(call), self._corpus.meant(call), strict=True):
                source = chunk.model_dump(mode="json") | {"embedding": vector}
                place = {"_index": self._name, "_id": chunk.chunk_id, "_routing": chunk.tenant_id}
                yield {**place, "_source": source}
