"""Search what was said, by words and by meaning."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from common.errors import PipelineError
from common.index import REACH, Filters, Hit
from common.index import Query as Asked
from common.logging import get_logger
from common.vectors import Vector
from fastapi import APIRouter, Depends, Query

from ingest.api.cursors import cursor_at, place_at
from ingest.api.found import Degraded, FoundCall, Mode, SearchAnswer, found
from ingest.api.given import TheIndex, TheQuestions, TheStandings, TheTenant, TheTranscripts
from ingest.api.samples.found import SEARCH
from ingest.api.sought import SEARCHED, Sought
from ingest.passages import Group, grouped, key_of
from ingest.problems import Problem
from ingest.security.admission import needs

DEPTH: Final = REACH
"""Passages that are looked at: enough for pages of calls, few enough to rank and group for every page."""
AT_ONCE: Final = 4  # transcripts that are read beside one another; long ones are megabytes

_OF_A_PROVIDER: Final = "provider_"

log = get_logger("callstream.api")

router = APIRouter(tags=["search"])

Question = Annotated[
    str, Query(min_length=1, max_length=1000, pattern=r"\S", description="Words or a question")
]

Around = Annotated[int, Query(ge=0, le=5, description="Utterances told before and after a passage")]


@dataclass(frozen=True, slots=True)
class Page:
    """How the answer is cut and shown."""

    mode: Annotated[
        Mode,
        Query(description="words: costs nothing; meaning: finds no names; hybrid: both"),
    ] = "hybrid"
    limit: Annotated[int, Query(ge=1, le=50, description="Calls on a page")] = 10
    passages: Annotated[int, Query(ge=1, le=20, description="Passages of a call")] = 3
    around: Around = 1
    cursor: Annotated[str | None, Query(max_length=500, description="``next`` of the page before")] = None

    def offset(self, asked: str) -> int:
        """Calls on the pages before.

        Raises:
            Problem: 400, the cursor is not of this question, or leads deeper than we look.
        """
        place = 0 if self.cursor is None else place_at(self.cursor, asked)
        if not isinstance(place, int) or not 0 <= place < DEPTH:
            raise Problem(
                400, f"A search goes {DEPTH} passages deep; ask more particularly, or narrow it by filters."
            )
        return place


@dataclass(frozen=True, slots=True)
class Searching:
    """Everything a search needs."""

    tenant: TheTenant
    questions: TheQuestions
    index: TheIndex
    standings: TheStandings
    transcripts: TheTranscripts

    async def hits(self, q: str, mode: Mode, filters: Filters) -> tuple[list[Hit], Degraded | None]:
        """The best passages; by words alone where the provider gives no vector."""
        vector, degraded = await self._meant(q, mode)
        text = None if mode == "meaning" and vector is not None else q
        asked = Asked(tenant_id=self.tenant, text=text, vector=vector, filters=filters, limit=DEPTH)
        return await self.index.search(asked), degraded

    async def told(self, groups: Sequence[Group], most: int, width: int) -> tuple[FoundCall, ...]:
        """The calls, each with at most so many passages, and so many utterances around each."""
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(group: Group) -> FoundCall:
            if not width:
                return found(group, most)
            async with turn:
                transcript = await self.transcripts.spoken(key_of(self.tenant, group.best))
            return found(group, most, transcript, width)

        return tuple(await asyncio.gather(*map(one, groups)))

    async def _meant(self, q: str, mode: Mode) -> tuple[Vector | None, Degraded | None]:
        if mode == "words":
            return None, None
        try:
            return (await self.questions.embedded(self.tenant, q)).vectors[0], None
        except PipelineError as error:
            if not error.reason.startswith(_OF_A_PROVIDER):
                raise
            log.warning("search.degraded", reason=error.reason)
            return None, Degraded(mode="words", reason=error.reason)


@router.get(
    "/search",
    summary="Search what was said",
    dependencies=[needs("search"), SEARCHED],
    operation_id="search",
    responses=SEARCH,
)
async def search(
    q: Question,
    sought: Annotated[Sought, Depends()],
    page: Annotated[Page, Depends()],
    searching: Annotated[Searching, Depends()],
) -> SearchAnswer:
    """Find passages that share words or meaning with the question: calls in the order of their best ones.

    While the provider of meaning is away, words alone are searched, and ``degraded`` says so.
    """
    asked = sought.asked(searching.tenant, "search", q, page.mode)
    offset = page.offset(asked)
    filters = await sought.filters(searching.tenant, searching.standings)
    if filters is None:
        return SearchAnswer(query=q, mode=page.mode)
    hits, degraded = await searching.hits(q, page.mode, filters)
    groups, end = grouped(hits), offset + page.limit
    return SearchAnswer(
        query=q,
        mode=page.mode,
        degraded=degraded,
        calls=await searching.told(groups[offset:end], page.passages, page.around),
        complete=len(hits) < DEPTH,
        next=cursor_at(end, asked) if end < len(groups) else None,
    )
