"""What the embedder needs from outside, opened and closed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from common.announcements import Kept
from common.budget import Budget
from common.clients import open_mongo, open_opensearch, open_redis, shared_gate
from common.fair import Turns
from common.gate import Gate
from common.index import ChunkIndex
from common.journal import Journal
from common.ledger import Ledger
from common.model import Analysis, Call, Indexed
from common.pipeline import EMBED
from common.settings import require_price
from common.store import Store
from common.transcripts import transcripts_in
from common.vectors.opening import open_embedder
from common.vectors.settings import embedding_provider
from common.work import Claims
from faststream import Context

from embedder.chunks import Limits
from embedder.joining import joined
from embedder.remembered import RememberedVectors
from embedder.settings import Settings

Documents = Annotated[Kept, Context()]
Vectors = Annotated[RememberedVectors, Context()]
IndexedCalls = Annotated[Store[Indexed], Context("indexed")]
Index = Annotated[ChunkIndex, Context()]
ChunkLimits = Annotated[Limits, Context()]


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[dict[str, object]]:
    """The transcripts, the embedding model and the index, under the names handlers know them by."""
    async with (
        open_mongo(settings) as db,
        open_redis(settings) as redis,
        open_opensearch(settings, settings.aws_region) as search,
    ):
        index = ChunkIndex(
            search,
            settings.embedding_model,
            settings.opensearch_index,
            shape=settings.shape,
            dimensions=settings.vector_size,
        )
        await index.open()
        ledger = Ledger(db["ledger"], EMBED.name, days=settings.ledger_days)
        await ledger.prepare()
        indexed = Store(db["indexed"], Indexed)
        await indexed.prepare()
        gate = shared_gate(settings, redis, embedding_provider(settings, settings), ledger=ledger)
        async with _open_vectors(settings, db, ledger, gate) as vectors:
            yield {
                "gate": gate,
                "journal": Journal(db["journal"]),
                "documents": Kept(
                    Store(db["calls"], Call), transcripts_in(db), Store(db["analyses"], Analysis)
                ),
                "vectors": vectors,
                "index": index,
                "indexed": indexed,
                "limits": settings.chunk_limits,
            }


@asynccontextmanager
async def _open_vectors(
    settings: Settings, db: Any, ledger: Ledger, gate: Gate
) -> AsyncIterator[RememberedVectors]:
    claims = Claims(db["work"], days=settings.paid_work_days)
    await claims.prepare()
    limits = settings.limits()
    budget = Budget(db["budgets"], ledger, EMBED.name, limits)
    await budget.prepare()
    timeout = settings.embedding_timeout_seconds
    async with (
        open_embedder(settings, settings, gate, read_timeout=timeout) as embedder,
        joined(embedder, Turns(settings.provider_concurrency)) as together,
    ):
        require_price(limits, embedder.model, embedder.need([]).usd)
        yield RememberedVectors(together, claims, budget)
