"""Is this quote in these utterances, and where? Compared word by word, as a person would hear it."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from common.model import Citation, Evidence, Utterance

MAX_QUOTE = 600  # characters; a longer "quote" is a paraphrase of half the call
MIN_LETTERS = 2  # a quote of punctuation proves nothing
_LETTER = r"[^\W_][\u0300-\u036f]*"  # an accent may be written after its letter
_WORD = re.compile(rf"(?:{_LETTER})+(?:['’](?:{_LETTER})+)*")


@dataclass(frozen=True, slots=True)
class _Spoken:
    """An utterance as the words a person hears, each with its place in the text."""

    utterance: Utterance
    words: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]


class Transcribed:
    """A transcript that quotes are checked against; build it once a call."""

    def __init__(self, utterances: Iterable[Utterance]) -> None:
        self._spoken = [_hear(utterance) for utterance in utterances]
        self._places = {spoken.utterance.id: n for n, spoken in enumerate(self._spoken)}

    def check(self, citation: Citation) -> Evidence:
        """Look for the quote in the utterances it cites, then in their neighbours.

        A quote that is found comes back with the words as they were spoken, the utterance they are in and its
        times; one that is not comes back ``verified=False`` and untouched.
        """
        wanted = _words(citation.quote)
        if len(citation.quote) <= MAX_QUOTE and sum(map(len, wanted)) >= MIN_LETTERS:
            for place in self._candidates(citation.utterance_ids):
                if found := _find(wanted, self._spoken[place]):
                    return _evidence(self._spoken[place].utterance, found)
        return Evidence(utterance_ids=citation.utterance_ids, quote=citation.quote, verified=False)

    def _candidates(self, ids: Sequence[str]) -> list[int]:
        """The cited places first, then one before and one after each."""
        cited = [self._places[i] for i in dict.fromkeys(ids) if i in self._places]
        near = [n for place in cited for n in (place - 1, place + 1) if 0 <= n < len(self._spoken)]
        return list(dict.fromkeys(cited + near))


def _hear(utterance: Utterance) -> _Spoken:
    matches = list(_WORD.finditer(utterance.text))
    return _Spoken(utterance, tuple(_fold(m.group()) for m in matches), tuple(m.span() for m in matches))


def _words(text: str) -> tuple[str, ...]:
    return tuple(_fold(word) for word in _WORD.findall(text))


def _fold(word: str) -> str:
    """Case, accents' encoding and the shape of an apostrophe are the writer's, not the speaker's."""
    return unicodedata.normalize("NFKC", word).casefold().replace("’", "'")


def _find(wanted: tuple[str, ...], spoken: _Spoken) -> str | None:
    """The verbatim text of *wanted* in this utterance."""
    length = len(wanted)
    for start in range(len(spoken.words) - length + 1):
        if spoken.words[start : start + length] == wanted:
            first, last = spoken.spans[start][0], spoken.spans[start + length - 1][1]
            return spoken.utterance.text[first:last]
    return None


def _evidence(utterance: Utterance, quote: str) -> Evidence:
    return Evidence(
        utterance_ids=(utterance.id,),
        quote=quote,
        verified=True,
        speaker=utterance.speaker,
        start_ms=utterance.start_ms,
        end_ms=utterance.end_ms,
    )
