"""The word lists, patterns and labelled examples of the folder `vocabulary`, ready to be matched.

Each file says in `origin` where its words come from.
"""

import json
import re
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any


@cache
def lexicon() -> dict[str, Any]:
    """What all files hold, by name; a name is in one of them only."""
    folder = resources.files(__package__).joinpath("vocabulary")
    found = [json.loads(file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".json")]
    return {name: held for one in found for name, held in one.items() if name != "origin"}


@cache
def compiled(*path: str) -> re.Pattern[str]:
    """One pattern of all the alternatives found at *path*."""
    found = lexicon()
    for step in path:
        found = found[step]
    return _any_of(found)


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns) or r"(?!)", re.IGNORECASE)


def says(text: str, *path: str) -> bool:
    """Whether *text* matches any pattern found at *path*."""
    return compiled(*path).search(text) is not None


@cache
def words(name: str) -> frozenset[str]:
    """A list of words, written in the lexicon as one text."""
    return frozenset(lexicon()[name].split())
