"""Everything with a name, a figure or a date, each once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from onebox.models.rules.figures import Figure, figures
from onebox.models.rules.lines import Sentence
from onebox.models.rules.names import Name

_MOST = 60
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


def entities(sentences: Sequence[Sentence], names: Iterable[Name]) -> list[Entity]:
    """Every entity once, at most sixty of them: names, then figures, where they are first said."""
    named = [Entity(name.kind, name.text, name.text, name.sentences) for name in names]
    return [*named, *figured(sentences)][:_MOST]


def figured(sentences: Sequence[Sentence]) -> list[Entity]:
    """The figures alone: what needs no word list of names."""
    said: list[tuple[Figure, Sentence]] = []
    for n, sentence in enumerate(sentences):
        before = " ".join(one.text for one in sentences[max(0, n - 3) : n])
        said.extend((figure, sentence) for figure in figures(sentence.text, before))
    found: dict[str, tuple[Figure, list[Sentence]]] = {}
    for figure, sentence in said:
        found.setdefault(figure.text.lower().removeprefix("the "), (figure, []))[1].append(sentence)
    return [
        Entity(figure.kind, figure.text, figure.normalized, tuple(where))
        for figure, where in found.values()
        if not any(_is_part(figure, other) for other, _ in found.values())
    ]


def _is_part(one: Figure, other: Figure) -> bool:
    return one.kind == other.kind != "number" and len(one.text) < len(other.text) and one.text.lower() in other.text.lower()


def due(sentence: Sentence) -> str | None:
    """The first date of a sentence, in its words, with the "by" before it."""
    found = next((figure for figure in figures(sentence.text) if figure.kind == "date"), None)
    if found is None:
        return None
    ahead = sentence.text[: found.start]
    return f"by {found.text}" if ahead.lower().endswith("by ") else found.text
