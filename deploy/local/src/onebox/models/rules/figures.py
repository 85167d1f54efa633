"""Money, dates and numbers, found by their form."""

import re
from collections.abc import Callable, Iterator

from onebox.models.rules.addresses import Figure, emails, phones
from onebox.models.rules.lexicon import words
from onebox.models.rules.numbers import Number, numbers

_MONTH = "(?:" + "|".join(sorted(words("months"))) + ")"
_DAY = "(?:" + "|".join(sorted(words("weekdays"))) + ")"
_HOUR = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d{1,2}(?::\d\d)?)"
_ORDINAL = (
    r"(?:\d{1,2}(?:st|[nr]d|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|"
    "twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|"
    "thirtieth|"
    r"twenty[- ](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|thirty[- ]first)"
)
_PART = r"(?:morning|afternoon|evening|night|lunchtime)"
_CLOCK = (
    rf"(?:at |by )(?:half past |quarter past |quarter to |ten past |ten to )?{_HOUR}(?: o'clock)?"
    r"(?! ?(?:\w+ )?percent|\s(?:of|or|and|people|per|the|a|to|hundred|thousand|million|\w+s)\b)"
)
_SPAN = r"(?:days?|weeks?|months?|years?|quarters?|hours?|minutes?)"
_DIGIT = r"(?:one|two|three|four|five|six|seven|eight|nine)"
_TEEN = r"(?:ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)"
_TENS = r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
_DATES = re.compile(
    rf"(?:\bthe )?\b{_ORDINAL} of {_MONTH}\b"
    rf"|\b(?:{_DAY},? )?{_MONTH} (?:the )?(?:{_ORDINAL}|\d{{1,2}})\b"
    rf"|\b(?:next |this |last |every )?{_DAY}s?\b(?: of (?:next|this) week)?(?: {_PART})?(?: {_CLOCK})?"
    rf"|\b(?:the )?week of the {_ORDINAL}\b"
    r"|\b(?:on|by|before|until|till|for|after|"
    rf"closes on) (?:the )?(?P<day>the {_ORDINAL})\b(?! (?:\w+ing|thing|one|time|question|part|half|of|"
    r"call|day|page|version|floor|century|birthday|anniversary)\b)"
    r"|\bthe (?:twenty|thirty)[- ](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)\b(?! \w)"
    rf"|\b\d{{4}}-\d\d-\d\d\b|\b\d{{1,2}}/\d{{1,2}}(?:/\d{{2,4}})?\b|\bQ[1-4]\b"
    rf"|\b(?:tomorrow(?: {_PART})?|today|tonight|yesterday|(?:this|tomorrow) {_PART}|in the morning"
    r"|(?:next|this|last) (?:week|month|quarter|year|weekend|spring|summer|autumn|winter|December|Christmas)"
    r"|(?:the )?end of (?:the|this|next) (?:day|week|month|quarter|year)"
    rf"|(?:\d+|an?|\w+) {_SPAN} (?:ago|from now)|(?:with)?in (?:\d+|two|three|four|five|six|ten) {_SPAN}"
    rf"|half past {_HOUR}|{_HOUR} o'clock|New Year's Day)\b"
    r"|\b(?:in|since|from|of|until|before|about|around) "
    rf"(?P<year>(?:(?:eighteen|nineteen|twenty) (?:oh {_DIGIT}|{_TEEN}|{_TENS}(?:[- ]{_DIGIT})?)|"
    rf"two thousand(?: and)? (?:{_TEEN}|{_DIGIT})))\b"
    rf"|\b(?:in|by|on|of|from|since|until|before|next|last|this) (?P<month>{_MONTH})\b|(?-i:\b(?!May|"
    rf"March){_MONTH}\b)",
    re.IGNORECASE,
)
_PENCE = 100
_PARTS = frozenset({"cent", "cents", "pence", "grand"})  # left as said: of which coin, nobody says
_CURRENCIES = {
    "$": "USD", "€": "EUR", "£": "GBP", "dollar": "USD", "dollars": "USD", "bucks": "USD",
    "euro": "EUR", "euros": "EUR",
    "pound": "GBP", "pounds": "GBP", "quid": "GBP",
}  # fmt: skip
_UNIT = re.compile(r"\s?(?P<unit>dollars?|euros?|pounds?|bucks|quid|grand|cents?|pence)\b", re.IGNORECASE)
_PRICED = re.compile(
    r"\b(?:cost\w*|pric\w+|pay\w*|paid|charge\w*|fee|fees|quote\w*|budget|afford|plan|discount|rent|"
    "fined?|wages|"
    r"outstanding|deposit|set up|subsidy|grant|loan\w*)\b",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"\s*(?:[.,;?!]|$|(?:a|per|each) (?:month|year|week|quarter)|to (?:put in|set up)|up front|"
    "in (?:wages|credits)|outstanding)"
)
_RATE = re.compile(r"\s?(?:%|percent\b)", re.IGNORECASE)
_QUANTITY = re.compile(
    " (?:people|hours?|minutes?|seconds?|days?|weeks?|months?|years?|orders?|members?|employees|"
    "users|customers?|"
    r"pallets|trucks|sites|tonnes|kilometres|miles|gallons|barrels?|hectares)\b"
)
_PLAIN = 13  # from which a number without a unit is no figure of speech
_LEAST_SUM = 100  # from which a number among words of price is money, though nobody says of which


