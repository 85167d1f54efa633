"""Pain points and objections: sentences that a pattern marks, or that are much like a labelled example."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from onebox.models.rules.examples import Examples, Nearest
from onebox.models.rules.lexicon import lexicon, says
from onebox.models.rules.lines import Line, Sentence
from onebox.models.safetensors import Array

_LIKE_ENOUGH = 0.60  # cosine at which likeness alone decides
_LIKE_AT_ALL = 0.20  # cosine below which a pattern stands alone, and is not believed
_SHORTEST = 3  # words


@dataclass(frozen=True)
class Remark:
    """A sentence and what it is taken for."""

    sentence: Sentence
    label: str
    confidence: float


def pain_points(sentences: Sequence[Sentence], vectors: Array, examples: Examples) -> list[dict[str, Any]]:
    """What hurts a customer, in their own sentences."""
    found: list[dict[str, Any]] = []
    for sentence, vector in _said_by_customers(sentences, vectors):
        nearest = examples.nearest("pain_point", vector)
        marked = says(sentence.text, "pain_point", "patterns")
        if _believed(nearest, examples.nearest("background", vector), marked=marked):
            found.append(_pain_point(Remark(sentence, nearest.label, _confidence(nearest, marked=marked))))
    return found


def _pain_point(remark: Remark) -> dict[str, Any]:
    return {
        "description": remark.sentence.text,
        "severity": "high" if says(remark.sentence.text, "grave") else "medium",
        "category": remark.label,
        "confidence": remark.confidence,
        "evidence": [remark.sentence.evidence()],
    }


def objections(
    lines: Sequence[Line], sentences: Sequence[Sentence], vectors: Array, examples: Examples
) -> list[dict[str, Any]]:
    """Reasons against going on, and what became of them."""
    found: list[dict[str, Any]] = []
    for sentence, vector in _said_by_customers(sentences, vectors):
        nearest = examples.nearest("objection", vector)
        kind = _marked_as(sentence)
        if _believed(nearest, examples.nearest("background", vector), marked=kind is not None):
            label = kind or nearest.label
            remark = Remark(sentence, label, _confidence(nearest, marked=kind is not None))
            found.append(_objection(remark, lines))
    return found


def _marked_as(sentence: Sentence) -> str | None:
    kinds = lexicon()["objection"]["patterns"]
    return next((kind for kind in kinds if says(sentence.text, "objection", "patterns", kind)), None)


def _objection(remark: Remark, lines: Sequence[Line]) -> dict[str, Any]:
    return {
        "type": remark.label,
        "description": remark.sentence.text,
        "resolution_status": resolution(remark, lines),
        "confidence": remark.confidence,
        "evidence": [remark.sentence.evidence()],
    }


def resolution(remark: Remark, lines: Sequence[Line]) -> str:
    """What became of an objection: told by what its speaker says after it was answered."""
    if says(remark.sentence.text, "deferral"):
        return "deferred"
    later = lines[remark.sentence.row + 1 :]
    answered = any(line.speaker != remark.sentence.line.speaker for line in later[:2])
    if not answered:
        return "unresolved"
    back = next((line.text for line in later[1:3] if line.speaker == remark.sentence.line.speaker), "")
    return "resolved" if says(back, "acceptance") and " but " not in back.lower() else "unknown"


def _said_by_customers(sentences: Sequence[Sentence], vectors: Array) -> Iterator[tuple[Sentence, Array]]:
    for sentence, vector in zip(sentences, vectors, strict=True):
        if not sentence.line.is_seller and sentence.length >= _SHORTEST:
            yield sentence, vector


def _believed(nearest: Nearest, background: Nearest, *, marked: bool) -> bool:
    if marked:
        return nearest.likeness > _LIKE_AT_ALL
    return nearest.likeness > max(_LIKE_ENOUGH, background.likeness)


def _confidence(nearest: Nearest, *, marked: bool) -> float:
    return round(min(0.85, 0.3 + 0.4 * nearest.likeness + (0.2 if marked else 0.0)), 2)
