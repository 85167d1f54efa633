"""Whether somebody can have said this: a recogniser that loses its way repeats itself, or talks too fast."""

import re
from collections.abc import Sequence
from typing import Literal

REPEATS = 8  # the same one to four words more often than this in a row is a loop
LONGEST_PHRASE = 4  # words
FASTEST = 12.0  # words a second

Refusal = Literal["loop", "too_fast"]

# Kana and Han are written without spaces: each character counts as a word, two of them make one.
_CHARACTER = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")


def refusal(text: str, seconds: float) -> Refusal | None:
    """Why *text* cannot have been said in so many seconds; None where it can."""
    words = _WORD.findall(text.casefold())
    longest = LONGEST_PHRASE * (2 if _CHARACTER.search(text) else 1)
    if any(_repeats(words, size) > REPEATS for size in range(1, longest + 1)):
        return "loop"
    return "too_fast" if len(words) > FASTEST * seconds else None


def _repeats(words: Sequence[str], size: int) -> int:
    """How often in a row some phrase of *size* words occurs at most."""
    longest = run = 0
    for before, word in zip(words, words[size:], strict=False):
        run = run + 1 if before == word else 0
        longest = max(longest, run)
    return longest // size + 1
