"""Is this quote in these utterances, and where? Compared word by word, as a person would hear it."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby
from operator import itemgetter
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
MOST_JOINED: Final = 4  # utterances one after the other that one quote may run through
_DOTS: Final = re.compile(r"\.{3,}|…")
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

    def pieces(self, citation: Citation) -> tuple[Evidence, ...]:
        """Look for the quote as ``check`` does, and if it is nowhere for its pieces: an evidence for each.

        Models quote on over the end of an utterance, and leave words out between dots. Such a quote is
        verified only if all its pieces are, word for word or each by itself; else it comes back whole.
        """
        whole = self.check(citation)
        if whole.verified or len(citation.quote) > MAX_QUOTE:
            return (whole,)
        return self._running_on(citation) or self._left_out(citation) or (whole,)

    def mention(self, name: str, near: Iterable[int], *, anywhere: bool) -> Evidence | None:
        """Where a name or a figure is said word for word: in *near*, else where the call says it first."""
        quote = _Quote(name, hear(name))
        if not quote.usable:
            return None
        found = next(self._word_for_word(quote, near), None) or (self._first(quote) if anywhere else None)
        return self._evidence(_Found(found.place, found.span, "moved")) if found else None

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

    def around(self, cited: Sequence[int]) -> list[int]:
        """These places, and then their neighbours."""
        near = [n for place in cited for n in (place - 1, place + 1) if 0 <= n < len(self._said)]
        return list(dict.fromkeys([*cited, *near]))

    def _running_on(self, citation: Citation) -> tuple[Evidence, ...]:
        """The pieces of a quote that goes on in the utterances that follow, without a gap."""
        wanted = hear(citation.quote).words
        if len(wanted) < MIN_MOVED:
            return ()
        starts = self.around(self.places(citation.utterance_ids))
        runs = (self._run(wanted, range(start, start + MOST_JOINED)) for start in starts)
        return tuple(map(self._evidence, next(filter(None, runs), ())))

    def _run(self, wanted: tuple[str, ...], places: range) -> list[_Found]:
        run = [(place, said.heard) for place, said in zip(places, self._said[places.start :], strict=False)]
        words = [(place, heard, n) for place, heard in run for n in range(len(heard.words))]
        steps = tuple((n, n + 1) for n in range(len(words)))
        within = Heard(tuple(heard.words[n] for _, heard, n in words), steps).find(wanted)
        parts = groupby(words[slice(*within)] if within else (), key=itemgetter(0))
        return [_part(list(said)) for _, said in parts]

    def _left_out(self, citation: Citation) -> tuple[Evidence, ...]:
        """The pieces of a quote that has dots where words are left out."""
        quotes = [part for part in _DOTS.split(citation.quote) if hear(part).words]
        if quotes == [citation.quote] or any(len(hear(part).words) < MIN_MOVED for part in quotes):
            return ()
        found = [self.check(citation.model_copy(update={"quote": part})) for part in quotes]
        return tuple(found) if all(piece.verified for piece in found) else ()

    def _find(self, quote: _Quote, cited: list[int]) -> _Found | None:
        around = self.around(cited)
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
        (whole, _), wanted = self._whole, quote.heard.line
        alone = len(quote.heard.words) >= MIN_MOVED and whole.find(wanted) == whole.rfind(wanted)
        return self._first(quote) if alone else None

    def _first(self, quote: _Quote) -> _Found | None:
        """Where exactly these words were said first."""
        whole, starts = self._whole
        at = whole.find(quote.heard.line)
        return next(self._word_for_word(quote, [bisect_right(starts, at) - 1]), None) if at >= 0 else None

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


def _part(said: Sequence[tuple[int, Heard, int]]) -> _Found:
    """Words of one utterance, one after the other: its place, its words, and which of them."""
    (place, heard, first), (_, _, last) = said[0], said[-1]
    return _Found(place, (heard.spans[first][0], heard.spans[last][1]), "normalized")


def _names(given: str, known: dict[str, int]) -> list[str]:
    """The ids in what a model wrote for one."""
    if given in known or len(given) > MAX_QUOTE:
        return [given]
    folded = given.strip().lower()
    return [f"u{int(folded)}"] if folded.isdecimal() and len(folded) < MAX_CITED else _ID.findall(folded)
