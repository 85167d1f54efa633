"""What a call is about: the usual subjects of business, and the things it comes back to again and again."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from common.numerals import may_hold_numbers

from onebox.models.rules.lexicon import lexicon, says, words
from onebox.models.rules.lines import Sentence

_FEWEST = 3  # sentences that speak of a subject
_FEWEST_TURNS = 4  # in which a thing is named
_SHARE_OF_TURNS = 0.07
_MOST = 4
_MOST_THINGS = 3
_MOST_QUOTES = 3
_THING = re.compile(r"\b(?:the|your|our|my|this|these|those|an?|about) (?P<thing>(?:[a-z]+ )?[a-z]{4,})\b")
_NO_THING = re.compile(r"(?:th|ieth|ly)$")
_STEM = re.compile(r"(?<=\w{4})(?:ies|y|es|s)$")


def topics(said: Sequence[Sentence]) -> list[dict[str, Any]]:
    """What is talked about most, with the sentences that first speak of it."""
    found = {topic: [one for one in said if says(one.text, "topics", topic)] for topic in lexicon()["topics"]}
    frequent = sorted(found.items(), key=lambda pair: -len(pair[1]))[:_MOST]
    usual = [(topic, where) for topic, where in frequent if len(where) >= _FEWEST]
    taken = [{one.row for one in where[:_MOST_QUOTES]} for _, where in usual]
    things = [
        (name, where)
        for name, where in _things(said)
        if {one.row for one in where[:_MOST_QUOTES]} not in taken and not _is_usual(name, usual)
    ]
    return [
        {"topic": topic, "evidence": [sentence.evidence() for sentence in where[:_MOST_QUOTES]]}
        for topic, where in [*usual, *things[:_MOST_THINGS]]
    ]


def _is_usual(thing: str, usual: Sequence[tuple[str, list[Sentence]]]) -> bool:
    """Whether it is one of these subjects by another name: "reports" beside reporting."""
    return any(says(thing, "topics", topic) for topic, _ in usual)


def _things(said: Sequence[Sentence]) -> list[tuple[str, list[Sentence]]]:
    """Things with an article before them, by the number of turns that name them."""
    names: dict[str, str] = {}
    for one in said:
        for match in _THING.finditer(one.text):
            word = match["thing"].split()[-1]
            if (
                word not in words("common_nouns")
                and not may_hold_numbers(word)
                and not _NO_THING.search(word)
            ):
                names.setdefault(_stem(word), word)
    where = {
        name: [one for one in said if stem in {_stem(word) for word in _spoken(one)}]
        for stem, name in names.items()
    }
    turns = {name: len({one.row for one in found}) for name, found in where.items()}
    ranked = sorted(where.items(), key=lambda pair: -turns[pair[0]])
    fewest = max(_FEWEST_TURNS, _SHARE_OF_TURNS * len({one.row for one in said}))
    return [(_in_full(name, found), found) for name, found in ranked if turns[name] >= fewest]


def _in_full(thing: str, where: Sequence[Sentence]) -> str:
    """With the word it mostly has before it: "forms" are measuring forms."""
    before = re.compile(rf"\b([a-z]{{4,}}) (?={_stem(thing)})")
    found = Counter(word for one in where for word in before.findall(one.text.lower()))
    word, times = found.most_common(1)[0] if found else ("", 0)
    mostly = times > 1 and times >= len(where) / 2 and word not in words("common_nouns")
    return f"{word} {thing}" if mostly else thing


def _spoken(sentence: Sentence) -> list[str]:
    return re.findall(r"[a-z]{4,}", sentence.text.lower())


def _stem(word: str) -> str:
    return _STEM.sub("", word)
