"""Embed a call.

Takes ``CallAnalyzed`` from the *embed* queue: the end of the line.
"""

from common.events import CallAnalyzed, CallEmbedded
from common.model import Indexed
from common.pipeline import EMBED
from faststream_sqs import SQSRouter

from embedder.chunks import chunks
from embedder.resources import ChunkLimits, Index, IndexedCalls, Transcripts, Vectors

router = SQSRouter()


@router.subscriber(EMBED.queue)
async def embed(
    analyzed: CallAnalyzed,
    transcripts: Transcripts,
    vectors: Vectors,
    index: Index,
    limits: ChunkLimits,
    indexed: IndexedCalls,
) -> CallEmbedded:
    """Cut the transcript into chunks, embed them, make them the call's chunks in the index.

    Chunks have stable ids and vectors are remembered, so doing it again writes the same and pays nothing.
    """
    kept = await indexed.find(analyzed.key)

    if kept is None:
        transcript = await transcripts.get(analyzed.key)
        pieces = chunks(analyzed.key, transcript, limits)
        embedded = await vectors.embed(analyzed.key, [piece.text for piece in pieces])
        await index.replace(analyzed.key, pieces, embedded.vectors)
        kept = await indexed.keep(Indexed(**dict(analyzed.key), chunks=len(pieces), work=embedded.work))

    return CallEmbedded(**dict(kept.key), chunks=kept.chunks, work=kept.work)
