"""Index the gold dialogues and ask every question in every way, with the services' own code."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from common.clients import open_opensearch
from common.index import ChunkIndex, Shape
from common.index import Query as Asked
from common.settings import OpenSearchSettings
from common.vectors import Vector

from evals.gold import Dialogue, Query
from evals.search.corpus import TENANT, answered, cuts, ranks
from evals.search.measures import FAR, HOWS, How, Row

Embed = Callable[[Sequence[str]], Sequence[Vector]]
MODEL = "local-minilm"


@asynccontextmanager
async def open_index(url: str, prefix: str) -> AsyncIterator[ChunkIndex]:
    """An index of our own, taken away again."""
    async with open_opensearch(
        OpenSearchSettings.model_validate({"opensearch_url": url}), "us-east-1"
    ) as client:
        try:
            yield ChunkIndex(client, MODEL, prefix, shape=Shape(replicas=0))
        finally:
            await client.indices.delete(index=f"{prefix}-*")


async def run(
    index: ChunkIndex, embed: Embed, dialogues: Sequence[Dialogue], queries: Sequence[Query]
) -> list[Row]:
    """Every question that these dialogues answer, in every way."""
    for cut in cuts(dialogues):
        await index.replace(cut.key, cut.chunks, embed([chunk.text for chunk in cut.chunks]))
    asked = answered(queries, dialogues)
    vectors = embed([query.text for query in asked])
    pairs = list(zip(asked, vectors, strict=True))
    return [await _row(index, query, vector, how) for query, vector in pairs for how in HOWS]


async def _row(index: ChunkIndex, query: Query, vector: Vector, how: How) -> Row:
    text = query.text if how != "meaning" else None
    meant = vector if how != "words" else None
    hits = await index.search(Asked(tenant_id=TENANT, text=text, vector=meant, limit=FAR))
    return Row(query, how, ranks(query, hits))
