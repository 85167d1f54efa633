"""What a careful analyst finds in a gold dialogue: findings as ``Insights`` has them, required or not."""

from typing import Any, Literal

from common.model import (
    Citation,
    Commitment,
    Competitor,
    Entity,
    Finding,
    NextStep,
    Noun,
    Objection,
    PainPoint,
    Question,
    Topic,
)
from pydantic import ConfigDict, model_validator

Speaker = Literal["agent", "customer", "unknown"]
Mood = Literal["positive", "neutral", "negative", "mixed"]
CallType = Literal["discovery", "demo", "negotiation", "support", "renewal", "follow_up", "other"]
CallOutcome = Literal[
    "won", "lost", "next_step_agreed", "follow_up", "no_decision", "resolved", "unresolved", "unknown"
]
Engagement = Literal["low", "medium", "high", "unknown"]


class Gold(Noun):
    """Hand-written data: an unknown field is a mistake of the writer."""

    model_config = ConfigDict(extra="forbid")


class Label(Finding[Citation]):
    """A finding; one that is not ``required`` may be named or left out, and neither is a fault.

    Written with ``utterances`` and ``quote``, read as the one citation a model would give. Where several
    utterances carry the finding, citing any of them is right; the quote is verbatim in one of them.
    """

    model_config = ConfigDict(extra="forbid")

    required: bool

    @model_validator(mode="before")
    @classmethod
    def _cited(cls, written: dict[str, Any]) -> dict[str, Any]:
        citation = {"utterance_ids": written.get("utterances"), "quote": written.get("quote")}
        rest = {name: value for name, value in written.items() if name not in {"utterances", "quote"}}
        return {"evidence": [citation], **rest}

    @property
    def citation(self) -> Citation:
        """Where it rests."""
        return self.evidence[0]


class EntityLabel(Entity[Citation], Label):
    """An entity; ``aliases`` are its other spellings in the call, as the recogniser misheard them too."""

    aliases: tuple[str, ...] = ()


class PainPointLabel(PainPoint[Citation], Label):
    """A pain point."""


class ObjectionLabel(Objection[Citation], Label):
    """An objection; what was answered to it is not labelled."""

    response: str | None = None


class CompetitorLabel(Competitor[Citation], Label):
    """A competitor."""


class TopicLabel(Topic[Citation], Label):
    """A key topic."""


class NextStepLabel(NextStep[Citation], Label):
    """A next step."""


class QuestionLabel(Question[Citation], Label):
    """A question; which utterance answers it is not labelled."""

    answer_utterance_id: str | None = None


class CommitmentLabel(Commitment[Citation], Label):
    """A commitment; ``due`` if it was said, which ``Commitment`` has no field for."""

    due: str | None = None


KINDS = (
    "entities",
    "pain_points",
    "objections",
    "competitors",
    "key_topics",
    "next_steps",
    "questions_raised",
    "commitments",
)
"""The fields of ``Insights`` that are labelled: all findings but those of a tenant's own criteria."""


class SentimentLabel(Gold):
    """How the call went: over all, for each speaker, and in each quarter of its utterances."""

    overall: Mood
    by_speaker: dict[Speaker, Mood]
    by_quarter: tuple[Mood, Mood, Mood, Mood]
    trend: Literal["rising", "falling", "flat"]


class Alternatives(Gold):
    """What a careful analyst could say instead, for calls that two of them would judge differently."""

    call_type: tuple[CallType, ...] = ()
    call_outcome: tuple[CallOutcome, ...] = ()
    engagement_level: tuple[Engagement, ...] = ()
    sentiment: tuple[Mood, ...] = ()


class Labels(Gold):
    """Everything there is to be found in a call; a list that is empty has to stay empty."""

    call_type: CallType
    call_outcome: CallOutcome
    engagement_level: Engagement
    sentiment: SentimentLabel
    alternatives: Alternatives = Alternatives()
    entities: tuple[EntityLabel, ...]
    pain_points: tuple[PainPointLabel, ...]
    objections: tuple[ObjectionLabel, ...]
    competitors: tuple[CompetitorLabel, ...]
    key_topics: tuple[TopicLabel, ...]
    next_steps: tuple[NextStepLabel, ...]
    questions_raised: tuple[QuestionLabel, ...]
    commitments: tuple[CommitmentLabel, ...]

    def of(self, kind: str) -> tuple[Label, ...]:
        """The labels of one field of ``Insights``, such as ``objections``."""
        found: tuple[Label, ...] = getattr(self, kind)
        return found
