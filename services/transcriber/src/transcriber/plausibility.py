"""Whether somebody can have said this: a recogniser that loses its way repeats itself, or talks too fast."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal
from unicodedata import category

import numpy as np

REPEATS = 8  # the same few words more often than this in a row are a loop
REPEATS_OF_MANY = 4  # more words than a few
FEW = 4  # words
LONGEST_PHRASE = 60  # words, or letters of a script without spaces; what is longer is not looked for
FASTEST = 12.0  # words a second
REPEATS_IN_A_WORD = 20  # of up to ten letters
SHORTEST_ECHO = 3  # words; yes and thank you are said again and again

QUIETEST = 33  # of 32,768, -60 dBFS: nobody is heard below it
_WINDOW = 160  # samples, 10 ms
_LEAST_SOUND = 10  # windows that are not silent

Refusal = Literal["loop", "too_fast", "no_words", "silence"]

_STUTTER = re.compile(rf"(\S{{1,10}}?)\1{{{REPEATS_IN_A_WORD},}}")


@dataclass(frozen=True, slots=True)
class _Writing:
    """A way to write: by letters, so many of them to a word, where no spaces part the words.

    ``fastest`` is in tokens a second: words, or such letters.
    """

    letters: re.Pattern[str]
    a_word: int
    fastest: float


# Of kana and Han nobody says more than twelve a second; of the alphabets without spaces three are a syllable.
_UNSPACED = (
    _Writing(re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"), 2, FASTEST),
    _Writing(re.compile(r"[\u0e00-\u0eff\u0f40-\u0fbc\u1000-\u109f\u1780-\u17ff]"), 3, 3 * FASTEST),
)
_SPACED = _Writing(re.compile(r"(?!)"), 1, FASTEST)


def refusal(text: str, seconds: float) -> Refusal | None:
    """Why *text* cannot have been said in so many seconds; None where it can."""
    written = text.casefold()
    words = tuple(_words(written))
    if not words:
        return "no_words"
    writing = _writing(written)
    if _loops(words, writing.a_word) or _STUTTER.search(written):
        return "loop"
    return "too_fast" if len(words) > writing.fastest * seconds else None


def silent(samples: bytes) -> bool:
    """Whether next to nothing can be heard in raw samples: a click is no voice."""
    sound = np.abs(np.frombuffer(samples, "<i2").astype(np.int32))
    windows = np.pad(sound, (0, -len(sound) % _WINDOW)).reshape(-1, _WINDOW)
    heard = np.count_nonzero(windows.max(axis=1, initial=0) >= QUIETEST)
    return bool(heard < max(min(_LEAST_SOUND, len(windows)), 1))


def echoes(said: Sequence[str]) -> tuple[bool, ...]:
    """Which of the texts of one channel's consecutive cuts are a sentence that comes again and again."""
    runs = (tuple(run) for _, run in groupby(tuple(_words(text.casefold())) for text in said))
    return tuple(echo for run in runs for echo in [_echoes(run)] * len(run))


def _echoes(run: Sequence[Sequence[str]]) -> bool:
    words = len(run[0]) / _writing("".join(run[0])).a_word
    return words >= SHORTEST_ECHO and len(run) > _allowed(words)


def _writing(text: str) -> _Writing:
    return next((writing for writing in _UNSPACED if writing.letters.search(text)), _SPACED)


def _words(text: str) -> Iterator[str]:
    """Runs of letters and digits with their marks; of scripts without spaces, each letter with its marks."""
    word = ""
    for character in text:
        kind = category(character)[0]
        joins = kind == "M" or (kind in "LN" and not _alone(character) and not (word and _alone(word[0])))
        if joins or (word and character in "'’"):
            word += character
            continue
        if word:
            yield word
        word = character if kind in "LN" else ""
    if word:
        yield word


def _alone(character: str) -> bool:
    return any(writing.letters.match(character) for writing in _UNSPACED)


def _loops(words: Sequence[str], a_word: int) -> bool:
    sizes = range(1, min(LONGEST_PHRASE, len(words) // REPEATS_OF_MANY) + 1)
    return any(_repeats(words, size) > _allowed(size / a_word) for size in sizes)


def _allowed(words: float) -> int:
    """How often in a row a phrase of so many words may be said."""
    return REPEATS if words <= FEW else REPEATS_OF_MANY


def _repeats(words: Sequence[str], size: int) -> int:
    """How often in a row some phrase of *size* words occurs at most."""
    longest = run = 0
    for before, word in zip(words, words[size:], strict=False):
        run = run + 1 if before == word else 0
        longest = max(longest, run)
    return longest // size + 1
