"""A tenant's own questions and categories, answered only where a sentence is plainly about them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from onebox.models.rules.examples import Examples
from onebox.models.rules.lines import Sentence
from onebox.models.safetensors import Array

_LIKE_ENOUGH = 0.55  # cosine from which a sentence is about the criterion
_TITLES: dict[str, Literal["scorecard", "categories"]] = {
    "Scorecard questions:": "scorecard",
    "Categories:": "categories",
}
_ROW = re.compile(r"^- (?P<id>[a-z0-9][a-z0-9_-]{0,39}): (?P<text>.+)$")
_ASKS = re.compile(
    "^(?:did|does|do|has|have|was|were|is|are) (?:the )?(?:agent|seller|rep|customer|caller|client|"
    r"they|he|she)\b|\?$",
    re.IGNORECASE,
)
_AGENT = re.compile(r"\b(?:agent|seller|sales(?:person|man)?|rep)\b", re.IGNORECASE)
_CUSTOMER = re.compile(r"\b(?:customer|caller|client|buyer)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Criterion:
    """One question of a scorecard, or one category."""

    kind: Literal["scorecard", "categories"]
    id: str
    text: str

    def may_be_met_by(self, sentence: Sentence) -> bool:
        """Whether it is about what this speaker says."""
        if sentence.is_question and not _ASKS.search(self.text):
            return False
        if _AGENT.search(self.text) and not _CUSTOMER.search(self.text):
            return sentence.line.is_seller
        return not (_CUSTOMER.search(self.text) and not _AGENT.search(self.text) and sentence.line.is_seller)


def read_criteria(rows: Sequence[str]) -> list[Criterion]:
    """What a prompt asks besides the usual: lists under their titles, before the transcript."""
    found: list[Criterion] = []
    kind = None
    for row in rows:
        kind = _TITLES.get(row, kind)
        match = _ROW.match(row)
        if kind and match:
            found.append(Criterion(kind, match["id"], match["text"]))
    return found


def answers(
    criteria: Sequence[Criterion], said: Sequence[Sentence], examples: Examples
) -> dict[str, list[dict[str, Any]]]:
    """What is met, with its words; a question that no words are near is not applicable."""
    if not criteria or not said:
        return {}
    likeness = (
        examples.encode([_declared(one.text) for one in criteria])
        @ examples.encode([one.text for one in said]).T
    )
    met = [(one, _nearest(one, said, row)) for one, row in zip(criteria, likeness, strict=True)]
    return {
        "scorecard": [_answer(one, sentence) for one, sentence in met if one.kind == "scorecard"],
        "categories": [
            {"category_id": one.id, "present": True, "evidence": [sentence.evidence()]}
            for one, sentence in met
            if one.kind == "categories" and sentence
        ],
    }


def _declared(question: str) -> str:
    """A question as it would be stated: who asks is no part of what is said."""
    return _ASKS.sub("", question).strip(" ?") or question


def _nearest(criterion: Criterion, said: Sequence[Sentence], likeness: Array) -> Sentence | None:
    for row in map(int, np.argsort(-likeness)):
        if likeness[row] < _LIKE_ENOUGH:
            return None
        if criterion.may_be_met_by(said[row]):
            return said[row]
    return None


def _answer(criterion: Criterion, sentence: Sentence | None) -> dict[str, Any]:
    return {
        "question_id": criterion.id,
        "answer": "yes" if sentence else "not_applicable",
        "evidence": [sentence.evidence()] if sentence else [],
    }
