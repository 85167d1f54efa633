"""A call's revisions, and what changed from one to another."""

import asyncio
from typing import Annotated

from common.model import Analysis, Noun
from fastapi import APIRouter, Depends, Path

from ingest.api.analyses import RevisionList, shown_of, told
from ingest.api.calls import MOST_REVISIONS, CallIdPath, Documents
from ingest.api.samples.calls import DIFFERENCE, REVISIONS
from ingest.differences import Change, Verdict, changes, verdict
from ingest.problems import Problem
from ingest.security.admission import needs, noted

NEWEST = 50  # revisions told of

router = APIRouter(prefix="/calls", tags=["calls"])

RevisionPath = Annotated[int, Path(ge=1, le=MOST_REVISIONS)]


class Difference(Noun):
    """What became of a call's analysis between two of its revisions; unverified findings are in neither."""

    call_id: str
    before_revision: int
    after_revision: int
    before: Verdict
    after: Verdict
    changes: tuple[Change, ...]


@router.get(
    "/{call_id}/revisions",
    summary="List a call's revisions",
    dependencies=[needs("read")],
    responses=REVISIONS,
)
async def list_revisions(call_id: CallIdPath, documents: Annotated[Documents, Depends()]) -> RevisionList:
    """The call's revisions, newest first, each with the analysis that was the newest then; at most fifty."""
    entries = await documents.journal.revisions(documents.tenant, call_id, NEWEST)
    if not entries:
        raise Problem(404, "There is no such call.")
    found = await asyncio.gather(*(documents.analyses.latest(entry.key) for entry in entries))
    listed = (told(entry, analysis) for entry, analysis in zip(entries, found, strict=True))
    return RevisionList(call_id=call_id, revisions=tuple(listed))


@router.get(
    "/{call_id}/revisions/{before}/diff/{after}",
    summary="Compare two revisions",
    dependencies=[needs("read"), noted("call.read")],
    responses=DIFFERENCE,
)
async def compare_revisions(
    call_id: CallIdPath,
    before: RevisionPath,
    after: RevisionPath,
    documents: Annotated[Documents, Depends()],
) -> Difference:
    """Which findings came, went or changed, and the sentiment and outcome before and after."""
    first, second = await asyncio.gather(*(_analysis(documents, call_id, each) for each in (before, after)))
    one, other = shown_of(first), shown_of(second)
    return Difference(
        call_id=call_id,
        before_revision=before,
        after_revision=after,
        before=verdict(one),
        after=verdict(other),
        changes=changes(one, other),
    )


async def _analysis(documents: Documents, call_id: str, revision: int) -> Analysis:
    entry = await documents.entry(call_id, revision)
    analysis = await documents.analyses.latest(entry.key)
    if analysis is None:
        raise Problem(404, f"Revision {revision} of this call has no analysis.")
    return analysis
