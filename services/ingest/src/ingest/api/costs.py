"""What the tenant's calls and questions cost, from the ledger."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Final

from common.model import CallId, Noun
from fastapi import APIRouter, Depends, Query, Request, Response

from ingest.api.cursors import cursor_at, place_at
from ingest.api.given import TheClock, TheCosts, ThePrincipal, TheTenant
from ingest.api.moments import Day
from ingest.api.samples.found import COSTS
from ingest.api.sheets import TheSheet, sheet
from ingest.api.sought import the_one, through
from ingest.cells import csv_row
from ingest.costs import PARTS, Cost, CostQuery, Costs, Part, Spending, ordered, place
from ingest.problems import Problem
from ingest.security.admission import needs, note

DAYS: Final = 30  # that are added up unless others are named
FIGURES: Final = tuple(Spending.model_fields)

router = APIRouter(tags=["costs"])


class CostsAnswer(Noun):
    """Costs of the days from ``since`` to the one before ``until``; ``total`` is of all pages together."""

    since: date
    until: date
    by: tuple[Part, ...]
    total: Spending
    rows: tuple[Cost, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """Which costs."""

    tenant: TheTenant
    clock: TheClock
    since: Annotated[Day | None, Query(description="First day, in UTC; thirty days ago unless given")] = None
    until: Annotated[
        Day | None, Query(description="The day after the last, in UTC; tomorrow unless given")
    ] = None
    by: Annotated[
        tuple[Part, ...], Query(max_length=len(PARTS), description="What rows are told apart by; repeat it")
    ] = ("day", "stage", "model")
    call_id: Annotated[CallId | None, Query(description="This call only, in all its revisions")] = None

    @property
    def asked(self) -> CostQuery:
        """As the ledger is asked.

        Raises:
            Problem: 400, there is no such day.
        """
        tomorrow = self.clock().date() + timedelta(days=1)
        until = self.until or tomorrow
        since = self.since or min(until, tomorrow) - timedelta(days=DAYS)
        if since >= until:
            raise Problem(400, "'since' has to be before 'until', which is the day after the last.")
        return CostQuery(
            tenant_id=self.tenant, since=since, until=until, by=ordered(self.by), call_id=self.call_id
        )


async def exported(form: TheSheet, request: Request, who: ThePrincipal) -> None:
    """A sheet is an export, and noted as one."""
    if form == "csv":
        query = request.query_params
        await note(request, who, "export", the_one(query), through(query, form))


@router.get(
    "/costs",
    summary="Report provider costs",
    dependencies=[needs("costs"), Depends(exported)],
    operation_id="costs",
    response_model=CostsAnswer,
    responses=COSTS,
)
async def costs(
    spent: Annotated[Spent, Depends()],
    ledger: TheCosts,
    form: TheSheet,
    limit: Annotated[int, Query(ge=1, le=1000, description="Rows on a page; a sheet has all")] = 200,
    cursor: Annotated[str | None, Query(max_length=1000, description="``next`` of the page before")] = None,
) -> CostsAnswer | Response:
    """What was asked of providers and paid, by day, stage and model, or by call.

    ``cost_usd`` is what is known; requests whose end nobody knows (``started``, ``unknown``) are counted
    apart, and ``at_most_usd`` has what they may have cost.
    """
    asked = spent.asked
    if form == "csv":
        return await sheet("costs", _rows(ledger, asked))
    named = asked.model_dump_json()
    after = _place(cursor, named, asked.by) if cursor else ()
    rows = [row async for row in ledger.rows(asked, limit + 1, after)]
    more = cursor_at(place(rows[limit - 1], asked.by), named) if len(rows) > limit else None
    return CostsAnswer(
        **asked.model_dump(include={"since", "until", "by"}),
        total=await ledger.total(asked),
        rows=tuple(rows[:limit]),
        next=more,
    )


def _place(cursor: str, asked: str, by: tuple[Part, ...]) -> tuple[str, ...]:
    """Where the page before ended: a text for each of the parts that rows are told apart by."""
    found = place_at(cursor, asked)
    if not (isinstance(found, list) and len(found) == len(by) and all(isinstance(x, str) for x in found)):
        raise Problem(400, "This cursor names no row; leave it out to start anew.")
    return tuple(found)


async def _rows(ledger: Costs, asked: CostQuery) -> AsyncIterator[str]:
    columns = (*asked.by, *FIGURES)
    yield csv_row(columns)
    async for row in ledger.rows(asked):
        yield csv_row(getattr(row, name) for name in columns)
