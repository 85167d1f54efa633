"""Open what carrying calls over needs: the documents, the index, a way to announce."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from common.announcements import Kept, open_announcer
from common.clients import open_mongo, open_opensearch
from common.ctl.environment import ToldQueues
from common.ctl.reindex import Pace, Reindex
from common.errors import Permanent
from common.index import ChunkIndex, IndexSettings
from common.journal import Journal
from common.model import Analysis, Call
from common.models.embedding import EMBEDDING, USUAL
from common.pipeline import EMBED
from common.redo import Redo
from common.settings import MongoSettings, queue_urls
from common.store import Store
from common.transcripts import transcripts_in
from common.vectors.settings import EmbeddingSettings


@dataclass(frozen=True, slots=True)
class Target:
    """Where to: the model of this environment unless another is named, and its usual dimension."""

    model: str | None
    dimensions: int | None

    def resolved(self, settings: EmbeddingSettings) -> tuple[str, int]:
        """The model, and the length of its vectors."""
        model = self.model or settings.embedding_model
        usual = next(iter(EMBEDDING.get(model, USUAL).dimensions), None)
        here = settings.vector_size if model == settings.embedding_model else usual
        dimensions = self.dimensions or here
        if dimensions is None:
            told = f"nobody knows how long the vectors of {model} are: name --dims"
            raise Permanent(told, reason="not_told")
        return model, dimensions


@asynccontextmanager
async def open_reindex(
    target: Target, pace: Pace, said: Callable[[str], None]
) -> AsyncIterator[tuple[Reindex, Redo]]:
    """What carries calls over, and what opens their revisions.

    Raises:
        Permanent: this environment does not name the embed queue, or nobody knows the model's dimension.
    """
    told, settings = ToldQueues.read(), IndexSettings.read()
    urls = queue_urls(told)
    if EMBED.name not in urls:
        raise Permanent("SQS_EMBED_QUEUE_URL is not set here", reason="not_told")
    model, dimensions = target.resolved(EmbeddingSettings.read())
    async with (
        open_mongo(MongoSettings.read()) as db,
        open_opensearch(settings, told.aws_region) as search,
        open_announcer(told, urls) as announcer,
    ):
        kept = Kept(Store(db["calls"], Call), transcripts_in(db), Store(db["analyses"], Analysis))
        journal = Journal(db["journal"])
        index = ChunkIndex(
            search, model, settings.opensearch_index, dimensions=dimensions, shape=settings.shape
        )
        reindex = Reindex(journal, db["indexed"], index, dimensions, pace, said)
        yield reindex, Redo(journal, kept, announcer)
