"""What follows from a call: all conclusions, and what was checked of them."""

from typing import Any, Generic, Literal

from pydantic import Field, field_validator

from common.model.calls import Work
from common.model.criteria import Criteria
from common.model.findings import (
    CategoryMatch,
    Commitment,
    Competitor,
    E,
    Entity,
    Evidence,
    Finding,
    NextStep,
    Objection,
    PainPoint,
    Question,
    ScorecardAnswer,
    Topic,
)
from common.model.identity import CallKey, Noun
from common.model.older import completed
from common.model.sentiment import Sentiment


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
    scorecard: tuple[ScorecardAnswer[E], ...]
    categories: tuple[CategoryMatch[E], ...]

    @property
    def findings(self) -> tuple[Finding[E], ...]:
        """All findings, whatever their kind."""
        return tuple(finding for name in FINDINGS for finding in getattr(self, name))


FINDINGS = (
    "entities",
    "pain_points",
    "objections",
    "competitors",
    "key_topics",
    "next_steps",
    "questions_raised",
    "commitments",
    "scorecard",
    "categories",
)
"""The fields of ``Insights`` that hold findings."""


class QualityIssue(Noun):
    """One thing that is wrong with an analysis; ``where`` is a field, such as ``objections[2]``."""

    issue: str
    where: str | None = None


class QualityValidation(Noun):
    """How far an analysis can be relied on: score 0 to 1, and what speaks against it."""

    score: float
    level: Literal["high", "medium", "low"]
    issues: tuple[QualityIssue, ...]


class Asking(Noun):
    """How the model was asked: what it takes to ask the same again.

    ``windows``: pieces of time that were asked about one by one; ``repaired``: a second answer was better.
    """

    seed: int | None = None
    parameters: dict[str, str] = Field(default_factory=dict)
    windows: int = 1
    repaired: bool = False


class Analysis(CallKey):
    """All insights of a call, their quotes checked; None for a call in which nothing was said.

    Analyses made before a field was there hold nothing under it.
    """

    insights: Insights[Evidence] | None
    quality_validation: QualityValidation | None = None
    criteria: Criteria = Criteria()
    prompt_version: str
    asking: Asking | None = None
    work: Work

    @field_validator("insights", mode="before")
    @classmethod
    def _of_today(cls, insights: Any) -> Any:
        return completed(insights) if isinstance(insights, dict) else insights
