"""Analyze a call.

Takes ``CallTranscribed`` from the *analyze* queue, announces ``CallAnalyzed`` on *embed*.
"""

from common.announcements import analyzed
from common.events import CallAnalyzed, CallTranscribed
from common.model import Analysis, Transcript
from common.pipeline import ANALYZE, EMBED
from faststream_sqs import SQSRouter

from analyzer import analysis
from analyzer.resources import Analyses, TheAnalyst, Transcripts

router = SQSRouter()


@router.subscriber(ANALYZE.queue)
@router.publisher(EMBED.queue, group_id=lambda event: event.tenant_id)
async def analyze(
    transcribed: CallTranscribed, transcripts: Transcripts, analyses: Analyses, analyst: TheAnalyst
) -> CallAnalyzed:
    """Ask the model, check every quote of its answer, keep the analysis, announce it.

    A call that already has an analysis is only announced again.
    """
    kept = await analyses.find(transcribed.key)

    if kept is None:
        transcript = await transcripts.get(transcribed.key)
        kept = await analyses.keep(await _conclude(transcribed, transcript, analyst))

    return analyzed(kept.key, kept)


async def _conclude(transcribed: CallTranscribed, transcript: Transcript, analyst: TheAnalyst) -> Analysis:
    if not transcript.utterances:
        return analysis.nothing_said(transcribed.key)
    concluded = await analyst.conclude(transcript)
    return analysis.analysed(transcribed.key, concluded, analyst.catalogue.of(transcript.tenant_id))
