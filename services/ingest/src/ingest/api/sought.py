"""What searches and counts are narrowed by, alike wherever calls are looked through."""

import json
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Annotated, Any, Final

from common.access.audit import Through
from common.entry import COMPLETED
from common.index import Filters
from common.model import CallId, FindingType, TenantId
from common.model.sentiment import Mood
from common.pipeline import STATUSES
from fastapi import Depends, Query, Request
from pydantic import StringConstraints
from starlette.datastructures import QueryParams

from ingest.api.calls import Status
from ingest.api.moments import Moment
from ingest.api.sheets import Sheet
from ingest.problems import Problem
from ingest.security.admission import ThePrincipal, note
from ingest.standings import MOST, Standings, TooMany

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
SEVERAL = 20  # values of one filter


@dataclass(frozen=True, slots=True)
class Sought:
    """Filters are joined; values of one filter, given by repeating it, are alternatives."""

    since: Annotated[Moment | None, Query(description="Calls that began at or after")] = None
    until: Annotated[Moment | None, Query(description="Calls that began before")] = None
    speaker: Annotated[
        tuple[Name, ...], Query(max_length=SEVERAL, description="Who speaks, as the transcript names them")
    ] = ()
    agent: Annotated[
        tuple[Name, ...], Query(max_length=SEVERAL, description="The call's agent, as its metadata has it")
    ] = ()
    status: Annotated[Status | None, Query(description="The call's status now")] = None
    sentiment: Annotated[tuple[Mood, ...], Query(description="The whole call's")] = ()
    type: Annotated[tuple[FindingType, ...], Query(description="Findings of these types only")] = ()
    call_id: Annotated[tuple[CallId, ...], Query(max_length=SEVERAL, description="These calls only")] = ()

    def asked(self, tenant: TenantId, *more: Any) -> str:
        """Everything a cursor depends on."""
        own = [self.since, self.until, self.speaker, self.agent, self.status]
        return json.dumps([tenant, *more, *own, self.sentiment, self.type, self.call_id], default=str)

    async def filters(self, tenant: TenantId, standings: Standings) -> Filters | None:
        """As the index takes them; None where nothing can be found.

        Raises:
            Problem: 400, they cannot be true together, or too many calls would have to be named.
        """
        check_period(self.since, self.until)
        plain = Filters(
            call_ids=self.call_id,
            since=self.since,
            until=self.until,
            speakers=self.speaker,
            agents=self.agent,
            sentiments=self.sentiment,
            finding_types=self.type,
        )
        return plain if self.status is None else await self._of_status(plain, tenant, standings)

    async def _of_status(self, plain: Filters, tenant: TenantId, standings: Standings) -> Filters | None:
        try:
            unsettled = await standings.unsettled(tenant, self.call_id)
        except TooMany:
            raise Problem(
                400,
                f"More than {MOST} calls with something to search are on their way again or failed, too many"
                " to tell by status: leave 'status' out, or name calls with 'call_id'.",
            ) from None
        if self.status == STATUSES[COMPLETED]:
            return plain.model_copy(update={"without_call_ids": tuple(unsettled)})
        these = tuple(call_id for call_id, status in unsettled.items() if status == self.status)
        return plain.model_copy(update={"call_ids": these}) if these else None


_FILTERS: Final = frozenset(each.name for each in fields(Sought))


def through(query: QueryParams, format: Sheet | None = None) -> Through:  # noqa: A002 - its name on the wire
    """What a *query* looks through, for the record."""
    filters = tuple(sorted(_FILTERS.intersection(query)))
    return Through(filters=filters, calls=len(set(query.getlist("call_id"))), format=format)


def the_one(query: QueryParams) -> str | None:
    """The call that alone is looked through, if there is but one."""
    named = set(query.getlist("call_id"))
    return named.pop() if len(named) == 1 else None


async def searched(request: Request, who: ThePrincipal) -> None:
    """On record by what was looked through, not by what was looked for."""
    await note(request, who, "search", the_one(request.query_params), through(request.query_params))


SEARCHED: Final[Any] = Depends(searched)
"""What a route names behind its ``needs`` that answers in words of whatever calls fit."""


def check_period(since: datetime | None, until: datetime | None) -> None:
    """Whether anything can lie between them.

    Raises:
        Problem: 400, nothing can.
    """
    if since and until and since >= until:
        raise Problem(400, "'since' has to be before 'until': nothing lies between them.")
