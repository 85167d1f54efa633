"""What was promised and agreed: next steps and commitments."""

import re
from collections.abc import Sequence
from typing import Any

from onebox.models.rules.lines import Sentence
from onebox.models.rules.steps import CONDITION, Step

_GRANTED = re.compile(
    r"\byou(?: will|'ll) (?:get|receive|have)\b|\bwe can match\b|\bI can offer\b|\b(?:we|I)(?: will|"
    r"'ll) (?:drop|waive|include|match|deliver)\b",
    re.IGNORECASE,
)
_MOST_QUOTES = 3


def next_steps(found: Sequence[Step]) -> list[dict[str, Any]]:
    """Owner and due only as said."""
    return [
        {
            "description": step.sentences[0].text,
            "owner": step.owner,
            "due": step.due,
            "evidence": [sentence.evidence() for sentence in step.sentences[:_MOST_QUOTES]],
        }
        for step in found
    ]


def _own_words(step: Step) -> tuple[Sentence, ...]:
    """What the promiser says themselves, and not what they were asked."""
    told = [one for one in step.sentences if not one.is_question]
    return tuple(one for one in told if one.line.speaker == told[0].line.speaker)


def commitments(found: Sequence[Step], said: Sequence[Sentence]) -> list[dict[str, Any]]:
    """What a speaker promised to do or to give; a question promises nothing."""
    promised = [_own_words(step) for step in found if step.promised]
    taken = {(one.row, one.text) for group in promised for one in group}
    granted = [
        (one,)
        for one in said
        if not any(one.row == row and text in one.text for row, text in taken)
        and not one.is_question
        and _GRANTED.search(one.text)
        and not CONDITION.search(one.text)
    ]
    return [
        {
            "description": group[0].text,
            "by": group[0].line.speaker,
            "evidence": [sentence.evidence() for sentence in group[:_MOST_QUOTES]],
        }
        for group in sorted([*promised, *granted], key=lambda group: group[0].row)
    ]
