"""A text as the words a person hears: case, punctuation and encoding are the writer's."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import Final

# Marks belong to the letter before them; what nobody sees (soft hyphens, bidi marks) divides no word.
_UNSEEN: Final = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_LETTER: Final = rf"[^\W_][\u0300-\u036f{_UNSEEN}]*"
_WORD: Final = re.compile(rf"(?:{_LETTER})+(?:['’](?:{_LETTER})+)*")
_NOT_HEARD: Final = re.compile(f"[{_UNSEEN}]")


@dataclass(frozen=True)
class Heard:
    """Words in order, each with its place in the text: from, up to."""

    words: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]

    @cached_property
    def line(self) -> str:
        """All words with a space before and after each, for searching."""
        return f" {' '.join(self.words)} "

    def find(self, words: tuple[str, ...]) -> tuple[int, int] | None:
        """Where in the text these words stand one after the other, first."""
        at = self.line.find(f" {' '.join(words)} ")
        if at < 0 or not words:
            return None
        first = self.line.count(" ", 0, at)
        return self.spans[first][0], self.spans[first + len(words) - 1][1]


def hear(text: str) -> Heard:
    """The words of a text."""
    found = list(_WORD.finditer(text))
    return Heard(tuple(fold(match.group()) for match in found), tuple(match.span() for match in found))


def line(text: str) -> str:
    """The words of a text as in ``Heard.line``, where their places do not matter: three times as quick."""
    return f" {' '.join(_WORD.findall(text.lower()))} " if text.isascii() else hear(text).line


def fold(word: str) -> str:
    """A word as it sounds: no case, no matter how accents and apostrophes are encoded."""
    seen = word if word.isascii() else _NOT_HEARD.sub("", unicodedata.normalize("NFKC", word))
    return seen.casefold().replace("’", "'")
