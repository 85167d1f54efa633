"""What is asked of the index, and what it answers."""

from datetime import datetime
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from common.model import CallFacts, ChunkFinding, FindingType, Noun, TenantId
from common.vectors import Vector

REACH: Final = 200
"""The deepest hit a query may ask for. Rankings are always looked at so far, wherever the page begins: the
fused order of a query's pages is then one order."""

Interval = Literal["day", "week", "month"]


class Filters(Noun):
    """What every hit has to be: several values are alternatives, an empty tuple or None lets all through.

    ``since`` and ``until`` bound when the call began: at or after the one, before the other.
    """

    call_ids: tuple[str, ...] = ()
    without_call_ids: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    speakers: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    sentiments: tuple[str, ...] = ()
    finding_types: tuple[FindingType, ...] = ()
    findings: bool | None = None
    """True: findings only; False: what was said only."""


class Query(Noun):
    """One question to a tenant's chunks: *text* for the words, *vector* for the meaning, or either alone.

    No page reaches deeper than ``REACH``.
    """

    tenant_id: TenantId
    text: str | None
    vector: Vector | None
    filters: Filters = Filters()
    limit: int = Field(10, ge=1)
    offset: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _within_reach(self) -> Self:
        if self.offset + self.limit > REACH:
            raise ValueError(f"offset and limit reach beyond the {REACH} best hits; ask a narrower question")
        return self


class Hit(Noun):
    """A chunk that answers a query."""

    call_id: str
    chunk_id: str
    score: float
    text: str
    highlights: tuple[str, ...] = ()
    speakers: tuple[str, ...]
    utterance_ids: tuple[str, ...]
    start_ms: int
    end_ms: int
    finding: ChunkFinding | None = None
    facts: CallFacts = CallFacts()

    @property
    def revision(self) -> int:
        """Of the call; a chunk's id is ``tenant_id:call_id:revision:n``."""
        return int(self.chunk_id.rsplit(":", 2)[1])

    @property
    def n(self) -> int:
        """The chunk's number in its call."""
        return int(self.chunk_id.rsplit(":", 1)[1])


class Count(Noun):
    """How much there is; calls beyond some 3,000 are counted to a few per cent, as all calls here are."""

    calls: int
    chunks: int


class SubjectCount(Noun):
    """In how many calls one thing was found, and in how many of them in which state; the newest of them."""

    subject: str
    calls: int
    states: dict[str, int]
    example: Hit


class FindingCount(Noun):
    """In how many calls findings of a type are, and the subjects most calls have."""

    type: FindingType
    calls: int
    subjects: tuple[SubjectCount, ...]


class Period(Noun):
    """A day, week (from Monday) or month, in UTC, in which calls began, and how many of which sentiment."""

    begins: datetime
    calls: int
    sentiments: dict[str, int]


class Overview(Noun):
    """Calls counted as a whole and by period; periods without a call are left out."""

    calls: int
    sentiments: dict[str, int]
    periods: tuple[Period, ...]
