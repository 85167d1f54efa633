"""Money, dates, addresses, numbers and names, found by their form."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from onebox.models.rules.lexicon import words
from onebox.models.rules.lines import Sentence

_MONTH = "(?:" + "|".join(sorted(words("months"))) + ")"
_DAY = "(?:" + "|".join(sorted(words("weekdays"))) + ")"
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_COUNT = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|"
    r"sixty|seventy|eighty|ninety|hundred|thousand|million)"
)
_ORDINAL = (
    r"(?:\d{1,2}(?:[nr]d|st|th)?|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|"
    r"twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth|"
    r"twenty[- ]\w+)"
)
_NAME = r"[A-Z][a-zA-Z]+(?:['-][A-Z][a-z]+)?"
_FULL_NAME = rf"{_NAME}(?: {_NAME})?"
_COMPANY = rf"{_NAME}(?: (?:& )?{_NAME}){{0,3}}"

# In order: what an earlier kind has taken, a later one leaves alone.
_FORMS: Sequence[tuple[str, re.Pattern[str]]] = (
    ("email", re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")),
    ("email", re.compile(r"\b[\w.]+ at [\w-]+ dot (?:com|org|net|io|eu|de|hu)\b", re.IGNORECASE)),
    ("money", re.compile(rf"[$€£]\s?{_DIGITS}(?:\s?(?:k|thousand|million)\b)?")),
    (
        "money",
        re.compile(
            rf"\b(?:{_DIGITS}|{_COUNT}(?:[- ]{_COUNT}|[- ]and)*)(?: (?:thousand|hundred|million))? "
            r"(?:dollars|euros|pounds|bucks)\b",
            re.IGNORECASE,
        ),
    ),
    ("phone", re.compile(r"(?<![\w$])\+?\d(?:[ ().-]{0,2}\d){6,14}\b")),
    ("date", re.compile(rf"\bthe {_ORDINAL} of {_MONTH}\b|\b(?:{_DAY},? )?{_MONTH} (?:the )?{_ORDINAL}\b")),
    ("date", re.compile(rf"\b(?:(?:next|this|last) )?{_DAY}(?: (?:morning|afternoon|evening))?\b")),
    ("date", re.compile(r"\b\d{4}-\d\d-\d\d\b|\b\d{1,2}/\d{1,2}(?:/\d{2,4})?\b|\bQ[1-4]\b")),
    (
        "date",
        re.compile(
            r"\b(?:tomorrow|today|yesterday|(?:next|this|last) (?:week|month|quarter|year|weekend)|"
            r"(?:the )?end of (?:the|this|next) (?:day|week|month|quarter|year)|"
            rf"(?:\d+|a|{_COUNT}) (?:days?|weeks?|months?|years?) (?:ago|from now))\b",
            re.IGNORECASE,
        ),
    ),
    ("date", re.compile(rf"\b(?:in|by|on|of|from|since|until|next|last|this) (?P<entity>{_MONTH})\b")),
    ("number", re.compile(rf"\b(?:{_DIGITS}|{_COUNT}(?:[- ]{_COUNT})?)\s?(?:%|percent\b)", re.IGNORECASE)),
)

_INTRODUCED = (
    re.compile(
        r"\b(?:[Tt]his is|[Mm]y name is|[Mm]y name's|[Ss]peaking (?:with|to)|[Hh]i|[Hh]ello) "
        rf"(?P<entity>{_FULL_NAME})"
    ),
    re.compile(rf"\bI(?:'m| am) (?P<entity>{_FULL_NAME})(?=[.,?!]|\s(?:from|with|at)\b|$)"),
    re.compile(
        r"\b(?:[Tt]hank you|[Tt]hanks|[Mm]eet you|[Hh]i|[Hh]ello|[Mm]orning|[Oo]kay), "
        rf"(?P<entity>{_NAME})(?=[.,?!]|$)"
    ),
)
_EMPLOYER = (
    re.compile(
        rf"\b(?:[Tt]his is|[Mm]y name is|I'm|I am) {_FULL_NAME},? (?:from|with|at) (?P<entity>{_COMPANY})"
    ),
    re.compile(
        rf"\b(?:calling (?:you )?from|for calling|work (?:for|at)|here at|welcome to) (?P<entity>{_COMPANY})"
    ),
)
_PLACE = re.compile(rf"\b(?:in|near|based in|stays in) (?P<entity>{_NAME}(?: {_NAME})?)")
_PRODUCT = re.compile(
    rf"\b(?:[Tt]he|[Oo]ur|[Yy]our|[Aa]|[Nn]ew|[Rr]egular) (?P<entity>{_NAME}(?: {_NAME})*)"
    r"(?= (?:plan|platform|product|app|software|package|edition|model|module)\b)"
)
_SYMBOLS = {
    "$": "USD",
    "€": "EUR",
    "£": "GBP",
    "dollars": "USD",
    "bucks": "USD",
    "euros": "EUR",
    "pounds": "GBP",
}
_AMOUNT = re.compile(_DIGITS)
_SCALES = {"k": 1000, "thousand": 1000, "million": 1_000_000}


@dataclass(frozen=True)
class Entity:
    """One name or figure, where it was said."""

    kind: str
    text: str
    sentence: Sentence

    def finding(self) -> dict[str, Any]:
        """The entity as an analysis lists it."""
        evidence = self.sentence.evidence(self.text)
        return {"type": self.kind, "text": self.text, "normalized": normalised(self), "evidence": [evidence]}


def figures(sentence: Sentence) -> list[Entity]:
    """Money, dates, numbers and addresses of one sentence, in the order of their words."""
    taken: list[tuple[int, int, str]] = []
    for kind, form in _FORMS:
        for match in form.finditer(sentence.text):
            start, end = match.span("entity" if "entity" in form.groupindex else 0)
            if all(end <= begin or start >= until for begin, until, _ in taken):
                taken.append((start, end, kind))
    return [Entity(kind, sentence.text[start:end], sentence) for start, end, kind in sorted(taken)]


def names(sentences: Sequence[Sentence]) -> list[Entity]:
    """People, organisations, places and products, told by the words around them."""
    found = [entity for sentence in sentences for entity in _named(sentence)]
    return _once(found)


def _named(sentence: Sentence) -> Iterator[Entity]:
    forms = (
        ("organization", _EMPLOYER),
        ("person", _INTRODUCED),
        ("product", (_PRODUCT,)),
        ("place", (_PLACE,)),
    )
    for kind, patterns in forms:
        for pattern in patterns:
            for match in pattern.finditer(sentence.text):
                if is_name(match["entity"]):
                    yield Entity(kind, match["entity"], sentence)


def is_name(text: str) -> bool:
    """Whether a capitalised word can be a name at all."""
    first = text.split(maxsplit=1)[0]
    return first not in words("not_names") | words("months") | words("weekdays")


def entities(sentences: Sequence[Sentence]) -> list[Entity]:
    """Every entity once, with the first sentence that says it."""
    found = [entity for sentence in sentences for entity in figures(sentence)]
    return _once([*names(sentences), *found])


def _once(found: Iterable[Entity]) -> list[Entity]:
    """Each entity where it is first said, and in its longest form: Susan Miller, not Susan too."""
    first: dict[str, Entity] = {}
    for entity in found:
        first.setdefault(entity.text.lower(), entity)
    kept = first.values()
    return [one for one in kept if not any(_is_part(one, other) for other in kept)]


def _is_part(one: Entity, other: Entity) -> bool:
    pattern = rf"\b{re.escape(one.text)}\b"
    return (
        one.kind == other.kind
        and one.text != other.text
        and re.search(pattern, other.text, re.IGNORECASE) is not None
    )


def due(sentence: Sentence) -> str | None:
    """The first date of a sentence, in its words."""
    return next((entity.text for entity in figures(sentence) if entity.kind == "date"), None)


def normalised(entity: Entity) -> str:
    """Money as currency and amount where it is written in digits; anything else as it was said."""
    text = entity.text.lower()
    amount = _AMOUNT.search(text)
    if entity.kind != "money" or amount is None:
        return text if entity.kind == "email" else entity.text
    scale = next((factor for word, factor in _SCALES.items() if text.endswith(word)), 1)
    currency = next(code for mark, code in _SYMBOLS.items() if mark in text)
    return f"{currency} {float(amount[0].replace(',', '')) * scale:.2f}"
