"""What follows from a call: conclusions, each with the words it rests on."""

from typing import Generic, Literal, TypeVar

from common.model.calls import Work
from common.model.identity import CallKey, Noun


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
