"""Erase a call, for good."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from ingest.api.calls import CallIdPath, Documents
from ingest.api.given import TheErasure, TheIndex
from ingest.problems import Problem
from ingest.security.admission import needs, noted

router = APIRouter(prefix="/calls", tags=["calls"])


@router.delete(
    "/{call_id}",
    summary="Erase a call",
    dependencies=[needs("erase"), noted("erase")],
    status_code=204,
    response_class=Response,
    responses={204: {"description": "Nothing of it is left"}, 404: {"description": "No such call"}},
)
async def erase_call(
    call_id: CallIdPath, documents: Annotated[Documents, Depends()], erasure: TheErasure, index: TheIndex
) -> None:
    """Remove a call: recording, transcripts, analyses, what is searched and what was remembered of it.

    Its costs stay in the ledger. The same recording, handed in the same way, is refused. Erasing it again
    is harmless.
    """
    entry = await documents.journal.find(documents.tenant, call_id) or await documents.journal.tombstone(
        documents.tenant, call_id
    )
    if entry is None:
        raise Problem(404, "There is no such call.")
    await documents.forget(call_id)
    await erasure.erase(entry, index)
