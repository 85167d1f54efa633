"""What is asked of a speech model: the fields of a request are those of the model's row, and no others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from common.models.speech import Granularity, ResponseFormat, SpeechModel

# What identifies paid work names these itself.
_NAMED = frozenset({"model", "language", "languages"})


@dataclass(frozen=True, slots=True)
class Request:
    """The model called *name*, and what an operator wants of it."""

    name: str
    row: SpeechModel
    response_format: ResponseFormat = "json"
    granularities: tuple[Granularity, ...] = ()
    language: str | None = None

    def fields(self, terms: Sequence[str] = ()) -> dict[str, Any]:
        """Every field of a request but the sound; *terms* are the vocabulary."""
        return dict(self._fields(terms))

    def parameters(self, terms: Sequence[str] = ()) -> tuple[str, ...]:
        """What of a request, beside model and language, changes the answer; nothing for plain JSON."""
        plain = ("response_format", "json")
        telling = [each for each in self.fields(terms).items() if each[0] not in _NAMED and each != plain]
        return tuple(f"{name}={value}" for name, value in telling)

    def _fields(self, terms: Sequence[str]) -> Iterator[tuple[str, Any]]:
        yield "model", self.name
        yield "response_format", self.response_format
        if self.granularities:
            yield "timestamp_granularities", list(self.granularities)
        if self.row.logprobs and self.response_format == "json":
            yield "include", ["logprobs"]
        if self.row.chunks_itself:
            yield "chunking_strategy", "auto"
        if self.language:
            # gpt-transcribe takes a list, and ignores the single language all others take.
            single = self.row.language_field == "language"
            yield self.row.language_field, self.language if single else [self.language]
        if terms and self.row.vocabulary:
            listed = self.row.vocabulary == "keywords"
            yield self.row.vocabulary, list(terms) if listed else ", ".join(terms)
