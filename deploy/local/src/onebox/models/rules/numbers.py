"""Numbers as they are spoken or written, with their places."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from common.numerals import in_figures, may_hold_numbers

_IS_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_POINT = re.compile(r"\s+point\s+$", re.IGNORECASE)
_ONE = re.compile(r"\ba\s+$", re.IGNORECASE)
_DIGITS = 10
_GOES_ON = re.compile(
    r"[- ](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth"
    r"|(?:one|two|three|four|five|six|seven|eight|nine)['’]s)\b",
    re.IGNORECASE,
)
_SHARE = re.compile(r"\b(?:an? )?(?P<share>quarter of|half(?: of)?) $", re.IGNORECASE)
_SHARES = {"quarter": Decimal("0.25"), "half": Decimal("0.5")}


@dataclass(frozen=True)
class Number:
    """One number and where its words stand: from, up to."""

    value: Decimal
    start: int
    end: int

    @property
    def written(self) -> str:
        """In figures, without a fraction's empty places."""
        return f"{self.value.normalize():f}"


def numbers(text: str) -> list[Number]:
    """Every number of a text: "a hundred and ten" is one, and so is "three point two million"."""
    if not may_hold_numbers(text):
        return []
    found: list[Number] = []
    for number in _read(text):
        joins = found and _POINT.search(text[found[-1].end : number.start]) and found[-1].value < _DIGITS
        found.append(_joined(found.pop(), number) if joins else number)
    return found


def _read(text: str) -> Iterator[Number]:
    heard = in_figures(text)
    for word, (start, end) in zip(heard.words, heard.spans, strict=True):
        if _IS_NUMBER.fullmatch(word):
            before = _ONE.search(text, 0, start)
            scaled = text[start:end].lower().startswith(("hundred", "thousand", "million"))
            number = Number(Decimal(word), before.start() if before and scaled else start, end)
            if not _GOES_ON.match(text, end):  # the "twenty" of "twenty eighth"
                yield _shared(text, number) if before and scaled else number


def _shared(text: str, number: Number) -> Number:
    """A quarter or a half of it, where that is said: "half a million"."""
    share = _SHARE.search(text, 0, number.start)
    if not share:
        return number
    return Number(number.value * _SHARES[share["share"].lower().split()[0]], share.start(), number.end)


def _joined(whole: Number, fraction: Number) -> Number:
    digits, scale = fraction.value, Decimal(1)
    while digits >= _DIGITS and digits % _DIGITS == 0:
        digits, scale = digits / _DIGITS, scale * _DIGITS
    return Number((whole.value + digits / _DIGITS) * scale, whole.start, fraction.end)
