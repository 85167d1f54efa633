"""Questions, and whether they were answered."""

import re
from collections.abc import Sequence
from typing import Any

from onebox.models.rules.lexicon import says
from onebox.models.rules.lines import Line, Sentence, replies, sentences

_ASKING = re.compile(
    "^(?:(?:and|so|but|okay|now|um|well),? )*(?:what|when|where|who|why|how|which|can|could|do|does|"
    r"did|is|are|will|would|have|has|any)\b",
    re.IGNORECASE,
)
_INDIRECT = re.compile(
    r"\b(?:wanted to ask|like to ask|can i ask|tell me) (?:how|what|when|who|why|where|whether)\b",
    re.IGNORECASE,
)
_YES_OR_NO = re.compile(
    "^(?:yes|yeah|yep|no|nope|sure|certainly|of course|absolutely|correct|right|okay|it does|it is|"
    r"i do|we do)\b",
    re.IGNORECASE,
)
_SHORTEST = 3  # words
_SHORTEST_ASKED = 2  # words, of one that begins as a question does
_SHORTEST_UNMARKED = 5  # words; without a question mark, less is a fragment
_REACH = 3
_MOST = 50
_SMALL = frozenset(
    {"it", "is", "was", "that", "they", "he", "she", "you", "s", "re", "the", "a", "of", "so", "and", "i"}
)


def questions(lines: Sequence[Line], said: Sequence[Sentence]) -> list[dict[str, Any]]:
    """Questions of substance, one a turn's run of them; greetings, tags and echoes are none."""
    marked = any(sentence.is_question for sentence in said)
    asked = [one for one in said if _is_asked(one, marked=marked) and not says(one.text, "small_talk")]
    told = [one for one in asked if not _is_echo(lines, one) and not _only_adds(said, one)]
    weighty = sorted(told, key=lambda one: (one.line.is_seller, -one.length))[:_MOST]
    return [_question(lines, one) for one in told if one in weighty]


def _question(lines: Sequence[Line], asked: Sentence) -> dict[str, Any]:
    reply = answer(lines, asked)
    return {
        "question": asked.text,
        "asked_by": asked.line.speaker,
        "answered": reply is not None,
        "answer_utterance_id": reply.id if reply else None,
        "evidence": [asked.evidence()],
    }


def _is_asked(sentence: Sentence, *, marked: bool) -> bool:
    """Where the recogniser writes no question marks at all, the first word has to tell."""
    begins = _ASKING.match(sentence.text) is not None
    if marked:
        wanted = _SHORTEST_ASKED if begins else _SHORTEST
        return (sentence.is_question and sentence.length >= wanted) or (
            _INDIRECT.search(sentence.text) is not None
        )
    return begins and sentence.length >= _SHORTEST_UNMARKED


def _is_echo(lines: Sequence[Line], asked: Sentence) -> bool:
    """Whether it only says again what was just said: "At ten to midnight?"."""
    if asked.row == 0 or _ASKING.match(asked.text):
        return False
    heard = set(_words(lines[asked.row - 1].text)) | _SMALL
    return all(word in heard for word in _words(asked.text))


def _only_adds(said: Sequence[Sentence], asked: Sentence) -> bool:
    """Whether it is a fragment that goes on with the question before it: "The windows, maybe?"."""
    at = said.index(asked)
    before = said[at - 1] if at else None
    follows = before is not None and before.row == asked.row and before.is_question
    return follows and not _ASKING.match(asked.text)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def answer(lines: Sequence[Line], question: Sentence) -> Line | None:
    """The other side's next words, if they tell something."""
    reply = next(iter(replies(lines, question.row, _REACH)), None)
    return reply if reply is not None and _is_substantial(reply) else None


def _is_substantial(reply: Line) -> bool:
    if says(reply.text, "dodge"):
        return False
    told = [sentence for sentence in sentences([reply]) if not sentence.is_question]
    return any(_YES_OR_NO.match(sentence.text) or sentence.length >= _SHORTEST for sentence in told)
