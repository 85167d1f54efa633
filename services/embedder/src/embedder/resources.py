"""What the embedder needs from outside, opened and closed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from common.budget import Budget
from common.clients import open_mongo, open_openai, open_opensearch, open_redis, shared_gate
from common.index import ChunkIndex
from common.journal import Journal
from common.ledger import Ledger
from common.model import Indexed
from common.pipeline import EMBED
from common.settings import Provider, require_price
from common.store import Store
from common.transcripts import TranscriptStore, transcripts_in
from common.vectors import Embedder
from common.work import Claims
from faststream import Context

from embedder.chunks import Limits
from embedder.remembered import RememberedVectors
from embedder.settings import Settings

Transcripts = Annotated[TranscriptStore, Context()]
Vectors = Annotated[RememberedVectors, Context()]
IndexedCalls = Annotated[Store[Indexed], Context("indexed")]
Index = Annotated[ChunkIndex, Context()]
ChunkLimits = Annotated[Limits, Context()]


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[dict[str, object]]:
    """The transcripts, the embedding model and the index, under the names handlers know them by."""
    provider = Provider(settings, "embedding")
    async with (
        open_mongo(settings) as db,
        open_redis(settings) as redis,
        open_openai(provider, read_timeout=settings.embedding_timeout_seconds) as client,
        open_opensearch(settings, settings.aws_region) as search,
    ):
        index = ChunkIndex(search, settings.embedding_model, settings.opensearch_index, shape=settings.shape)
        await index.open()
        ledger = Ledger(db["ledger"], EMBED.name, days=settings.ledger_days)
        await ledger.prepare()
        gate = shared_gate(settings, redis, provider, ledger=ledger)
        indexed = Store(db["indexed"], Indexed)
        await indexed.prepare()
        claims = Claims(db["work"], days=settings.paid_work_days)
        await claims.prepare()
        embedder = Embedder(client, gate)
        limits = settings.limits()
        require_price(limits, embedder.model, embedder.need([]).usd)
        budget = Budget(db["budgets"], ledger, EMBED.name, limits)
        await budget.prepare()
        yield {
            "gate": gate,
            "journal": Journal(db["journal"]),
            "transcripts": transcripts_in(db),
            "vectors": RememberedVectors(embedder, claims, budget),
            "index": index,
            "indexed": indexed,
            "limits": Limits(settings.chunk_max_words, settings.chunk_max_silence_seconds * 1000),
        }
