"""Who asked for what: the record, for those who answer for it."""

from typing import Annotated

from common.access.audit import AuditRow, Place
from common.model import CallId, Noun
from fastapi import APIRouter, Query
from pydantic import ValidationError

from ingest.api.cursors import cursor_at, place_at
from ingest.api.given import TheAudit, TheTenant
from ingest.api.samples.access import AUDIT
from ingest.problems import Problem
from ingest.security.admission import needs, noted

router = APIRouter(tags=["access"])


class AuditAnswer(Noun):
    """Deeds, newest first; ``next`` is the cursor of the following page."""

    rows: tuple[AuditRow, ...]
    next: str | None = None


@router.get(
    "/audit",
    summary="Read the audit log",
    dependencies=[needs("operate"), noted("audit.read")],
    operation_id="audit",
    responses=AUDIT,
)
async def audit(
    tenant: TheTenant,
    log: TheAudit,
    call_id: Annotated[CallId | None, Query(description="What was asked for of this call")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str | None, Query(max_length=500, description="``next`` of the page before")] = None,
) -> AuditAnswer:
    """Reads of calls, transcripts and recordings, searches, questions, exports, redos, and deeds with keys.

    A row is written before its answer: it tells what was asked for, whether or not it was there or was done.
    What was searched or asked for is not told; ``through`` names the filters that were used, the number of
    calls that were named, and an export's format.
    """
    asked = f"audit {tenant} {call_id}"
    after = _place(cursor, asked) if cursor else None
    rows = await log.newest(tenant, limit + 1, call_id=call_id, after=after)
    shown = rows[:limit]
    if len(rows) <= limit:
        return AuditAnswer(rows=tuple(shown))
    last = Place(at=shown[-1].at, id=shown[-1].id)
    return AuditAnswer(rows=tuple(shown), next=cursor_at(last.model_dump(mode="json"), asked))


def _place(cursor: str, asked: str) -> Place:
    try:
        return Place.model_validate(place_at(cursor, asked))
    except ValidationError:
        raise Problem(400, "This cursor names no row; leave it out to start anew.") from None
