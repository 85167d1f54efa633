"""What servers answer about a clip, in every form they have, as one noun on the clip's own clock."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from common.model import Word
from pydantic import BaseModel

from transcriber.languages import code_of


@dataclass(frozen=True, slots=True)
class Told:
    """A piece of the text that the server ascribes to a speaker; milliseconds of the clip."""

    speaker: str
    start_ms: int
    end_ms: int
    text: str


class _Language(BaseModel):
    code: str


class _Logprob(BaseModel):
    logprob: float | None = None


class _Word(BaseModel):
    word: str
    start: float
    end: float
    probability: float | None = None


class _Segment(BaseModel):
    start: float = 0.0
    end: float = 0.0
    text: str = ""
    speaker: str | None = None
    avg_logprob: float | None = None
    words: list[_Word] | None = None


class Answer(BaseModel):
    """The body of an answer; the language, if told, is spelled in one of three ways."""

    text: str
    language: str | None = None
    languages: list[_Language | str] | None = None
    words: list[_Word] | None = None
    segments: list[_Segment] | None = None
    logprobs: list[_Logprob] | None = None

    @property
    def spoken(self) -> str | None:
        """The code of the first language told."""
        told = [each if isinstance(each, str) else each.code for each in self.languages or []]
        return next((code for each in [*told, self.language] if (code := code_of(each))), None)

    @property
    def confidence(self) -> float | None:
        """How sure the model is, 0 to 1: by word, else segment, else token; None where it does not say."""
        by_word = [(1.0, word.probability) for word in self._words if word.probability is not None]
        if by_word:
            return _mean(by_word)
        by_segment = [(each.end - each.start, each.avg_logprob) for each in self.segments or []]
        by_token = [(1.0, each.logprob) for each in self.logprobs or []]
        known = [(weight, logprob) for weight, logprob in by_segment or by_token if logprob is not None]
        return math.exp(min(_mean(known), 0.0)) if known else None

    def timed(self, length_ms: int) -> tuple[Word, ...]:
        """The words in order, within a clip of that length."""
        return tuple(_timed(self._words, length_ms))

    def turns(self, length_ms: int) -> tuple[Told, ...]:
        """Who said what, within a clip of that length; nothing where the server tells no speakers apart."""
        return tuple(
            Told(each.speaker, *_within(each.start, each.end, 0, length_ms), each.text.strip())
            for each in self.segments or []
            if each.speaker is not None
        )

    @property
    def _words(self) -> Sequence[_Word]:
        return self.words or [word for each in self.segments or [] for word in each.words or []]


def _timed(words: Sequence[_Word], length_ms: int) -> list[Word]:
    placed: list[Word] = []
    for word in words:
        earliest = placed[-1].start_ms if placed else 0
        start, end = _within(word.start, word.end, earliest, length_ms)
        placed.append(
            Word(text=word.word.strip(), start_ms=start, end_ms=end, confidence=_share(word.probability))
        )
    return placed


def _within(start: float, end: float, earliest_ms: int, latest_ms: int) -> tuple[int, int]:
    first = min(max(round(start * 1000), earliest_ms), latest_ms)
    return first, min(max(round(end * 1000), first), latest_ms)


def _mean(weighted: Sequence[tuple[float, float]]) -> float:
    weight = sum(each for each, _ in weighted)
    return sum(each * value for each, value in weighted) / weight if weight > 0 else weighted[0][1]


def _share(probability: float | None) -> float | None:
    return None if probability is None else min(max(probability, 0.0), 1.0)
