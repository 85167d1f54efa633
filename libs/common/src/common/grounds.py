"""What a finding claims beyond its quote: numbers and names have to be in the utterances it rests on."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from common.model.findings import Shortfall
from common.numerals import claimed, in_figures, may_hold_numbers, numbers
from common.words import fold, hear, line

SHORTEST_CODE: Final = 4  # digits that may be spoken one by one, as telephone numbers are
SHORTEST_STEM: Final = 5  # letters by which an inflected name is known
LONGEST_ENDING: Final = 3
_WORD: Final = re.compile(r"(?P<before>^|[.!?:;…\"“„»(]\s*|\s|-|/)(?P<name>[^\W\d_][\w'’]+)")
_BEGINNING: Final = re.compile(r"^$|^[.!?:;…\"“„»(]")
_NO_NAMES: Final = frozenset({"i'm", "i'll", "i've", "i'd"})
NOUNS_CAPITALISED: Final = frozenset({"de", "lb"})
"""Languages in which a capital letter says nothing."""


@dataclass(frozen=True)
class Grounds:
    """The texts of utterances, and labels that need not be said, such as the speakers'."""

    texts: tuple[str, ...]
    labels: frozenset[str] = frozenset()

    @cached_property
    def words(self) -> frozenset[str]:
        """Everything said, word by word."""
        said = (word for text in (*self.texts, *self.labels) for word in line(text).split())
        return frozenset(word.removesuffix("'s") for word in said)

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Every number said, in figures, and as its parts were said."""
        parts = (word for word in self.words if word.isdecimal())
        said = (text for text in self.texts if may_hold_numbers(text))
        return frozenset(number for text in said for number in numbers(text)) | frozenset(parts)

    @cached_property
    def digits(self) -> str:
        """All digits, as in a telephone number that is said in pieces."""
        spoken = (word for text in self.texts if may_hold_numbers(text) for word in line(text).split())
        return "".join(letter for word in spoken for letter in _DIGITS.get(word, word) if letter.isdecimal())

    def lack(self, text: str, named: Iterable[str] = ()) -> Shortfall | None:
        """What *text* claims and these do not hold; *named* are the names it may begin with."""
        if not all(map(self.has_number, claimed(text))):
            return "number_not_said"
        if not all(map(self.has_name, names(text, frozenset(named)))):
            return "name_not_said"
        return None

    def has_number(self, number: str) -> bool:
        """Whether this number was said, be it digit by digit."""
        return number in self.numbers or (len(number) >= SHORTEST_CODE and number in self.digits)

    def has_name(self, name: str) -> bool:
        """Whether this word was said, be it with another ending."""
        if name in self.words:
            return True
        stem = name[: max(SHORTEST_STEM, len(name) - LONGEST_ENDING)]
        return any(word.startswith(stem) for word in self.words)

    def has_words(self, text: str) -> bool:
        """Whether every word and number of *text* was said."""
        return any(
            bool(heard.words) and all(map(self._has_word, heard.words))
            for heard in (hear(text), in_figures(text))
        )

    def _has_word(self, word: str) -> bool:
        return word in self.numbers or self.has_name(word.removesuffix("'s"))


_DIGITS: Final = {
    word: str(n)
    for n, word in enumerate(("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"))
} | {"oh": "0"}


def names(text: str, named: frozenset[str] = frozenset()) -> frozenset[str]:
    """The words of a text that are written as names; a sentence's first word is one if it is *named*."""
    found = (
        (_BEGINNING.match(match["before"]) is not None, fold(match["name"]).removesuffix("'s"))
        for match in _WORD.finditer(text)
        if match["name"][0].isupper()
    )
    return frozenset(
        name for begins, name in found if name not in _NO_NAMES and (not begins or name in named)
    )
