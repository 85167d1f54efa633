"""Highlights: the passages of a hit in which the query's words were found, the words between tags."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from onebox.search.errors import only
from onebox.search.index import Index
from onebox.search.query import searched_text

_OPTIONS = {"pre_tags", "post_tags", "fragment_size", "number_of_fragments", "type"}
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True)
class _Style:
    before: str
    after: str
    size: int
    most: int


def highlighter(index: Index, given: Any, query: Any) -> "Highlighter":
    """Read the `highlight` of a request."""
    only(given, _OPTIONS | {"fields", "require_field_match"}, "highlight")
    fields = given.get("fields", {})
    named = fields if isinstance(fields, dict) else {name: o for item in fields for name, o in item.items()}
    styles = {path: _style({**given, **only(own, _OPTIONS, "highlight")}) for path, own in named.items()}
    return Highlighter(index, styles, _questions(index, styles, query))


@dataclass(frozen=True, slots=True)
class Highlighter:
    """Styles and FTS5 questions by field."""

    index: Index
    styles: Mapping[str, _Style]
    questions: Mapping[str, str]

    def of(self, row: int) -> dict[str, list[str]]:
        """Return the marked passages of a row by field."""
        found = {path: self._passages(row, path, question) for path, question in self.questions.items()}
        return {path: passages for path, passages in found.items() if passages}

    def _passages(self, row: int, path: str, question: str) -> list[str]:
        style, table = self.styles[path], self.index.text(path)
        marked = table.highlighted(row, question, style.before, style.after) if table else None
        if marked is None or style.most == 0:
            return [] if marked is None else [marked]
        passages = _joined(_SENTENCE_END.split(marked), style.size)
        return [passage for passage in passages if style.before in passage][: style.most]


def _style(options: Mapping[str, Any]) -> _Style:
    before, after = options.get("pre_tags", ["<em>"])[0], options.get("post_tags", ["</em>"])[0]
    return _Style(before, after, options.get("fragment_size", 100), options.get("number_of_fragments", 5))


def _questions(index: Index, paths: Iterable[str], query: Any) -> dict[str, str]:
    asked: dict[str, list[str]] = {}
    for path, text, how in searched_text(query):
        table = index.text(path)
        if table is not None and path in paths and (question := table.question(text, how)):
            asked.setdefault(path, []).append(f"({question})")
    return {path: " OR ".join(questions) for path, questions in asked.items()}


def _joined(sentences: list[str], size: int) -> list[str]:
    """Join sentences until a passage has about the size asked for."""
    passages: list[str] = []
    for sentence in sentences:
        if passages and len(passages[-1]) + len(sentence) < size:
            passages[-1] += f" {sentence}"
        else:
            passages.append(sentence)
    return passages
