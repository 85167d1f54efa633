"""Analyze a call.

Takes ``CallTranscribed`` from the *analyze* queue, announces ``CallAnalyzed`` on *embed*.
"""

from common.events import CallAnalyzed, CallTranscribed
from common.model import Analysis, Transcript
from common.pipeline import ANALYZE, EMBED
from faststream_sqs import SQSRouter

from analyzer import analysis
from analyzer.resources import Analyses, Model, Transcripts

router = SQSRouter()


@router.subscriber(ANALYZE.queue)
@router.publisher(EMBED.queue, group_id=lambda event: event.tenant_id)
async def analyze(
    transcribed: CallTranscribed, transcripts: Transcripts, analyses: Analyses, model: Model
) -> CallAnalyzed:
    """Ask the model once, check every quote of its answer, keep the analysis, announce it.

    A call that already has an analysis is only announced again.
    """
    kept = await analyses.find(transcribed.key)

    if kept is None:
        transcript = await transcripts.get(transcribed.key)
        kept = await analyses.keep(await _conclude(transcribed, transcript, model))

    found = analysis.findings(kept.insights)
    return CallAnalyzed(
        **dict(kept.key),
        findings=len(found),
        verified=sum(finding.verified for finding in found),
        work=kept.work,
    )


async def _conclude(transcribed: CallTranscribed, transcript: Transcript, model: Model) -> Analysis:
    if not transcript.utterances:
        return analysis.analysed(transcribed.key, None, analysis.nothing_said())
    answered = await model.conclude(transcript)
    insights = analysis.checked(answered.insights, transcript)
    return analysis.analysed(transcribed.key, insights, answered.work)
