"""One conclusion of a call at a time, each with the words it rests on."""

from typing import Generic, Literal, TypeVar

from common.model.identity import Noun

Match = Literal["exact", "normalized", "fuzzy", "moved"]
"""How a quote was found: letter for letter, as it is heard, almost as it is heard, or in other utterances."""

Shortfall = Literal["not_said", "number_not_said", "name_not_said", "recited"]
"""Why a quote proves nothing: nobody said it, or its finding tells what its utterances do not."""


class Citation(Noun):
    """Where a model says a conclusion rests: utterance ids, and their words verbatim."""

    utterance_ids: tuple[str, ...]
    quote: str


class Evidence(Citation):
    """A citation that was checked: ``verified`` only if it carries its finding, and then with its times.

    The times are those of the quoted words where the transcript has words, else of the utterance.
    """

    verified: bool
    match: Match | None = None
    issue: Shortfall | None = None
    speaker: str | None = None
    start_ms: int | None = None
    end_ms: int | None = None


E = TypeVar("E", bound=Citation)


class Finding(Noun, Generic[E]):
    """One conclusion with the words it rests on."""

    evidence: tuple[E, ...]

    @property
    def verified(self) -> bool:
        """Whether it may be shown as fact: at least one of its quotes carries it."""
        return any(getattr(piece, "verified", False) for piece in self.evidence)


class Entity(Finding[E], Generic[E]):
    """Something named in the call: ``text`` as it was said, ``normalized`` as one would write it."""

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
    """A reason the customer gives against going on; ``response`` is what was answered to it, if anything."""

    type: Literal["price", "timing", "authority", "need", "trust", "competitor", "feature", "other"]
    description: str
    resolution_status: Literal["resolved", "unresolved", "deferred", "unknown"]
    response: str | None


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
    """A question somebody asked, and the utterance that answers it, if one does."""

    question: str
    asked_by: str
    answered: bool
    answer_utterance_id: str | None


class Commitment(Finding[E], Generic[E]):
    """What somebody promised."""

    description: str
    by: str


class ScorecardAnswer(Finding[E], Generic[E]):
    """One question of the tenant's scorecard, answered; what did not happen needs no quote."""

    question_id: str
    answer: Literal["yes", "no", "partly", "not_applicable"]

    @property
    def verified(self) -> bool:
        """Whether it may be shown as fact."""
        return self.answer in {"no", "not_applicable"} or super().verified


class CategoryMatch(Finding[E], Generic[E]):
    """Whether what one of the tenant's categories describes occurs; absence needs no quote."""

    category_id: str
    present: bool

    @property
    def verified(self) -> bool:
        """Whether it may be shown as fact."""
        return not self.present or super().verified
