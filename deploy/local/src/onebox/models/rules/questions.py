"""Questions, and whether they were answered."""

import re
from collections.abc import Sequence
from typing import Any

from onebox.models.rules.lexicon import says
from onebox.models.rules.lines import Line, Sentence, sentences

_ASKING = re.compile(
    r"^(?:what|when|where|who|why|how|which|can|could|do|does|did|is|are|will|would|have|has)\b",
    re.IGNORECASE,
)
_YES_OR_NO = re.compile(
    r"^(?:yes|yeah|yep|no|nope|sure|certainly|of course|absolutely|correct|right|okay)\b", re.IGNORECASE
)
_SHORTEST = 3  # words
_SHORTEST_UNMARKED = 5  # words; without a question mark, less is a fragment


def questions(lines: Sequence[Line], said: Sequence[Sentence]) -> list[dict[str, Any]]:
    """Questions of substance; greetings and tags are none."""
    marked = any(sentence.is_question for sentence in said)
    return [
        {
            "question": sentence.text,
            "asked_by": sentence.line.speaker,
            "answered": is_answered(lines, sentence),
            "evidence": [sentence.evidence()],
        }
        for sentence in said
        if _is_asked(sentence, marked=marked) and not says(sentence.text, "small_talk")
    ]


def _is_asked(sentence: Sentence, *, marked: bool) -> bool:
    """Where the recogniser writes no question marks at all, the first word has to tell."""
    if marked:
        return sentence.is_question and sentence.length >= _SHORTEST
    return _ASKING.match(sentence.text) is not None and sentence.length >= _SHORTEST_UNMARKED


def is_answered(lines: Sequence[Line], question: Sentence) -> bool:
    """Whether the other side's next words tell something."""
    later = lines[question.row + 1 : question.row + 4]
    reply = next((line for line in later if line.speaker != question.line.speaker), None)
    return reply is not None and _is_substantial(reply)


def _is_substantial(reply: Line) -> bool:
    if says(reply.text, "dodge"):
        return False
    told = [sentence for sentence in sentences([reply]) if not sentence.is_question]
    return any(_YES_OR_NO.match(sentence.text) or sentence.length >= _SHORTEST for sentence in told)
