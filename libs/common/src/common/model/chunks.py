"""What is searched: chunks of calls, their findings among them, and the note that they are indexed."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from common.model.calls import Work
from common.model.identity import CallKey, Milliseconds, Noun

FindingType = Literal[
    "entity",
    "pain_point",
    "objection",
    "competitor",
    "topic",
    "next_step",
    "question",
    "commitment",
    "scorecard",
    "category",
]


class Indexed(CallKey):
    """That a call's chunks are in the index of one embedding model, and what it took."""

    chunks: int = Field(ge=0)
    work: Work


class CallFacts(Noun):
    """What is known of a call as a whole: every chunk of it carries this, to be filtered and counted by."""

    started_at: datetime | None = None
    agent: str | None = None
    customer: str | None = None
    company_name: str | None = None
    language: str | None = None
    call_type: str | None = None
    call_outcome: str | None = None
    sentiment: str | None = None


class ChunkFinding(Noun):
    """The finding a chunk tells.

    ``subject`` is what calls are counted by: a pain point's category, an objection's type, a rival's name.
    ``state`` is what became of it, or how bad it is: severity, resolution, an answer, owner or type.
    ``quote`` is verified: a finding without a verified quote is not indexed.
    """

    type: FindingType
    subject: str
    state: str | None = None
    quote: str | None = None


class Chunk(CallKey):
    """Consecutive utterances small enough to embed, or one finding with its evidence, under a stable id."""

    n: int = Field(ge=0)
    text: str
    speakers: tuple[str, ...]
    utterance_ids: tuple[str, ...]
    start_ms: Milliseconds
    end_ms: Milliseconds
    finding: ChunkFinding | None = None
    facts: CallFacts = CallFacts()

    @property
    def chunk_id(self) -> str:
        """``tenant_id:call_id:revision:n``."""
        return f"{self.id}:{self.n}"
