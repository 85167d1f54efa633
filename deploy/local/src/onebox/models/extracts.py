"""A question about excerpts of calls, answered in their own sentences: the nearest in meaning, or none."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from onebox.models.minilm import SentenceEncoder
from onebox.models.rules.lines import Line, Sentence, sentences
from onebox.models.safetensors import Array

_LINE = re.compile(
    r"^\[(?P<call>c\d+) (?P<id>\S+) \d+:\d\d(?::\d\d)? (?P<speaker>[^\]]+)\]\s*(?P<text>.*\S)\s*$"
)
_QUESTION = re.compile(
    r"^BEGIN QUESTION (?P<mark>\S+)\n\[question\] (?P<question>.*)\nEND QUESTION (?P=mark)$", re.MULTILINE
)
_LIKENESS = 0.5  # cosine below which a sentence does not answer the question
_NEARLY = 0.85  # of the best one's likeness, above which another sentence answers it, too
_MOST = 3
_CLAUSE = re.compile(r"(?<=[,;:])\s+")
_SHORTEST = 4  # words of a clause that means something alone
_KEPT = 20_000  # sentences whose vectors are kept, 30 MB: calls are asked about more than once


@dataclass(frozen=True)
class Excerpts:
    """A question, and lines of calls by their calls' labels."""

    question: str
    lines: Sequence[tuple[str, Line]]


def read_excerpts(text: str) -> Excerpts | None:
    """What a prompt asks about excerpts; None if it asks something else."""
    asked = _QUESTION.search(text)
    if asked is None:
        return None
    matches = (_LINE.match(row) for row in text.splitlines())
    lines = [
        (match["call"], Line(match["id"], match["speaker"].strip(), match["text"]))
        for match in matches
        if match
    ]
    return Excerpts(asked["question"], lines)


class _Vectors:
    """What sentences mean, each read once while it is kept."""

    def __init__(self, encoder: SentenceEncoder) -> None:
        self._encoder = encoder
        self._kept: dict[str, Array] = {}

    def of(self, texts: Sequence[str]) -> Array:
        """One unit vector per text."""
        known = {text: self._kept[text] for text in texts if text in self._kept}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            known |= dict(zip(new, self._encoder.encode(new), strict=True))
        self._kept = dict(list((self._kept | known).items())[-_KEPT:])
        return np.stack([known[text] for text in texts])


class Reader:
    """Finds; it does not understand."""

    def __init__(self, encoder: SentenceEncoder) -> None:
        self._vectors = _Vectors(encoder)

    def answer(self, asked: Excerpts) -> dict[str, Any]:
        """``sentences`` with their ``citations``, in the words of the calls, the nearest first."""
        labels = [label for label, _ in asked.lines]
        said = [one for one in sentences([line for _, line in asked.lines]) if not one.is_question]
        if not said:
            return {"sentences": []}
        likeness = self._likeness(asked.question, said)
        ranked = sorted(range(len(said)), key=lambda row: -likeness[row])
        least = max(_LIKENESS, _NEARLY * likeness[ranked[0]])
        near = [said[row] for row in ranked[:_MOST] if likeness[row] >= least]
        return {"sentences": [_cited(one, labels[one.row]) for one in near]}

    def _likeness(self, question: str, said: Sequence[Sentence]) -> list[float]:
        """How near each sentence comes to the question, as a whole or in a clause."""
        parts = [(row, text) for row, one in enumerate(said) for text in (one.text, *_clauses(one.text))]
        vectors = self._vectors.of([question, *(text for _, text in parts)])
        nearest = [-1.0] * len(said)
        for (row, _), likeness in zip(parts, vectors[1:] @ vectors[0], strict=True):
            nearest[row] = max(nearest[row], float(likeness))
        return nearest


def _clauses(text: str) -> list[str]:
    """One clause and two in a row; a recogniser may run a speaker's sentences together."""
    parts = _CLAUSE.split(text)
    spans = (
        " ".join(parts[at : at + size])
        for at in range(len(parts))
        for size in (1, 2)
        if at + size <= len(parts)
    )
    return [span for span in spans if span != text and len(span.split()) >= _SHORTEST]


def _cited(sentence: Sentence, label: str) -> dict[str, Any]:
    return {"text": sentence.text, "citations": [{"call": label, **sentence.evidence()}]}
