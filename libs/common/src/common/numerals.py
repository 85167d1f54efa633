"""Numbers in one spelling: twelve thousand, 12,000 and 12k are the same number."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from common.words import Heard, hear

_BELOW_TWENTY: Final = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen
"""
_ONES: Final = {word: n for n, word in enumerate(_BELOW_TWENTY.split())}
_TENS: Final = {
    word: 10 * n
    for n, word in enumerate(
        ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), 2
    )
}
_SCALES: Final = {
    "hundred": 100,
    "thousand": 1000,
    "k": 1000,
    "million": 10**6,
    "m": 10**6,
    "billion": 10**9,
}
_ANY_NUMBER: Final = re.compile(rf"\d|\b(?:{'|'.join((*_ONES, *_TENS, *_SCALES))})\b", re.IGNORECASE)
_SPELLED_SCALES: Final = _SCALES.keys() - {"k", "m"}
_GROUPS: Final = frozenset({",", ".", "'", "’", " ", "\u00a0", "\u202f"})
_POINTS: Final = frozenset({".", ","})
_GROUP: Final = 3  # digits of a group: 12,000
_LONGEST: Final = 15  # digits; a longer one is no quantity but a code, and left as it is
SMALL: Final = 12  # up to which a number that is spelled out is as often a figure of speech


def may_hold_numbers(text: str) -> bool:
    """Whether a text is worth reading for numbers."""
    return _ANY_NUMBER.search(text) is not None


def in_figures(text: str, heard: Heard | None = None) -> Heard:
    """The words of a text, each number among them as one word in figures."""
    heard = heard or hear(text)
    if not any(map(_begins_number, heard.words)):
        return heard
    found = list(_read_all(text, heard))
    return Heard(tuple(word for word, _ in found), tuple(span for _, span in found))


def numbers(text: str) -> frozenset[str]:
    """Every number of a text in figures."""
    return frozenset(word for word in in_figures(text).words if _is_number(word))


def claimed(text: str) -> frozenset[str]:
    """The numbers a text claims: those in figures, and spelled ones that are no figure of speech."""
    heard = hear(text)
    written = frozenset(word for word in heard.words if word[0].isdecimal())
    return frozenset(
        number for number in numbers(text) if Decimal(number) > SMALL or _in_digits(number, written)
    )


def _in_digits(number: str, written: frozenset[str]) -> bool:
    return any(word in {number, f"0{number}"} for word in written) or "." in number


def _is_number(word: str) -> bool:
    return word.replace(".", "", 1).isdecimal() and word[0] != "."


def _begins_number(word: str) -> bool:
    return word[0].isdecimal() or word in _ONES or word in _TENS or word in _SPELLED_SCALES


def _read_all(text: str, heard: Heard) -> Iterator[tuple[str, tuple[int, int]]]:
    at = 0
    while at < len(heard.words):
        number, after = _read(text, heard, at)
        word = heard.words[at] if number is None else format(number.normalize(), "f")
        yield word, (heard.spans[at][0], heard.spans[after - 1][1])
        at = after


def _read(text: str, heard: Heard, at: int) -> tuple[Decimal | None, int]:
    """The number that begins with this word, if one does, and the word after it."""
    word = heard.words[at]
    if word[0].isdecimal():
        number, after = _digits(text, heard, at)
    else:
        number, after = _spelled(heard.words, at)
    if number is None:
        return None, at + 1
    while after < len(heard.words) and (scale := _SCALES.get(heard.words[after])):
        number, after = number * scale, after + 1
    return number, after


def _digits(text: str, heard: Heard, at: int) -> tuple[Decimal | None, int]:
    word = heard.words[at]
    scale = _SCALES.get(word[-1], 1)
    digits = word[:-1] if scale > 1 else word
    if not digits.isdecimal() or len(digits) > _LONGEST:
        return None, at + 1
    after = at + 1
    while scale == 1 and len(digits) < _LONGEST and len(word) <= _GROUP and _is_group(text, heard, after):
        digits, after = digits + heard.words[after], after + 1
    if scale == 1 and after < len(heard.words) and _gap(text, heard, after) in _POINTS:
        return _with_fraction(digits, heard, after)
    return Decimal(digits) * scale, after


def _with_fraction(digits: str, heard: Heard, after: int) -> tuple[Decimal, int]:
    fraction = heard.words[after]
    scale = _SCALES.get(fraction[-1], 1)
    fraction = fraction[:-1] if scale > 1 else fraction
    if not fraction.isdecimal() or len(digits) + len(fraction) > _LONGEST:
        return Decimal(digits), after
    return Decimal(f"{digits}.{fraction}") * scale, after + 1


def _is_group(text: str, heard: Heard, at: int) -> bool:
    """Whether this word is three more digits of the number before it."""
    word = heard.words[at] if at < len(heard.words) else ""
    return len(word) == _GROUP and word.isdecimal() and _gap(text, heard, at) in _GROUPS


def _gap(text: str, heard: Heard, at: int) -> str:
    return text[heard.spans[at - 1][1] : heard.spans[at][0]]


def _spelled(words: Sequence[str], at: int) -> tuple[Decimal | None, int]:
    total = current = 0
    after = at
    while after < len(words):
        taken = _taken(words, after, current, begun=after > at)
        if taken is None:
            break
        current, carried, after = taken
        total += carried
    return (Decimal(total + current), after) if after > at else (None, at + 1)


def _taken(words: Sequence[str], at: int, current: int, *, begun: bool) -> tuple[int, int, int] | None:
    """What stands in hand after this word, what is carried over to the total, and the word after it."""
    word = words[at]
    if word == "and":
        follows = words[at + 1] if at + 1 < len(words) else ""
        joins = begun and current % 100 == 0 and words[at - 1] in _SPELLED_SCALES
        return (current, 0, at + 1) if joins and follows in _ONES.keys() | _TENS.keys() else None
    if word in _SPELLED_SCALES:
        scaled = max(current, 1) * _SCALES[word]
        return (scaled, 0, at + 1) if word == "hundred" else (0, scaled, at + 1)
    value = _ONES.get(word, _TENS.get(word))
    if value is None or (begun and not _fits(current, value, words[at - 1])):
        return None
    return current + value, 0, at + 1


def _fits(current: int, value: int, before: str) -> bool:
    """Whether a spelled value goes on with what stands in hand: twenty-five does, five five does not."""
    if before in _SPELLED_SCALES or before == "and":
        return True
    return before in _TENS and 0 < value < min(_TENS.values()) // 2 and current % 10 == 0
