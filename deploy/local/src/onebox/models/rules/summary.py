"""The sentences that stand for the call: central to it, unlike one another."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from onebox.models.rules.lexicon import says
from onebox.models.rules.lines import Sentence
from onebox.models.safetensors import Array

_MOST = 3
_MOST_CENTRAL = 2  # where no more findings are left
_MOST_TOPICS = 3
_SHORTEST = 6  # words
_PAIR = 2
_NOVELTY = 0.6  # how much a sentence loses for being like one that is taken
_FOUND = 0.5  # what a sentence gains for being a finding

_ENDINGS = {
    "won": ", won",
    "lost": ", lost",
    "next_step_agreed": ", ending with an agreed next step",
    "follow_up": ", to be followed up",
    "resolved": ", resolved",
    "unresolved": ", left unresolved",
    "no_decision": ", without a decision",
}


def summary(
    opening: str, said: Sequence[Sentence], vectors: Array, found: Collection[str], ending: str = ""
) -> str:
    """*opening*, up to three sentences with who said them, and *ending*; *found* are findings' texts."""
    chosen = sorted(central(said, vectors, found)) if said else []
    return " ".join(part for part in (opening, *(_told(said[row]) for row in chosen), ending) if part)


def subjects(topics: Sequence[str]) -> str:
    """What it was about, the first three subjects."""
    *first, last = topics[:_MOST_TOPICS] or [""]
    return f"It was about {', '.join(first)}{' and ' if first else ''}{last}." if last else ""


def outlook(steps: Sequence[Mapping[str, Any]]) -> str:
    """What is to happen next: the first step with a day, or the first."""
    step = next((one for one in steps if one["due"]), next(iter(steps), None))
    return f"Next step: {_quoted(step['description'])}" if step else ""


def _told(sentence: Sentence) -> str:
    who = sentence.line.speaker
    return f"{'Somebody' if who == 'unknown' else f'The {who}'} said: {_quoted(sentence.text)}"


def _quoted(text: str) -> str:
    """The stop comes last, where whoever splits the summary into sentences looks for it."""
    return f"“{text.removesuffix('.')}”."


def opening(call_type: str, call_outcome: str, names: Sequence[str]) -> str:
    """What kind of call it was and how it ended."""
    kind = "A call" if call_type == "other" else f"A {call_type.replace('_', ' ')} call"
    between = f" between {names[0]} and {names[1]}" if len(names) == _PAIR else ""
    return f"{kind}{between}{_ENDINGS.get(call_outcome, '')}."


def central(said: Sequence[Sentence], vectors: Array, found: Collection[str]) -> list[int]:
    """Rows of the sentences chosen."""
    told = [row for row, one in enumerate(said) if _tells(one)]
    left = told or list(range(len(said)))
    centre = vectors.mean(axis=0)
    worth = {row: float(vectors[row] @ centre) + _FOUND * (said[row].text in found) for row in left}
    chosen: list[int] = []
    while left and len(chosen) < _MOST:
        if len(chosen) >= _MOST_CENTRAL and not any(said[row].text in found for row in left):
            break
        best = max(left, key=lambda row: worth[row] - _NOVELTY * _likeness(vectors, row, chosen))
        chosen.append(best)
        left.remove(best)
    return chosen


def _tells(sentence: Sentence) -> bool:
    """Neither a question nor a greeting, and not too short."""
    return sentence.length >= _SHORTEST and not sentence.is_question and not says(sentence.text, "greeting")


def _likeness(vectors: Array, row: int, chosen: Sequence[int]) -> float:
    return float(np.max(vectors[chosen] @ vectors[row])) if chosen else 0.0
