"""A call's words in a prompt: lines that pass for nothing else, their length, and who repeats the prompt."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from common.model import Utterance
from common.words import hear

RECITED: Final = 8  # words in a row that are in the instructions, too
LONGEST_LINE: Final = 4000  # characters; a longer turn goes on in another line under the same id
BYTES_PER_TOKEN: Final = 2  # of written speech in ASCII at least; of anything else a byte may be a token
_BRACKETS: Final = str.maketrans("[]{}<>", "()()()")
_SAFE_LABEL: Final = str.maketrans(dict.fromkeys("[]{}<>:", "_"))
_JOINERS: Final = frozenset("\u200c\u200d")  # without them some scripts cannot be written
_UNSEEN: Final = frozenset({"Cf", "Cs", "Co", "Cn"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a question, and when its utterance begins and ends."""

    text: str
    start_ms: int
    end_ms: int


class Recital:
    """The instructions that a model was given, to be known again where it repeats them."""

    def __init__(self, instructions: Iterable[str]) -> None:
        self._runs = frozenset(run for text in instructions for run in _runs_of(text))

    def holds(self, text: str) -> bool:
        """Whether a text repeats them instead of telling of the call."""
        return any(run in self._runs for run in _runs_of(text))


def readable(text: str) -> str:
    """A text on one line, without what cannot be seen."""
    seen = "".join(_seen(letter) for letter in text) if not text.isascii() or not text.isprintable() else text
    return " ".join(seen.split())


def inert(text: str) -> str:
    """A text on one line that opens no bracket, as the head of a line does."""
    return readable(text).translate(_BRACKETS)


def lines_of(utterance: Utterance, call: str = "") -> list[Line]:
    """``[u12 03:41 customer] words``; *call* is its label where several calls are asked about."""
    minutes, seconds = divmod(utterance.start_ms // 1000, 60)
    speaker = "_".join(readable(utterance.speaker).translate(_SAFE_LABEL).split())[:40]
    head = " ".join(filter(None, (call, utterance.id, f"{minutes:02d}:{seconds:02d}", speaker)))
    text = inert(utterance.text)
    pieces = [text[at : at + LONGEST_LINE] for at in range(0, len(text), LONGEST_LINE)] or [""]
    return [Line(f"[{head}] {piece}", utterance.start_ms, utterance.end_ms) for piece in pieces]


def mark(*words: str) -> str:
    """What no speaker can say: it is made from every word."""
    return sha256("\0".join(words).encode()).hexdigest()[:16]


def tokens(text: str) -> int:
    """How many tokens a text of speech is at most; exact counts would need a file that is downloaded."""
    size = len(text.encode())
    plain = size if text.isascii() else sum(letter.isascii() for letter in text)
    return plain // BYTES_PER_TOKEN + (size - plain) + 1


def _seen(letter: str) -> str:
    category = unicodedata.category(letter)
    if category == "Cc":
        return " "
    return "" if category in _UNSEEN and letter not in _JOINERS else letter


def _runs_of(text: str) -> Iterator[tuple[str, ...]]:
    words = hear(text).words
    return (words[at : at + RECITED] for at in range(len(words) - RECITED + 1))
