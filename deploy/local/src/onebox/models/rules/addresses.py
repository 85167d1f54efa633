"""E-mail addresses and phone numbers, written or spoken."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_EMAIL = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")
_SPOKEN_EMAIL = re.compile(
    r"\b(?P<user>[a-z0-9_-]+(?: (?:dot|punkt|point|underscore|dash) [a-z0-9]+)*) (?:at|arobase|ät|"
    "chiocciola|kukac) "
    r"(?P<host>[a-z0-9-]+(?: [a-z0-9-]+){0,2}?(?: (?:dot|punkt|point|punto) [a-z0-9-]+)+)\b",
    re.IGNORECASE,
)
_SIGNS = {"dot": ".", "punkt": ".", "point": ".", "punto": ".", "underscore": "_", "dash": "-"}
_PHONE = re.compile(r"(?<![\w$€£.])(?:\+\s?)?\d(?:(?:[ ().-]|, ){0,2}\d){6,14}(?![\w%])")
_SHORTEST = 7  # digits
_SAID_DIGIT = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double (?:\w+))"
_SPOKEN_PHONE = re.compile(rf"\b{_SAID_DIGIT}(?:,? {_SAID_DIGIT}){{4,14}}\b", re.IGNORECASE)
_DIGIT_OF = {
    "oh": "0", "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """A figure of one kind, with its words and as one would write it."""

    kind: str
    text: str
    normalized: str
    start: int
    end: int


def emails(text: str) -> Iterator[Figure]:
    """Spoken ones in their written form: anna at summit dot com is anna@summit.com."""
    for match in _EMAIL.finditer(text):
        yield Figure("email", match[0], match[0].lower(), *match.span())
    for match in _SPOKEN_EMAIL.finditer(text):
        address = f"{_joined(match['user'])}@{_joined(match['host'])}"
        yield Figure("email", match[0], address, *match.span())


def _joined(spoken: str) -> str:
    return "".join(_SIGNS.get(word, word) for word in spoken.lower().split())


def phones(text: str) -> Iterator[Figure]:
    """Seven digits or more, as digits alone."""
    for match in _PHONE.finditer(text):
        plus = "+" if match[0].startswith("+") else ""
        yield Figure("phone", match[0], plus + re.sub(r"\D", "", match[0]), *match.span())
    for match in _SPOKEN_PHONE.finditer(text):
        digits = _dialled(match[0])
        if len(digits) >= _SHORTEST:
            yield Figure("phone", match[0], digits, *match.span())


def _dialled(spoken: str) -> str:
    """Digits of spoken ones; "double four" is two."""
    digits, times = "", 1
    for word in re.findall(r"[a-z]+", spoken.lower()):
        digits += _DIGIT_OF.get(word, "") * times
        times = 2 if word == "double" else 1
    return digits
