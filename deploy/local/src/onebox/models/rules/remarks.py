"""Pain points and objections: sentences that a pattern marks, or that are much like a labelled example."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from onebox.models.rules.examples import Examples, Nearest
from onebox.models.rules.lexicon import lexicon, says
from onebox.models.rules.lines import Line, Sentence, replies
from onebox.models.rules.merging import merged
from onebox.models.safetensors import Array

_LIKE_ENOUGH = 0.60  # cosine at which likeness alone decides
_LIKE_AT_ALL = 0.15  # cosine below which a pattern stands alone, and is not believed
_SHORTEST = 3  # words
_SHORTEST_LIKE = 5  # words of a sentence that no pattern marks: shorter ones are like anything
_NEAR = 4  # lines within which one complaint goes on
_MOST_QUOTES = 3
_REPLY = 300  # characters

_ENDS = {"won": "resolved", "lost": "unresolved"}  # what the end of a call says of every objection

Vectors = Mapping[Sentence, Array]
"""The sentences that may be remarks, with their vectors."""


@dataclass(frozen=True)
class Remark:
    """A sentence and what it is taken for; *others* say the same again."""

    sentence: Sentence
    label: str
    confidence: float
    others: tuple[Sentence, ...] = ()

    @property
    def evidence(self) -> list[dict[str, Any]]:
        """Its quotes, three at most."""
        return [one.evidence() for one in (self.sentence, *self.others)[:_MOST_QUOTES]]


def said_by_customers(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Sentences that may be remarks: long enough, and not the seller's."""
    return [one for one in sentences if not one.line.is_seller and one.length >= _SHORTEST]


def pain_points(vectors: Vectors, examples: Examples) -> list[dict[str, Any]]:
    """What hurts a customer, in their own sentences."""
    found = [
        Remark(sentence, nearest.label, _confidence(nearest, marked=marked))
        for sentence, vector in vectors.items()
        if not (sentence.is_question or says(sentence.text, "past") or says(sentence.text, "vague"))
        for nearest in [examples.nearest("pain_point", vector)]
        for marked in [says(sentence.text, "pain_point", "patterns")]
        if _believed(sentence, nearest, examples.nearest("background", vector), marked=marked)
    ]
    return [_pain_point(remark) for remark in merged(found, _goes_on, _both)]


def _both(one: Remark, other: Remark) -> Remark:
    """The plainer of the two, with all sentences."""
    plain, rest = (other, one) if other.confidence > one.confidence else (one, other)
    return replace(plain, others=(*plain.others, rest.sentence, *rest.others))


def _goes_on(one: Remark, other: Remark) -> bool:
    """Whether a complaint goes on: in one turn, or about the same in the next."""
    apart = other.sentence.row - max(said.row for said in (one.sentence, *one.others))
    return apart == 0 or (apart <= _NEAR and one.label == other.label)


def _pain_point(remark: Remark) -> dict[str, Any]:
    return {
        "description": remark.sentence.text,
        "severity": _severity(" ".join(one.text for one in (remark.sentence, *remark.others))),
        "category": remark.label,
        "confidence": remark.confidence,
        "evidence": remark.evidence,
    }


def _severity(text: str) -> str:
    if says(text, "slight"):
        return "low"
    return "high" if says(text, "grave") else "medium"


def objections(
    lines: Sequence[Line], vectors: Vectors, examples: Examples, outcome: str
) -> list[dict[str, Any]]:
    """Reasons against going on, and what became of them in a call with this *outcome*."""
    found: list[Remark] = []
    for sentence, vector in vectors.items():
        nearest = examples.nearest("objection", vector)
        kind = _marked_as(sentence)
        if kind is None and (sentence.is_question or says(sentence.text, "acceptance")):
            continue
        if _believed(sentence, nearest, examples.nearest("background", vector), marked=kind is not None):
            found.append(
                Remark(sentence, kind or nearest.label, _confidence(nearest, marked=kind is not None))
            )
    return [_objection(remark, lines, outcome) for remark in merged(found, _is_repeated, _both)]


def _is_repeated(one: Remark, other: Remark) -> bool:
    """Whether it is the same objection once more."""
    return one.label == other.label


def _marked_as(sentence: Sentence) -> str | None:
    kinds = lexicon()["objection"]["patterns"]
    return next((kind for kind in kinds if says(sentence.text, "objection", "patterns", kind)), None)


def _objection(remark: Remark, lines: Sequence[Line], outcome: str) -> dict[str, Any]:
    return {
        "type": remark.label,
        "description": remark.sentence.text,
        "resolution_status": _ENDS.get(outcome) or resolution(remark, lines),
        "response": response(remark, lines),
        "confidence": remark.confidence,
        "evidence": remark.evidence,
    }


def response(remark: Remark, lines: Sequence[Line]) -> str | None:
    """What the seller said to it, in their words; nothing where sellers are not told apart."""
    answer = next((line for line in replies(lines, remark.sentence.row, 2) if line.is_seller), None)
    return answer.text if answer and len(answer.text) <= _REPLY else None


def resolution(remark: Remark, lines: Sequence[Line]) -> str:
    """What became of an objection: told by what its speaker says after it was answered."""
    last = max((remark.sentence, *remark.others), key=lambda one: one.row)
    if remark.label == "authority" or any(
        says(one.text, "deferral") for one in (remark.sentence, *remark.others)
    ):
        return "deferred"
    answer = next(iter(replies(lines, last.row, 2)), None)
    if answer is None:
        return "unresolved"
    later = lines[last.row + 2 : last.row + 6]
    back = next((line.text for line in later if line.speaker == last.line.speaker), "")
    if says(back, "acceptance") and not says(back, "refusal"):
        return "resolved"
    return "unresolved" if says(back, "refusal") else "unknown"


def _believed(sentence: Sentence, nearest: Nearest, background: Nearest, *, marked: bool) -> bool:
    if marked:
        return nearest.likeness > _LIKE_AT_ALL
    return sentence.length >= _SHORTEST_LIKE and nearest.likeness > max(_LIKE_ENOUGH, background.likeness)


def _confidence(nearest: Nearest, *, marked: bool) -> float:
    return round(min(0.85, 0.3 + 0.4 * nearest.likeness + (0.2 if marked else 0.0)), 2)
