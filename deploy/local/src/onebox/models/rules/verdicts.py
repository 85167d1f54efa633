"""One word about the whole call: its language, its type, its outcome and how engaged the customer was."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from onebox.models.rules.lexicon import compiled, lexicon, says
from onebox.models.rules.lines import Line, Sentence, replies
from onebox.models.rules.steps import Step

_WORD = re.compile(r"[^\W\d_]+")
_FEWEST_HITS = 2
_FEWEST_LINES = 4
_TALKATIVE = 0.3  # of all words
_SILENT = 0.1
_LONG = 20  # lines in which somebody who cares asks something
_ASKED = 0.1  # questions a line
_MANY = 8
_OPENING = 6  # lines
_OPENING_WEIGHT = 3


def language(lines: Sequence[Line]) -> str:
    """The language with the most of its commonest words; `und` where none is plain."""
    spoken = Counter(_WORD.findall(" ".join(line.text for line in lines).lower()))
    known: Mapping[str, str] = lexicon()["languages"]
    hits = {code: sum(spoken[word] for word in common.split()) for code, common in known.items()}
    best = max(hits, key=hits.__getitem__)
    return best if hits[best] >= max(_FEWEST_HITS, 0.08 * spoken.total()) else "und"


def call_type(lines: Sequence[Line]) -> str:
    """The type with the most of its phrases, each counted twice at most; `other` where none has two."""
    text = "\n".join(line.text for line in lines)
    start = "\n".join(line.text for line in lines[:_OPENING])
    hits = {
        kind: _hits(kind, text) + _OPENING_WEIGHT * says(start, "openings", kind)
        for kind in lexicon()["call_types"]
    }
    best = max(hits, key=hits.__getitem__)
    return best if hits[best] >= _FEWEST_HITS else "other"


def _hits(kind: str, text: str) -> int:
    return len({found.lower() for found in _found(kind, text)})


def _found(kind: str, text: str) -> list[str]:
    return [match[0] for match in compiled("call_types", kind).finditer(text)]


def outcome(kind: str, lines: Sequence[Line], said: Sequence[Sentence], steps: Sequence[Step]) -> str:
    """How the call ended, told by its last third; a refusal is one wherever it is said."""
    refused = [one for one in said if not one.line.is_seller and _tells(one, "lost")]
    if refused and kind != "support":
        return "lost"
    ending = [sentence for sentence in said if sentence.row >= len(lines) * 2 // 3]
    told = next((name for name in _possible(kind) if any(_tells(one, name) for one in ending)), None)
    if told:
        return told
    if any(says(sentence.text, "put_off") for sentence in ending if not sentence.line.is_seller):
        return "follow_up"
    if not steps or kind == "support":
        return "unknown"
    first = min(one.row for one in ending)
    late = [step for step in steps if step.due or step.sentences[-1].row >= first]
    return "next_step_agreed" if any(_is_agreed(lines, step) for step in late) else "follow_up"


def _possible(kind: str) -> list[str]:
    return [
        name for name in lexicon()["outcomes"] if kind == "support" or name not in {"resolved", "unresolved"}
    ]


def _tells(sentence: Sentence, name: str) -> bool:
    return not sentence.is_question and says(sentence.text, "outcomes", name)


def _is_agreed(lines: Sequence[Line], step: Step) -> bool:
    """By a day that was named, or by the other side's yes."""
    if step.due:
        return True
    answered = [line for one in step.sentences for line in replies(lines, one.row, 2)]
    return any(
        says(reply.text, "acceptance") or re.match(r"(?i)(?:yes|okay|sure|of course)\b", reply.text)
        for reply in answered
    )


def engagement(lines: Sequence[Line], said: Sequence[Sentence]) -> str:
    """By the customer's share of the words and the questions they ask."""
    spoken = Counter({True: 0, False: 0})
    for line in lines:
        spoken[line.is_seller] += len(line.text.split())
    if len(lines) < _FEWEST_LINES or not spoken[True] or not spoken[False]:
        return "unknown"
    share = spoken[False] / spoken.total()
    asked = sum(sentence.is_question for sentence in said if not sentence.line.is_seller)
    if share < _SILENT:
        return "low"
    if not asked and len(lines) >= _LONG:
        return "low"
    eager = asked >= max(_FEWEST_HITS, _ASKED * len(lines)) or asked >= _MANY
    return "high" if share >= _TALKATIVE and eager else "medium"
