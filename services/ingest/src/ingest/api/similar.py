"""Calls that are like another one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from ingest.api.calls import CallIdPath
from ingest.api.found import SimilarAnswer
from ingest.api.given import TheJournal
from ingest.api.samples.found import SIMILAR
from ingest.api.search import Around, Searching
from ingest.passages import grouped
from ingest.problems import Problem
from ingest.security.admission import needs, noted

router = APIRouter(prefix="/calls", tags=["search"])

Limit = Annotated[int, Query(ge=1, le=50, description="Calls")]


@router.get(
    "/{call_id}/similar",
    summary="Find similar calls",
    dependencies=[needs("search"), noted("search")],
    operation_id="similar_calls",
    responses=SIMILAR,
)
async def similar(
    call_id: CallIdPath,
    journal: TheJournal,
    searching: Annotated[Searching, Depends()],
    limit: Limit = 10,
    around: Around = 1,
) -> SimilarAnswer:
    """Calls of which most is said of the same things, each with the passage that is most like this call.

    A call of which nothing is indexed (yet) is like none.
    """
    entry = await journal.find(searching.tenant, call_id)
    if entry is None:
        raise Problem(404, "There is no such call.")
    groups = grouped(await searching.index.similar(entry.key, limit))
    return SimilarAnswer(call_id=call_id, calls=await searching.told(groups, 1, around))
