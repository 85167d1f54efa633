"""What was promised and agreed: next steps and commitments, told by who does what."""

import re
from collections.abc import Sequence
from typing import Any

from onebox.models.rules.entities import due
from onebox.models.rules.lines import Line, Sentence, other_speaker

_ACTION = (
    r"(?:send|e-?mail|call|schedule|reschedule|set (?:\w+ )?up|share|book|follow up|get back|prepare|forward|"
    r"invite|discuss|review|confirm|arrange|test|try|sign|order|connect|meet|talk|bring|come (?:in|by)|"
    r"stop by|look into|make (?:sure|an appointment|the appointment)|put (?:you|it|that|in)|"
    r"text|refund|ship|deliver|start)"
)
_MINE = re.compile(
    rf"\b(?:I|we)(?: will|'ll| am going to|'m going to| are going to|'re going to) (?:\w+ )?{_ACTION}\b",
    re.IGNORECASE,
)
_LET_ME = re.compile(
    r"\blet me (?:send|e-?mail|call|schedule|set|book|forward|share|get back)\b", re.IGNORECASE
)
_TOGETHER = re.compile(
    rf"\b(?:let's|let us|shall we|can we|could we) (?:just )?(?:go ahead and )?(?:{_ACTION}|pencil)\b"
    r"|\bnext steps? (?:is|are|would be)\b|\bI have (?:you|an?)\b.*\bappointment\b",
    re.IGNORECASE,
)
_YOURS = re.compile(
    r"\b(?:please|can you|could you|would you|will you) (?:please )?"
    r"(?:send|e-?mail|call|share|forward|sign|schedule)\b",
    re.IGNORECASE,
)
_GRANTED = re.compile(
    r"\byou(?: will|'ll) (?:get|receive|have)\b|\bwe can match\b|\bI can offer\b", re.IGNORECASE
)
_CONDITION = re.compile(r"^(?:if|when|unless)\b|\bwhat (?:will|would)\b", re.IGNORECASE)


def next_steps(lines: Sequence[Line], sentences: Sequence[Sentence]) -> list[dict[str, Any]]:
    """What is to happen after the call; owner and due only as said."""
    return [
        {
            "description": sentence.text,
            "owner": _owner(lines, sentence),
            "due": due(sentence),
            "evidence": [sentence.evidence()],
        }
        for sentence in sentences
        if is_step(sentence)
    ]


def is_step(sentence: Sentence) -> bool:
    """Whether somebody says what is to be done next."""
    if _CONDITION.search(sentence.text):
        return False
    return any(form.search(sentence.text) for form in (_MINE, _LET_ME, _TOGETHER, _YOURS))


def commitments(sentences: Sequence[Sentence]) -> list[dict[str, Any]]:
    """What a speaker promised to do or to give; a question promises nothing."""
    return [
        {"description": sentence.text, "by": sentence.line.speaker, "evidence": [sentence.evidence()]}
        for sentence in sentences
        if not sentence.is_question and any(form.search(sentence.text) for form in (_MINE, _LET_ME, _GRANTED))
    ]


def _owner(lines: Sequence[Line], sentence: Sentence) -> str | None:
    if _MINE.search(sentence.text) or _LET_ME.search(sentence.text):
        return sentence.line.speaker
    return other_speaker(lines, sentence.line.speaker) if _YOURS.search(sentence.text) else None
