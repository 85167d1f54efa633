"""Where chunks are searched: an index per embedding model, written by embedder, read by the API."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from opensearchpy import AsyncOpenSearch

from common.index import counting, dsl
from common.index.asking import Missing, asking
from common.index.bulk import Bulk, Item, put, take
from common.index.fusion import best_of_each_call, fused, merged
from common.index.heads import LAST, Head, Heads, chunk_ids
from common.index.indexes import Indexes
from common.index.listing import Mark, listing_body
from common.index.places import Place
from common.index.query import Count, Filters, FindingCount, Hit, Interval, Overview, Query
from common.index.shape import HYBRID, Shape, index_name
from common.model import CallKey, Chunk, TenantId
from common.vectors import Vector

SAMPLE = 200  # chunks of a call by which others like it are sought


class ChunkIndex:
    """The chunks of one embedding model.

    *dimensions* are those that its vectors are expected to have, if anybody knows before the first.
    """

    def __init__(
        self,
        client: AsyncOpenSearch,
        model: str,
        prefix: str = "callstream",
        *,
        dimensions: int | None = None,
        shape: Shape | None = None,
    ) -> None:
        self._client = client
        self.bulk = Bulk(client)
        self._heads = Heads(client)
        self.indexes = Indexes(client, model, prefix, dimensions=dimensions, shape=shape)

    async def check(self) -> None:
        """Look before the first question whether the index is one we can ask.

        Raises:
            Permanent: it is not (``index_unfit``); the error names the remedy.
            Transient: the server does not say.
        """
        await self.indexes.check()

    async def open(self) -> None:
        """Create or examine, before the first call, what it will be written to.

        Of a model whose vectors' length nobody knows, the first call does.

        Raises:
            Permanent: there is an index that is not as we write it (``index_unfit``).
        """
        if self.indexes.dimensions:
            await self.prepare(self.indexes.dimensions)

    async def prepare(self, dimensions: int) -> str:
        """Create the index for vectors of so many numbers, and the pipeline, unless they are there.

        Raises:
            Permanent: there is an index that is not as we write it (``index_unfit``).
        """
        return await self.indexes.written(dimensions)

    async def replace(self, key: CallKey, chunks: Sequence[Chunk], vectors: Sequence[Vector]) -> None:
        """Make these the call's only chunks, unless there are some of a newer revision already.

        Doing it again changes nothing. When it returns they can be found.
        """
        for index in await self._written(vectors):
            await self._replace(index, key, chunks, vectors)

    async def erase(self, key: CallKey) -> None:
        """Remove the call's chunks from every model's index; what is written late is removed, too."""
        last = key.model_copy(update={"revision": LAST})
        for index in await self.indexes.all_write_aliases():
            await self._replace(index, last, (), ())

    async def _written(self, vectors: Sequence[Vector]) -> list[str]:
        """Where vectors go by their length; without any, a call is emptied wherever it may be."""
        dimensions = len(vectors[0]) if vectors else self.indexes.dimensions
        if dimensions is None:
            return await self.indexes.write_aliases()
        return [await self.indexes.written(dimensions)]

    async def _replace(
        self, index: str, key: CallKey, chunks: Sequence[Chunk], vectors: Sequence[Vector]
    ) -> None:
        head = await self._heads.claim(index, key, len(chunks))
        if head.revision == key.revision:
            await self.bulk.write(index, _instead(key, head, chunks, vectors))
            head = await self._heads.find(index, key)
        if head.revision > key.revision:
            # The newer one may have cleared up before our last write: what is ours goes, whoever is late.
            await self.bulk.write(index, _gone(key, head.with_(key.revision, len(chunks))))

    async def there(self, dimensions: int, keys: Sequence[CallKey]) -> list[int]:
        """Of each call the revision that is in the index of vectors of this length; 0: none."""
        name = index_name(self.indexes.prefix, self.indexes.model, dimensions)
        if name not in {place.name for place in await self.indexes.all()}:
            return [0] * len(keys)
        return await self._heads.revisions(name, keys)

    async def search(self, query: Query) -> list[Hit]:
        """The tenant's chunks that share words with the text or meaning with the vector, best first."""
        answers = await self._everywhere(query)
        if len(answers) < 2:  # noqa: PLR2004 - one index is the rule, two while calls are carried over
            return answers[0] if answers else []
        return merged(answers)[query.offset :][: query.limit]

    async def similar(self, key: CallKey, limit: int, filters: Filters = Filters()) -> list[Hit]:  # noqa: B008 - frozen
        """Of each of the tenant's calls most like this one, the chunk that is most like it; best first.

        What a call is about is the mean of its chunks' vectors.
        """
        place = await self._place()
        about = await self._about(place, key) if place else None
        if place is None or about is None:
            return []
        others = {"findings": False, "without_call_ids": (*filters.without_call_ids, key.call_id)}
        body = dsl.nearest(key.tenant_id, about, filters.model_copy(update=others))
        answer = await self._ask(place, key.tenant_id, body)
        return best_of_each_call(map(counting.hit, answer["hits"]["hits"]), limit)

    async def count(self, tenant_id: TenantId, filters: Filters) -> Count:
        """How many chunks pass, of how many calls."""
        place = await self._place()
        if place is None:
            return Count(calls=0, chunks=0)
        return counting.count(await self._ask(place, tenant_id, counting.count_body(tenant_id, filters)))

    async def aggregate(
        self, tenant_id: TenantId, filters: Filters, most: int = 10
    ) -> tuple[FindingCount, ...]:
        """In how many calls which type of finding has which subjects, the *most* frequent of each type."""
        place = await self._place()
        if place is None:
            return ()
        body = counting.findings_body(tenant_id, filters, most)
        return counting.findings(await self._ask(place, tenant_id, body))

    async def findings(
        self, tenant_id: TenantId, filters: Filters, limit: int, after: Mark | None = None
    ) -> list[Hit]:
        """At most *limit* findings, those of the newest calls first, that stand behind a mark."""
        place = await self._place()
        if place is None or place.is_former:
            return []
        body = listing_body(tenant_id, filters, limit, after)
        answer = await self._ask(place, tenant_id, body)
        return [counting.hit(row) for row in answer["hits"]["hits"]]

    async def overview(self, tenant_id: TenantId, filters: Filters, interval: Interval = "day") -> Overview:
        """How many calls began when, and of which sentiment they are."""
        place = await self._place()
        if place is None:
            return Overview(calls=0, sentiments={}, periods=())
        body = counting.overview_body(tenant_id, filters, interval)
        return counting.overview(await self._ask(place, tenant_id, body))

    async def _everywhere(self, query: Query) -> list[list[Hit]]:
        """The answers of each index; an index that went away since we looked is looked for once more."""
        for last in (False, True):
            asked = await self.indexes.read(None if query.vector is None else len(query.vector))
            whole = query if len(asked) == 1 else _from_the_start(query)
            try:
                return list(await asyncio.gather(*(self._search(place, whole) for place in asked)))
            except Missing:
                self.indexes.forget()
                if last:
                    raise
        raise AssertionError

    async def _search(self, place: Place, query: Query) -> list[Hit]:
        rankings = dsl.rankings(query)
        if len(rankings) > 1 and not await self.indexes.fuses():
            return await self._fused_here(place, query)
        pipeline = {"search_pipeline": HYBRID} if len(rankings) > 1 else {}
        answer = await self._ask(place, query.tenant_id, dsl.searched(query), pipeline)
        return [counting.hit(row) for row in answer["hits"]["hits"]]

    async def _fused_here(self, place: Place, query: Query) -> list[Hit]:
        bodies = dsl.separately(query)
        answers = await asyncio.gather(*(self._ask(place, query.tenant_id, body) for body in bodies))
        rankings = [[counting.hit(row) for row in answer["hits"]["hits"]] for answer in answers]
        return fused(rankings)[query.offset :][: query.limit]

    async def _place(self) -> Place | None:
        """The newest index: what is counted has to be in one."""
        return next(iter(await self.indexes.read()), None)

    async def _about(self, place: Place, key: CallKey) -> list[float] | None:
        spoken = Filters(call_ids=(key.call_id,), findings=False)
        query = dsl.within(key.tenant_id, spoken)
        body = {"size": SAMPLE, "query": query, "sort": [{"n": "asc"}], "_source": ["embedding"]}
        answer = await self._ask(place, key.tenant_id, body)
        vectors = [row["_source"]["embedding"] for row in answer["hits"]["hits"]]
        mean = [sum(numbers) / len(vectors) for numbers in zip(*vectors, strict=True)]
        return mean if any(mean) else None

    async def _ask(
        self, place: Place, tenant_id: TenantId, body: dsl.Body, more: dict[str, str] | None = None
    ) -> Any:
        routing = {} if place.is_former else {"routing": tenant_id}
        async with asking("searching"):
            return await self._client.search(index=place.name, body=body, params=routing | (more or {}))


def _instead(key: CallKey, head: Head, chunks: Sequence[Chunk], vectors: Iterable[Vector]) -> Iterator[Item]:
    """The chunks, and the end of all others of the call."""
    ours = set(chunk_ids(key, len(chunks)))
    yield from (take(document, key.tenant_id) for document in head.ids(key) if document not in ours)
    for chunk, vector in zip(chunks, vectors, strict=True):
        source = chunk.model_dump(mode="json", exclude_none=True) | {"embedding": list(vector)}
        yield put(chunk.chunk_id, source, key.tenant_id)


def _gone(key: CallKey, head: Head) -> Iterator[Item]:
    return (take(document, key.tenant_id) for document in chunk_ids(key, head.written[key.revision]))


def _from_the_start(query: Query) -> Query:
    return query.model_copy(update={"offset": 0, "limit": query.offset + query.limit})
