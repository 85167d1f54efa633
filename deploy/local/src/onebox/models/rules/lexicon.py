"""The word lists and labelled examples of lexicon.json, ready to be matched."""

import json
import re
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any


@cache
def lexicon() -> dict[str, Any]:
    """All of lexicon.json."""
    text = resources.files(__package__).joinpath("lexicon.json").read_text("utf-8")
    return dict(json.loads(text))


@cache
def compiled(*path: str) -> re.Pattern[str]:
    """One pattern of all the alternatives found at *path*."""
    found = lexicon()
    for step in path:
        found = found[step]
    return _any_of(found)


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


def says(text: str, *path: str) -> bool:
    """Whether *text* matches any pattern found at *path*."""
    return compiled(*path).search(text) is not None


@cache
def words(name: str) -> frozenset[str]:
    """A list of words, written in the lexicon as one text."""
    return frozenset(lexicon()[name].split())
