"""People, organisations, places and products, told by capitals and by the words around them."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from onebox.models.rules.lexicon import words
from onebox.models.rules.lines import Sentence

_TITLE = r"(?:Mr|Mrs|Ms|Miss|Dr|Madam|Madame|Professor|Reverend)\.?"
_WORD = r"[A-Z][^\W\d_]*(?:[-'’][A-Z][^\W\d_]+|[A-Z][^\W\d_]+)*"
_RUN = re.compile(rf"(?<![\w'’-])(?:{_TITLE} )?{_WORD}(?: (?!{_TITLE} ){_WORD})*(?: \d{{1,3}}\b)?")
_TITLED = re.compile(rf"^{_TITLE} ")
_INTRODUCES = re.compile(
    r"(?:\b(?:[Tt]his is|[Mm]y name is|[Mm]y name's|[Mm]y name is|[Ss]peaking (?:with|to)|[Ii]t's|I'm|"
    "I am|[Ii]s (?:that|this)|"
    "(?i:called)|(?:her|his|their) name's|(?:her|his|their) name is|[Hh]ere's|[Mm]eet)|^(?:[Hh]i|"
    "[Hh]ello|[Tt]hanks|[Tt]hank you|[Bb]ye|[Gg]oodbye|[Oo]kay|[Cc]heers),?"
    r"|\b(?:colleague|partner|boss|manager|director|chairman|treasurer|husband|wife|assistant|nephew|"
    "sister|brother|son|daughter|cousin|neighbour|secretary|accountant|lawyer|solicitor|"
    "guy|chap|lady|man|woman|team|young|old|is it still),?(?:'s)?(?: called| named)?) $"
)
_SPOKEN_WITH = re.compile(r"\b(?:you\'re|you are|am I|I\'m) speaking (?:with|to) $", re.IGNORECASE)
_DESCRIBED = re.compile(
    r",? (?:he|she)(?:'s| is)\b|, (?:our |the |my )?(?:\w+ )?(?:head|director|manager|owner|treasurer|"
    r"secretary|chairman|chairwoman)\b"
)
_EMPLOYS = re.compile(r"\b(?:from|with|at|for|calling|of) (?:the )?$")
_SELF = re.compile(
    r"\b(?:this is|my name is|my name's|it's|i'm|i am|is that|is this|we're|you're speaking with|"
    r"for calling)\b",
    re.IGNORECASE,
)
_COMPANY = re.compile(
    r"\b(?:firm|company|supplier|provider|outfit|competitor|we're|work for|work at|calling from|"
    "for calling|welcome to|assistance) (?:called )?$",
    re.IGNORECASE,
)
_COMPANY_END = re.compile(
    " (?:Ltd|Inc|GmbH|Foods|Systems|Software|Homes|Society|Logistics|Group|Services|Solutions|Energy|"
    "Analytics|Lighting|Furniture|Sensors|Solar|Paper|Flooring|Irrigation|Surveys|Partners|Bank|"
    "Clinic|School|Hospital|Hotel|Quarry|Farm|Park|Primary)$"
)
_LOCATES = re.compile(
    r"\b(?:in|near|based in|stays in|store in|over at|towards|down in|down at|lives in|between|"
    "and the coast on|for) $"
)
_PLACED = re.compile(r" (?:Road|Street|Square|Lane|Moor|Junction|Avenue|Valley|Hill|Bridge|Minster|\d{1,3})$")
_AFTER_PRODUCT = re.compile(
    r" (?:plan|platform|product|app|software|package|edition|model|module|database)\b"
)
_VOCATIVE = re.compile(r"(?:,| (?:hi|hello|thanks)| you) $|^$", re.IGNORECASE)
_CLOSES = re.compile(r"(?:[.,?!]|$)")
_ACTS = re.compile(
    " (?:told|said|says|gave|offered|quoted|charges?|did|thinks|wants|wanted|asked|(?:has|"
    r"have) been after)\b"
)
_SENTENCE_START = re.compile(r"^[\"'“”\s.…-]*$")


@dataclass(frozen=True)
class Mention:
    """A name where it is said, and what the words around it make of it."""

    text: str
    sentence: Sentence
    kind: str | None
    opens: bool
    """It is the first word of its sentence, whose capital says nothing."""
    acts: bool
    """It does what only somebody does."""


@dataclass(frozen=True)
class Name:
    """Somebody or something with a name: its longest form, and where it is said."""

    kind: str
    text: str
    sentences: tuple[Sentence, ...]


def names(sentences: Sequence[Sentence]) -> list[Name]:
    """Every name once, in order of its first mention."""
    mentions = [mention for sentence in sentences for mention in _mentions(sentence)]
    sure = {word for mention in mentions if _is_sure(mention) for word in _bare(mention.text)}
    known = [one for one in mentions if _is_sure(one) or _bare(one.text) <= sure]
    return [_named(group) for group in _grouped(known)]


def _is_sure(mention: Mention) -> bool:
    return not mention.opens or " " in mention.text or mention.kind is not None or mention.acts


def _mentions(sentence: Sentence) -> Iterator[Mention]:
    for match in _RUN.finditer(sentence.text):
        text, start = _trimmed(match[0], match.start())
        if text:
            before, after = sentence.text[:start], sentence.text[start + len(text) :]
            opens = _SENTENCE_START.match(before) is not None
            yield Mention(text, sentence, _kind(text, before, after), opens, _ACTS.match(after) is not None)


def trimmed(text: str) -> str:
    """Without the words that are no part of a name: "But Daniel" is Daniel."""
    return _trimmed(text, 0)[0]


def _trimmed(text: str, start: int) -> tuple[str, int]:
    """The same, and where it begins."""
    found = text.split(" ")
    while found and _is_common(found[0]):
        start += len(found.pop(0)) + 1
    while found and _is_common(found[-1]):
        found.pop()
    if len(found) == 1 and (
        found[0] in words("tools") or _TITLED.match(f"{found[0]} ") or not found[0][0].isupper()
    ):
        return "", start
    return " ".join(found), start


def _is_common(word: str) -> bool:
    stem = re.split(r"['’]", word)[0].rstrip(".")
    return len(stem) == 1 or stem in words("not_names") - words("honorifics") or is_time(stem)


def is_time(word: str) -> bool:
    """Whether a capitalised word is a month or a day."""
    return word in words("months") or word.rstrip("s") in words("weekdays")


def _kind(text: str, before: str, after: str) -> str | None:
    if _TITLED.match(text) or _SPOKEN_WITH.search(before):
        return "person"
    if (
        _COMPANY_END.search(text)
        or _COMPANY.search(before)
        or (_EMPLOYS.search(before) and _SELF.search(before))
    ):
        return "organization"
    if _AFTER_PRODUCT.match(after):
        return "product"
    if (
        _DESCRIBED.match(after)
        or _INTRODUCES.search(before)
        or (_VOCATIVE.search(before) and _CLOSES.match(after) and before)
    ):
        return "person"
    if _LOCATES.search(before) or _PLACED.search(text):
        return "place"
    return None


def _bare(text: str) -> frozenset[str]:
    return frozenset(_TITLED.sub("", text).lower().split())


def _grouped(mentions: Sequence[Mention]) -> list[list[Mention]]:
    """Those together whose words are another's: Owen is Owen Pryce."""
    groups: list[tuple[frozenset[str], list[Mention]]] = []
    for mention in sorted(mentions, key=lambda one: -len(_bare(one.text))):
        home = next((group for key, group in groups if _bare(mention.text) <= key), None)
        if home is None:
            groups.append((_bare(mention.text), [mention]))
        else:
            home.append(mention)
    order = sorted((group for _, group in groups), key=lambda group: min(one.sentence.row for one in group))
    return [sorted(group, key=lambda one: one.sentence.row) for group in order]


def _named(group: Sequence[Mention]) -> Name:
    longest = max(group, key=lambda mention: len(mention.text)).text
    full = Counter(mention.kind for mention in group if mention.kind and mention.text == longest)
    votes = full or Counter(mention.kind for mention in group if mention.kind)
    kind = votes.most_common(1)[0][0] if votes else "other"
    holding = [mention.sentence for mention in group if longest in mention.sentence.text]
    return Name(kind, longest, tuple(dict.fromkeys([*holding, *(one.sentence for one in group)])))
