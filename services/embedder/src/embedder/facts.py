"""What is known of a call as a whole, for each of its chunks."""

from common.model import Analysis, Call, CallFacts, Transcript


def facts(call: Call | None, analysis: Analysis, transcript: Transcript) -> CallFacts:
    """From whoever handed the call in, and from what was concluded of it.

    A call of which nobody said when it began counts from when it was handed in: a period would miss it else.
    What upstream calls it goes before what a model made of it.
    """
    metadata, found = call.metadata if call else None, analysis.insights
    return CallFacts(
        started_at=(metadata and metadata.started_at) or (call.created_at if call else None),
        agent=metadata.agent if metadata else None,
        customer=metadata.customer if metadata else None,
        company_name=metadata.company_name if metadata else None,
        language=transcript.language or (found.language if found else None),
        call_type=(metadata and metadata.call_type) or (found.call_type if found else None),
        call_outcome=found.call_outcome if found else None,
        sentiment=found.sentiment.overall if found else None,
    )