def figures(text: str, before: str = "") -> list[Figure]:
    """What is in *text*, in the order of its words; *before* is what was said just before it."""
    taken: list[Figure] = []
    for kind in (emails, phones, _dates, _sums, _bare_sums(before), _quantities):
        for figure in kind(text):
            if all(figure.end <= other.start or figure.start >= other.end for other in taken):
                taken.append(figure)
    return sorted(taken, key=lambda figure: figure.start)


def _dates(text: str) -> Iterator[Figure]:
    """As they were said: what "next Tuesday" is depends on a day nobody named."""
    for match in _DATES.finditer(text):
        name = next((group for group in ("day", "year", "month") if match[group]), 0)
        yield Figure("date", match[name], match[name], *match.span(name))


def _sums(text: str) -> Iterator[Figure]:
    for number in numbers(text):
        sign = re.search(r"[$€£]\s?$", text[: number.start])
        unit = _UNIT.match(text, number.end)
        if sign:
            yield _money(text, number, sign[0].strip(), sign.start(), number.end)
        elif unit:
            yield _spoken_sum(text, number, unit)


def _spoken_sum(text: str, number: Number, unit: re.Match[str]) -> Figure:
    """A sum with its unit; "one pound eighty" ends with the pence."""
    name = unit["unit"].lower()
    pence = next((one for one in numbers(text) if one.start == unit.end() + 1), None)
    if pence and pence.value < _PENCE and name not in _PARTS and _bare_end(text, pence.end):
        said = text[number.start : pence.end]
        return Figure("money", said, f"{number.written} {name} {pence.written}", number.start, pence.end)
    if name in _PARTS:
        return Figure(
            "money", text[number.start : unit.end()], f"{number.written} {name}", number.start, unit.end()
        )
    return _money(text, number, name, number.start, unit.end())


def _bare_end(text: str, at: int) -> bool:
    return re.compile(r"\s*(?:[.,;?!]|$|(?:a|per|each)\b)").match(text, at) is not None


def _money(text: str, number: Number, unit: str, start: int, end: int) -> Figure:
    currency = _CURRENCIES[unit]
    return Figure("money", text[start:end], f"{currency} {number.value:.2f}".strip(), start, end)


def _bare_sums(before: str) -> Callable[[str], Iterator[Figure]]:
    def found(text: str) -> Iterator[Figure]:
        for number in numbers(text) if _PRICED.search(f"{before} {text}") else ():
            follows = _BARE.match(text, number.end)
            periodic = follows and re.search(r"month|year|week|quarter", follows[0])
            rated = periodic and (periodic[0] != "week" or number.value >= _LEAST_SUM)
            if follows and (rated or number.value >= _LEAST_SUM):
                end = follows.end() if rated else number.end
                yield Figure("money", text[number.start : end], number.written, number.start, end)

    return found


def _quantities(text: str) -> Iterator[Figure]:
    for number in numbers(text):
        rate, unit = _RATE.match(text, number.end), _QUANTITY.match(text, number.end)
        measured = rate or unit
        if rate or number.value >= _PLAIN or (unit and number.value > 1):
            end = measured.end() if measured else number.end
            yield _quantity(text, number, "%" if rate else text[number.end : end], end)


def _quantity(text: str, number: Number, unit: str, end: int) -> Figure:
    """With its unit; "three point two million" is left as said, since figures of it were not."""
    said = text[number.start : end]
    written = said if " point " in said else f"{number.written}{unit}"
    return Figure("number", said, written, number.start, end)
