"""One word about the whole call: its language, its type, its outcome and how engaged the customer was."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from onebox.models.rules.actions import is_step
from onebox.models.rules.lexicon import compiled, lexicon, says, words
from onebox.models.rules.lines import Line, Sentence

_WORD = re.compile(r"[^\W\d_]+")
_FEWEST_HITS = 2
_FEWEST_LINES = 4
_TALKATIVE = 0.3  # of all words
_SILENT = 0.1
_MOST_TOPICS = 6


def language(lines: Sequence[Line]) -> str:
    """The language with the most of its commonest words; `und` where none is plain."""
    spoken = Counter(_WORD.findall(" ".join(line.text for line in lines).lower()))
    known: Mapping[str, str] = lexicon()["languages"]
    hits = {code: sum(spoken[word] for word in common.split()) for code, common in known.items()}
    best = max(hits, key=hits.__getitem__)
    return best if hits[best] >= max(_FEWEST_HITS, 0.08 * spoken.total()) else "und"


def call_type(lines: Sequence[Line]) -> str:
    """The type with the most of its phrases; `other` where none has two."""
    text = "\n".join(line.text for line in lines)
    hits = {kind: len(compiled("call_types", kind).findall(text)) for kind in lexicon()["call_types"]}
    best = max(hits, key=hits.__getitem__)
    return best if hits[best] >= _FEWEST_HITS else "other"


def outcome(lines: Sequence[Line], said: Sequence[Sentence]) -> str:
    """How the call ended, told by its last third."""
    ending = [sentence for sentence in said if sentence.row >= len(lines) * 2 // 3]
    for kind in lexicon()["outcomes"]:
        if any(says(sentence.text, "outcomes", kind) for sentence in ending):
            return str(kind)
    if any(says(sentence.text, "put_off") for sentence in ending if not sentence.line.is_seller):
        return "follow_up"
    steps = [sentence for sentence in ending if is_step(sentence)]
    if not steps:
        return "unknown"
    return "next_step_agreed" if any(_is_agreed(lines, step) for step in steps) else "follow_up"


def _is_agreed(lines: Sequence[Line], step: Sentence) -> bool:
    replies = [line for line in lines[step.row + 1 : step.row + 3] if line.speaker != step.line.speaker]
    return any(
        says(reply.text, "acceptance") or re.match(r"(?i)(?:yes|okay|sure|of course)\b", reply.text)
        for reply in replies
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
    return "high" if share >= _TALKATIVE and asked >= _FEWEST_HITS else "medium"


def topics(said: Sequence[Sentence]) -> list[dict[str, Any]]:
    """What is talked about most, by the lexicon's topics, each in at least two sentences."""
    found = {topic: [one for one in said if says(one.text, "topics", topic)] for topic in lexicon()["topics"]}
    frequent = sorted(found.items(), key=lambda pair: -len(pair[1]))[:_MOST_TOPICS]
    return [
        {"topic": topic, "evidence": [sentence.evidence() for sentence in where[:2]]}
        for topic, where in frequent
        if len(where) >= _FEWEST_HITS
    ]


_CAPITALISED = rf"(?P<name>(?!(?:{'|'.join(sorted(words('not_names')))})\b)[A-Z][a-zA-Z]+(?: [A-Z][a-z]+)?)"
_RIVALS = (
    re.compile(
        r"\b(?:looking at|talking (?:to|with)|considering|(?:quote|offer) from|"
        rf"compar(?:ed|ing) (?:\w+ )?(?:to|with)|cheaper than|switch(?:ed|ing)? (?:to|from)|"
        rf"went with|versus|competitor) {_CAPITALISED}"
    ),
    re.compile(
        rf"(?:^|, |\b(?:but|and|But|And) ){_CAPITALISED} "
        r"(?:offered|quoted|charges|gave us|promised|(?:is|are) cheaper)\b"
    ),
)


def competitors(said: Sequence[Sentence], ours: frozenset[str]) -> list[dict[str, Any]]:
    """Companies that a customer weighs against us, with the sentences that name them."""
    matches = [match for one in said for form in _RIVALS for match in form.finditer(one.text)]
    found = dict.fromkeys(match["name"] for match in matches)
    unlikely = words("months") | words("weekdays") | ours
    return [
        {
            "name": name,
            "evidence": [one.evidence(name) for one in said if re.search(rf"\b{name}\b", one.text)][:3],
        }
        for name in found
        if name.split()[0] not in unlikely
    ]
