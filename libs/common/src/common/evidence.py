"""Is this quote in these utterances, and where? Compared word by word, as a person would hear it."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Final

from common.likeness import nearly
from common.model import Citation, Evidence, Utterance
from common.model.findings import Match
from common.numerals import in_figures
from common.words import Heard, hear, line

MAX_QUOTE: Final = 600  # characters; a longer "quote" is a paraphrase of half the call
MAX_CITED: Final = 20  # utterances; who cites more cites the call
MIN_LETTERS: Final = 2  # a quote of punctuation proves nothing
MIN_MOVED: Final = 3  # words; fewer stand in many places by chance
_ID: Final = re.compile(r"u\d+")


@dataclass(frozen=True)
class _Said:
    """An utterance as the words a person hears, as they were spoken and with its numbers in figures."""

    utterance: Utterance

    @cached_property
    def heard(self) -> Heard:
        return hear(self.utterance.text)

    @cached_property
    def figures(self) -> Heard:
        return in_figures(self.utterance.text, self.heard)

    @cached_property
    def timed(self) -> tuple[int, ...]:
        """For each heard word the transcript's word it is part of; none where they do not agree."""
        parts = [(n, part) for n, word in enumerate(self.utterance.words) for part in hear(word.text).words]
        agree = tuple(part for _, part in parts) == self.heard.words
        return tuple(n for n, _ in parts) if agree else ()

    def times(self, span: tuple[int, int]) -> tuple[int, int]:
        """From when to when these characters were spoken."""
        inside = [n for n, (start, end) in enumerate(self.heard.spans) if start >= span[0] and end <= span[1]]
        if not self.timed or not inside:
            return self.utterance.start_ms, self.utterance.end_ms
        words = self.utterance.words
        return words[self.timed[inside[0]]].start_ms, words[self.timed[inside[-1]]].end_ms


@dataclass(frozen=True, slots=True)
class _Found:
    place: int
    span: tuple[int, int]
    match: Match


@dataclass(frozen=True)
class _Quote:
    text: str
    heard: Heard

    @cached_property
    def figures(self) -> tuple[str, ...]:
        return in_figures(self.text, self.heard).words

    @property
    def inner(self) -> str:
        """Without the punctuation around it."""
        return self.text[self.heard.spans[0][0] : self.heard.spans[-1][1]]

    @property
    def usable(self) -> bool:
        return len(self.text) <= MAX_QUOTE and sum(map(len, self.heard.words)) >= MIN_LETTERS


class Transcribed:
    """A transcript that quotes are checked against; build it once a call."""

    def __init__(self, utterances: Iterable[Utterance]) -> None:
        self._said = [_Said(utterance) for utterance in utterances]
        self._places = {said.utterance.id: n for n, said in enumerate(self._said)}

    def check(self, citation: Citation) -> Evidence:
        """Look for the quote in the utterances it cites, in their neighbours, then anywhere.

        A quote that is found comes back with the words as they were spoken, the utterance they are in and
        their times; one that is not comes back ``verified=False`` and untouched. Anywhere, a quote has to be
        there word for word and once; in the cited utterances and their neighbours a few words may differ.
        """
        quote = _Quote(citation.quote, hear(citation.quote) if len(citation.quote) <= MAX_QUOTE else hear(""))
        found = self._find(quote, self.places(citation.utterance_ids)) if quote.usable else None
        if found is None:
            return Evidence(
                utterance_ids=citation.utterance_ids, quote=citation.quote, verified=False, issue="not_said"
            )
        return self._evidence(found)

    def places(self, ids: Sequence[str]) -> list[int]:
        """Which utterances are meant: a model may write ``u2 00:03`` for ``u2``."""
        named = [name for given in ids[:MAX_CITED] for name in _names(given, self._places)]
        return [self._places[name] for name in dict.fromkeys(named) if name in self._places]

    @property
    def length(self) -> int:
        """How many utterances there are."""
        return len(self._said)

    def utterance(self, place: int) -> Utterance:
        """The utterance at a place."""
        return self._said[place].utterance

    def _find(self, quote: _Quote, cited: list[int]) -> _Found | None:
        near = [n for place in cited for n in (place - 1, place + 1) if 0 <= n < len(self._said)]
        around = list(dict.fromkeys(cited + near))
        found = next(self._word_for_word(quote, around), None) or self._elsewhere(quote)
        found = found or next(self._almost(quote, around), None)
        if found and found.place not in cited:
            return _Found(found.place, found.span, "moved")
        return found

    def _word_for_word(self, quote: _Quote, places: Iterable[int]) -> Iterator[_Found]:
        for place in places:
            said = self._said[place]
            span = said.heard.find(quote.heard.words) or said.figures.find(quote.figures)
            if span:
                spoken = said.utterance.text[span[0] : span[1]]
                yield _Found(place, span, "exact" if spoken == quote.inner else "normalized")

    def _almost(self, quote: _Quote, places: Iterable[int]) -> Iterator[_Found]:
        for place in places:
            heard = self._said[place].figures
            if near := nearly(quote.figures, heard.words):
                first, last = near
                yield _Found(place, (heard.spans[first][0], heard.spans[last][1]), "fuzzy")

    def _elsewhere(self, quote: _Quote) -> _Found | None:
        """The one place where exactly these words were said, if there is but one."""
        words = quote.heard.words
        if len(words) < MIN_MOVED:
            return None
        wanted, (whole, starts) = f" {' '.join(words)} ", self._whole
        at = whole.find(wanted)
        if at < 0 or whole.find(wanted, at + 1) >= 0:
            return None
        return next(self._word_for_word(quote, [bisect_right(starts, at) - 1]), None)

    @cached_property
    def _whole(self) -> tuple[str, list[int]]:
        """The call's words in one text, and where each utterance begins in it."""
        lines = [line(said.utterance.text) for said in self._said]
        starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
        return "\n".join(lines), starts[: len(lines)]

    def _evidence(self, found: _Found) -> Evidence:
        said = self._said[found.place]
        start_ms, end_ms = said.times(found.span)
        return Evidence(
            utterance_ids=(said.utterance.id,),
            quote=said.utterance.text[found.span[0] : found.span[1]],
            verified=True,
            match=found.match,
            speaker=said.utterance.speaker,
            start_ms=start_ms,
            end_ms=end_ms,
        )


def _names(given: str, known: dict[str, int]) -> list[str]:
    """The ids in what a model wrote for one."""
    if given in known or len(given) > MAX_QUOTE:
        return [given]
    folded = given.strip().lower()
    return [f"u{int(folded)}"] if folded.isdecimal() and len(folded) < MAX_CITED else _ID.findall(folded)
