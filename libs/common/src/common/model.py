"""The nouns: a call, its recording, what was said, and what follows from it."""

from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

TenantId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
CallId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$")]
Revision = Annotated[int, Field(ge=1, le=1_000_000)]
Milliseconds = Annotated[int, Field(ge=0)]


class Noun(BaseModel):
    """Immutable, tolerant of fields from the future, and never quoting its content in an error."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class CallKey(Noun):
    """Which call, of whom, in which revision: the key of every event and every document."""

    tenant_id: TenantId
    call_id: CallId
    revision: Revision = 1

    @property
    def key(self) -> "CallKey":
        """This key alone; ``**dict(key)`` spells it in another noun."""
        return CallKey(tenant_id=self.tenant_id, call_id=self.call_id, revision=self.revision)

    @property
    def id(self) -> str:
        """The document id, ``tenant_id:call_id:revision``: two tenants may name a call alike."""
        return f"{self.tenant_id}:{self.call_id}:{self.revision}"


class ObjectRef(Noun):
    """One object in S3."""

    bucket: str = Field(min_length=3, max_length=63)
    key: str = Field(min_length=1, max_length=1024)
    version: str | None = None
    etag: str | None = None


class CallMetadata(Noun):
    """What upstream knows about a call; nothing in it is needed to process the call."""

    agent: str | None = None
    customer: str | None = None
    direction: Literal["inbound", "outbound"] | None = None
    started_at: datetime | None = None
    company_name: str | None = None
    contact_email: str | None = None
    call_type: str | None = None
    extra: dict[str, str] = Field(default_factory=dict)


class Recording(Noun):
    """A call's audio: where it lies and what it was found to be. Lengths are the container's claims."""

    object: ObjectRef
    size_bytes: int = Field(ge=1)
    container: str
    codec: str
    sample_rate: int
    channels: int
    duration_ms: int | None = None


class Call(CallKey):
    """One conversation, as ingest found it. Either its recording or a transcript made elsewhere is there."""

    recording: Recording | None = None
    transcript: ObjectRef | None = None
    metadata: CallMetadata = CallMetadata()
    created_at: datetime


class Work(Noun):
    """What a stage used and paid for its document. ``cost_usd`` is None where the price is not known."""

    provider: str
    model: str
    cost_usd: float | None = None
    requests: int = 0
    audio_seconds: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0


class Segment(Noun):
    """What the recogniser heard on one channel between two instants: the machine's unit."""

    channel: int
    start_ms: Milliseconds
    end_ms: Milliseconds
    text: str
    language: str | None = None
    confidence: float | None = None


class Utterance(Noun):
    """One speaker's uninterrupted turn: the human's unit. ``id`` is ``u1``, ``u2`` … in order of time."""

    id: str
    speaker: str
    channel: int
    start_ms: Milliseconds
    end_ms: Milliseconds
    text: str
    language: str | None = None
    confidence: float | None = None


class Transcript(CallKey):
    """A call's utterances in order; none of them is a valid outcome (``no_speech``)."""

    language: str | None = None
    duration_ms: Milliseconds
    speech_ms: Milliseconds = 0
    utterances: tuple[Utterance, ...] = ()
    work: Work

    @property
    def outcome(self) -> Literal["speech", "no_speech"]:
        """Whether anything was said."""
        return "speech" if self.utterances else "no_speech"


class Citation(Noun):
    """Where a model says a conclusion rests: utterance ids, and their words verbatim."""

    utterance_ids: tuple[str, ...]
    quote: str


class Evidence(Citation):
    """A citation that was checked: ``verified`` only if the words were found, and then with their times."""

    verified: bool
    speaker: str | None = None
    start_ms: int | None = None
    end_ms: int | None = None


E = TypeVar("E", bound=Citation)


class Finding(Noun, Generic[E]):
    """One conclusion with the words it rests on."""

    evidence: tuple[E, ...]

    @property
    def verified(self) -> bool:
        """Whether at least one of its quotes was found in the transcript."""
        return any(getattr(piece, "verified", False) for piece in self.evidence)


class Entity(Finding[E], Generic[E]):
    """Something named in the call."""

    type: Literal[
        "person", "organization", "product", "money", "date", "number", "place", "email", "phone", "other"
    ]
    text: str
    normalized: str


class PainPoint(Finding[E], Generic[E]):
    """Something that hurts the customer today."""

    description: str
    severity: Literal["low", "medium", "high"]
    category: str


class Objection(Finding[E], Generic[E]):
    """A reason the customer gives against going on."""

    type: Literal["price", "timing", "authority", "need", "trust", "competitor", "feature", "other"]
    description: str
    resolution_status: Literal["resolved", "unresolved", "deferred", "unknown"]


class Competitor(Finding[E], Generic[E]):
    """A rival that was named."""

    name: str


class Topic(Finding[E], Generic[E]):
    """What the call was about."""

    topic: str


class NextStep(Finding[E], Generic[E]):
    """What is to happen next; owner and due only if said."""

    description: str
    owner: str | None
    due: str | None


class Question(Finding[E], Generic[E]):
    """A question somebody asked."""

    question: str
    asked_by: str
    answered: bool


class Commitment(Finding[E], Generic[E]):
    """What somebody promised."""

    description: str
    by: str


class SpeakerSentiment(Noun):
    """How one speaker sounded, -1 to 1."""

    speaker: str
    label: Literal["positive", "neutral", "negative", "mixed"]
    score: float


class Sentiment(Noun):
    """How the call went: score -1 to 1, confidence 0 to 1."""

    overall: Literal["positive", "neutral", "negative", "mixed"]
    score: float
    confidence: float
    reasoning: str
    by_speaker: tuple[SpeakerSentiment, ...]


class Insights(Noun, Generic[E]):
    """All conclusions of a call: ``Insights[Citation]`` as answered, ``Insights[Evidence]`` as kept."""

    summary: str
    language: str
    call_type: Literal["discovery", "demo", "negotiation", "support", "renewal", "follow_up", "other"]
    call_outcome: Literal[
        "won", "lost", "next_step_agreed", "follow_up", "no_decision", "resolved", "unresolved", "unknown"
    ]
    engagement_level: Literal["low", "medium", "high", "unknown"]
    sentiment: Sentiment
    entities: tuple[Entity[E], ...]
    pain_points: tuple[PainPoint[E], ...]
    objections: tuple[Objection[E], ...]
    competitors: tuple[Competitor[E], ...]
    key_topics: tuple[Topic[E], ...]
    next_steps: tuple[NextStep[E], ...]
    questions_raised: tuple[Question[E], ...]
    commitments: tuple[Commitment[E], ...]


FINDINGS = (
    "entities",
    "pain_points",
    "objections",
    "competitors",
    "key_topics",
    "next_steps",
    "questions_raised",
    "commitments",
)
"""The fields of ``Insights`` that hold findings."""


class Analysis(CallKey):
    """All insights of a call, their quotes checked; None for a call in which nothing was said."""

    insights: Insights[Evidence] | None
    prompt_version: str
    work: Work


class Indexed(CallKey):
    """That a call's chunks are in the index of one embedding model, and what it took."""

    chunks: int = Field(ge=0)
    work: Work


class Chunk(CallKey):
    """Consecutive utterances small enough to embed, under a stable id."""

    n: int = Field(ge=0)
    text: str
    speakers: tuple[str, ...]
    utterance_ids: tuple[str, ...]
    start_ms: Milliseconds
    end_ms: Milliseconds

    @property
    def chunk_id(self) -> str:
        """``tenant_id:call_id:revision:n``."""
        return f"{self.id}:{self.n}"
