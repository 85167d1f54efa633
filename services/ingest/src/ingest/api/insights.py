"""What calls amount to over a period: counted by the server, without asking any model."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from common.index import Filters, FindingCount, Hit, Interval, Period, SubjectCount
from common.model import FindingType, Noun
from fastapi import APIRouter, Depends, Query

from ingest.api.given import TheIndex, TheRates, TheStandings, TheTenant
from ingest.api.samples.found import INSIGHTS
from ingest.api.sought import SEARCHED, Sought
from ingest.rates import Kind, Rate
from ingest.security.admission import needs

router = APIRouter(tags=["insights"])

By = Annotated[Interval, Query(description="Periods of the trend, in UTC")]
TABLES: Final[Mapping[FindingType, str]] = {
    "pain_point": "pain_points",
    "objection": "objections",
    "competitor": "competitors",
    "topic": "topics",
    "question": "questions",
}

RATED: Final[Mapping[FindingType, Kind]] = {"scorecard": "scorecard", "category": "categories"}

Top = Annotated[int, Query(ge=1, le=50, description="Rows of each table")]


class Example(Noun):
    """The newest call's words for it."""

    call_id: str
    started_at: datetime | None
    quote: str | None
    text: str
    start_ms: int


class Subject(Noun):
    """In how many calls something was found; ``states`` counts the calls by what became of it."""

    subject: str
    calls: int
    states: dict[str, int]
    example: Example


class Trend(Noun):
    """The calls that began in a period, by sentiment."""

    begins: datetime
    calls: int
    sentiment: dict[str, int]


class InsightsAnswer(Noun):
    """Calls counted, each in its newest revision; a call in which nothing was said is none here.

    ``pain_points`` are by category, with severities; ``objections`` by type, with resolutions;
    ``questions`` are ``answered`` or ``open``. ``scorecard`` and ``categories`` tell how many of the calls
    that were asked have which answer; null where the calls are too many to be named: take a shorter period.
    """

    calls: int
    sentiment: dict[str, int]
    trend: tuple[Trend, ...]
    pain_points: tuple[Subject, ...] = ()
    objections: tuple[Subject, ...] = ()
    competitors: tuple[Subject, ...] = ()
    topics: tuple[Subject, ...] = ()
    questions: tuple[Subject, ...] = ()
    scorecard: tuple[Rate, ...] | None = ()
    categories: tuple[Rate, ...] | None = ()


@dataclass(frozen=True, slots=True)
class Counting:
    """Where things are counted."""

    tenant: TheTenant
    index: TheIndex
    standings: TheStandings
    rates: TheRates

    async def counted(self, filters: Filters, by: Interval, top: int) -> InsightsAnswer:
        """Everything, side by side."""
        whole = filters.model_copy(update={"speakers": (), "finding_types": ()})
        found = filters.model_copy(update={"findings": True})
        overview, counts, rates = await asyncio.gather(
            self.index.overview(self.tenant, whole, by),
            self.index.aggregate(self.tenant, found, top),
            self._rates(filters),
        )
        return InsightsAnswer(
            calls=overview.calls,
            sentiment=overview.sentiments,
            trend=tuple(map(_trend, overview.periods)),
            scorecard=rates.get("scorecard", ()),
            categories=rates.get("categories", ()),
            **_tables(counts),
        )

    async def _rates(self, filters: Filters) -> Mapping[Kind, tuple[Rate, ...] | None]:
        sought = set(filters.finding_types or RATED)
        return await self.rates.of([RATED[type_] for type_ in RATED if type_ in sought], self.tenant, filters)


@router.get(
    "/insights",
    summary="Aggregate insights over a period",
    dependencies=[needs("search"), SEARCHED],
    operation_id="insights",
    responses=INSIGHTS,
)
async def insights(
    sought: Annotated[Sought, Depends()],
    counting: Annotated[Counting, Depends()],
    by: By = "week",
    top: Top = 10,
) -> InsightsAnswer:
    """Calls and their sentiment over time, and what most of them have in common.

    Calls are chosen by all filters but ``speaker`` and ``type``, which choose among their findings.
    """
    filters = await sought.filters(counting.tenant, counting.standings)
    if filters is None:
        return InsightsAnswer(calls=0, sentiment={}, trend=())
    return await counting.counted(filters, by, top)


def _tables(counts: Iterable[FindingCount]) -> dict[str, Any]:
    return {TABLES[each.type]: tuple(map(_subject, each.subjects)) for each in counts if each.type in TABLES}


def _subject(count: SubjectCount) -> Subject:
    return Subject(**dict(count) | {"example": _example(count.example)})


def _example(hit: Hit) -> Example:
    quote = hit.finding.quote if hit.finding else None
    return Example(**dict(hit) | {"started_at": hit.facts.started_at, "quote": quote})


def _trend(period: Period) -> Trend:
    return Trend(begins=period.begins, calls=period.calls, sentiment=period.sentiments)
