"""Embed a call.

Takes ``CallAnalyzed`` from the *embed* queue: the end of the line.
"""

from common.events import CallAnalyzed, CallEmbedded
from common.model import CallKey, Chunk, Indexed
from common.pipeline import EMBED
from faststream_sqs import SQSRouter

from embedder.chunks import chunks
from embedder.facts import facts
from embedder.findings import findings
from embedder.resources import ChunkLimits, Documents, Index, IndexedCalls, Vectors

router = SQSRouter()


@router.subscriber(EMBED.queue)
async def embed(
    analyzed: CallAnalyzed,
    documents: Documents,
    vectors: Vectors,
    index: Index,
    limits: ChunkLimits,
    indexed: IndexedCalls,
) -> CallEmbedded:
    """Cut the transcript into chunks, add one for each finding, make them the call's chunks in the index.

    Chunks have stable ids and vectors are remembered, so doing it again writes the same and pays nothing.
    """
    kept = await indexed.find(analyzed.key)

    if kept is None:
        pieces = await _chunks(analyzed.key, documents, limits)
        embedded = await vectors.embed(analyzed.key, [piece.text for piece in pieces])
        await index.replace(analyzed.key, pieces, embedded.vectors)
        kept = await indexed.keep(Indexed(**dict(analyzed.key), chunks=len(pieces), work=embedded.work))

    return CallEmbedded(**dict(kept.key), chunks=kept.chunks, work=kept.work)


async def _chunks(key: CallKey, documents: Documents, limits: ChunkLimits) -> list[Chunk]:
    transcript, analysis = await documents.transcripts.get(key), await documents.analyses.get(key)
    known = facts(await documents.calls.latest(key), analysis, transcript)
    said = chunks(key, transcript, limits, known)
    return [*said, *findings(key, analysis, transcript, known, first=len(said))]
