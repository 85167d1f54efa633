"""What was concluded of calls, across all of them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from common.index import Hit, Mark, mark
from common.model import FindingType, Noun
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import ValidationError

from ingest.api.cursors import cursor_at, place_at
from ingest.api.given import TheIndex, TheStandings, TheTenant
from ingest.api.samples.found import FINDINGS
from ingest.api.sheets import TheSheet, sheet
from ingest.api.sought import Sought, the_one, through
from ingest.cells import csv_row
from ingest.problems import Problem
from ingest.security.admission import ThePrincipal, needs, note

AT_ONCE: Final = 500  # findings that are read together for a sheet

router = APIRouter(tags=["insights"])


class FindingRow(Noun):
    """One finding of one call, with a quote of it. Unverified ones are not told, so ``verified`` is true."""

    call_id: str
    started_at: datetime | None
    agent: str | None
    type: FindingType
    subject: str
    state: str | None
    text: str
    quote: str | None
    speaker: str | None
    start_ms: int
    verified: bool = True


class FindingsAnswer(Noun):
    """Findings, those of the newest calls first; ``next`` is the cursor of the following page."""

    findings: tuple[FindingRow, ...]
    next: str | None = None


COLUMNS: Final = tuple(FindingRow.model_fields)


@dataclass(frozen=True, slots=True)
class Listing:
    """The findings that are asked for."""

    tenant: TheTenant
    sought: Annotated[Sought, Depends()]
    index: TheIndex
    standings: TheStandings

    async def page(self, limit: int, cursor: str | None) -> FindingsAnswer:
        """Those behind the cursor."""
        asked = self.sought.asked(self.tenant, "findings")
        after = _mark(cursor, asked) if cursor else None
        filters = await self.sought.filters(self.tenant, self.standings)
        hits = await self.index.findings(self.tenant, filters, limit + 1, after) if filters else []
        shown, more = hits[:limit], len(hits) > limit
        following = cursor_at(mark(shown[-1]).model_dump(mode="json"), asked) if more else None
        return FindingsAnswer(findings=tuple(filter(None, map(_row, shown))), next=following)

    async def rows(self) -> AsyncIterator[str]:
        """All of them as CSV."""
        filters = await self.sought.filters(self.tenant, self.standings)
        yield csv_row(COLUMNS)
        after: Mark | None = None
        while filters:
            hits = await self.index.findings(self.tenant, filters, AT_ONCE, after)
            for row in filter(None, map(_row, hits)):
                yield csv_row(row.model_dump(mode="json").values())
            if len(hits) < AT_ONCE:
                return
            after = mark(hits[-1])


async def exported(form: TheSheet, request: Request, who: ThePrincipal) -> None:
    """On record by what was looked through, and as what it was taken."""
    query = request.query_params
    await note(request, who, "export", the_one(query), through(query, form))


@router.get(
    "/findings",
    summary="List or export findings",
    dependencies=[needs("export"), Depends(exported)],
    operation_id="findings",
    response_model=FindingsAnswer,
    responses=FINDINGS,
)
async def findings(
    listing: Annotated[Listing, Depends()],
    form: TheSheet,
    limit: Annotated[int, Query(ge=1, le=500, description="Findings on a page; a sheet has all")] = 100,
    cursor: Annotated[str | None, Query(max_length=1000, description="``next`` of the page before")] = None,
) -> FindingsAnswer | Response:
    """Findings of all calls that pass the filters, each in its newest revision, those of new calls first."""
    if form == "csv":
        return await sheet("findings", listing.rows())
    return await listing.page(limit, cursor)


def _row(hit: Hit) -> FindingRow | None:
    if hit.finding is None:
        return None
    speaker = ", ".join(hit.speakers) or None
    whole = {"call_id": hit.call_id, "text": hit.text, "start_ms": hit.start_ms, "speaker": speaker}
    return FindingRow.model_validate(dict(hit.facts) | dict(hit.finding) | whole)


def _mark(cursor: str, asked: str) -> Mark:
    try:
        return Mark.model_validate(place_at(cursor, asked))
    except ValidationError:
        raise Problem(400, "This cursor names no finding; leave it out to start anew.") from None
