"""The sentences that stand for the call: central to it, unlike one another."""

from collections.abc import Collection, Sequence

import numpy as np

from onebox.models.rules.lines import Sentence
from onebox.models.safetensors import Array

_MOST = 3
_SHORTEST = 6  # words
_PAIR = 2
_NOVELTY = 0.6  # how much a sentence loses for being like one that is taken
_FOUND = 0.15  # what a sentence gains for being a finding

_ENDINGS = {
    "won": ", won",
    "lost": ", lost",
    "next_step_agreed": ", ending with an agreed next step",
    "follow_up": ", to be followed up",
    "resolved": ", resolved",
    "unresolved": ", left unresolved",
    "no_decision": ", without a decision",
}


def summary(opening: str, said: Sequence[Sentence], vectors: Array, found: Collection[str]) -> str:
    """*opening*, then up to three sentences with who said them; *found* are the texts of findings."""
    chosen = sorted(central(said, vectors, found)) if said else []
    return " ".join([opening, *(_told(said[row]) for row in chosen)])


def _told(sentence: Sentence) -> str:
    who = sentence.line.speaker
    return f"The {who} said: “{sentence.text}”" if who != "unknown" else f"Somebody said: “{sentence.text}”"


def opening(call_type: str, call_outcome: str, names: Sequence[str]) -> str:
    """What kind of call it was and how it ended."""
    kind = "A call" if call_type == "other" else f"A {call_type.replace('_', ' ')} call"
    between = f" between {names[0]} and {names[1]}" if len(names) == _PAIR else ""
    return f"{kind}{between}{_ENDINGS.get(call_outcome, '')}."


def central(said: Sequence[Sentence], vectors: Array, found: Collection[str]) -> list[int]:
    """Rows of the sentences chosen."""
    told = [row for row, one in enumerate(said) if one.length >= _SHORTEST and not one.is_question]
    left = told or list(range(len(said)))
    centre = vectors.mean(axis=0)
    worth = {row: float(vectors[row] @ centre) + _FOUND * (said[row].text in found) for row in left}
    chosen: list[int] = []
    while left and len(chosen) < _MOST:
        best = max(left, key=lambda row: worth[row] - _NOVELTY * _likeness(vectors, row, chosen))
        chosen.append(best)
        left.remove(best)
    return chosen


def _likeness(vectors: Array, row: int, chosen: Sequence[int]) -> float:
    return float(np.max(vectors[chosen] @ vectors[row])) if chosen else 0.0
