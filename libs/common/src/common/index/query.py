"""What is asked of the index, and what it answers."""

from datetime import datetime

from pydantic import Field

from common.model import CallFacts, ChunkFinding, FindingType, Noun, TenantId
from common.vectors import Vector


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
    """One question to a tenant's chunks: *text* for the words, *vector* for the meaning, or either alone."""

    tenant_id: TenantId
    text: str | None
    vector: Vector | None
    filters: Filters = Filters()
    limit: int = Field(10, ge=1)
    offset: int = Field(0, ge=0)


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
