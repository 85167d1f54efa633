"""Everything with a name, a figure or a date, each once."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from onebox.models.rules.addresses import Figure
from onebox.models.rules.figures import figures
from onebox.models.rules.lexicon import words
from onebox.models.rules.lines import Sentence
from onebox.models.rules.names import Name

_MOST = 100
_ORDER = ("email", "phone", "money", "date", "number")
_WILL = re.compile(r"\b(?:will|send|sign|by)\b|'ll\b")
_MOST_QUOTES = 2


@dataclass(frozen=True)
class Entity:
    """One name or figure, where it was said."""

    kind: str
    text: str
    normalized: str
    sentences: tuple[Sentence, ...]

    def finding(self) -> dict[str, Any]:
        """The entity as an analysis lists it."""
        quoted = [one for one in self.sentences if self.text in one.text][:_MOST_QUOTES]
        evidence = [sentence.evidence(self.text) for sentence in quoted]
        return {"type": self.kind, "text": self.text, "normalized": self.normalized, "evidence": evidence}


def entities(
    sentences: Sequence[Sentence], names: Iterable[Name], rivals: Collection[str] = ()
) -> list[Entity]:
    """Every entity once, at most a hundred of them: names, then figures, where they are first said.

    Whoever is among *rivals* is a company, if nothing else is known of them.
    """
    named = [Entity(_kind(name, rivals), name.text, name.text, name.sentences) for name in names]
    return [*named, *figured(sentences)][:_MOST]


def _kind(name: Name, rivals: Collection[str]) -> str:
    return "organization" if name.kind == "other" and name.text in rivals else name.kind


def figured(sentences: Sequence[Sentence]) -> list[Entity]:
    """The figures alone: what needs no word list of names."""
    said: list[tuple[Figure, Sentence]] = []
    for n, sentence in enumerate(sentences):
        before = " ".join(one.text for one in sentences[max(0, n - 3) : n])
        told = figures(sentence.text, before)
        said.extend((figure, sentence) for figure in told if not _is_nowadays(figure, sentence))
    found: dict[str, list[tuple[Figure, Sentence]]] = {}
    for figure, sentence in said:
        found.setdefault(_key(figure), []).append((figure, sentence))
    listed = [_entity(group) for group in found.values()]
    return sorted(listed, key=lambda entity: _ORDER.index(entity.kind))


def _key(figure: Figure) -> str:
    """What makes two figures one: the same number, the same day of the week, the same words."""
    if figure.kind == "number":
        return f"number {re.split(r'[^0-9.]', figure.normalized)[0]}"
    text = figure.text.lower().removeprefix("the ")
    day = next(
        (
            word
            for word in text.replace(",", "").split()
            if word.rstrip("s").capitalize() in words("weekdays")
        ),
        None,
    )
    has_day_of_month = any(month.lower() in text for month in words("months"))
    return f"day {day.rstrip('s')}" if day and not has_day_of_month else text


def _entity(group: Sequence[tuple[Figure, Sentence]]) -> Entity:
    figure = group[0][0]
    return Entity(figure.kind, figure.text, figure.normalized, tuple(sentence for _, sentence in group))


def _is_nowadays(figure: Figure, sentence: Sentence) -> bool:
    return figure.text.lower() == "today" and _WILL.search(sentence.text) is None


def due(sentence: Sentence) -> str | None:
    """The first date of a sentence, in its words, with the "by" before it."""
    found = next((figure for figure in figures(sentence.text) if figure.kind == "date"), None)
    if found is None:
        return None
    ahead = sentence.text[: found.start]
    return f"by {found.text}" if ahead.lower().endswith("by ") else found.text
