"""How fast somebody talks, in words or, where a script writes no spaces between them, in characters."""

import re
from collections.abc import Iterable

from common.model import Speed, Unavailable

# Kana, Han, Thai, Lao, Myanmar, Khmer.
_UNSPACED = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\U00020000-\U0003ffff]"
)
_LETTER = re.compile(r"[^\W_]")
_WORD = re.compile(r"[^\W_](?:[^\s]*[^\W_])?")  # "twenty-four", "don't" and "3.5" are one each


def speed(texts: Iterable[str], talked_ms: int) -> Speed | Unavailable:
    """The speed of somebody who said *texts* in so much talk of their own."""
    text = " ".join(texts)
    letters = len(_LETTER.findall(text))
    if not letters or not talked_ms:
        return Unavailable(unavailable="nothing_said")
    unspaced = len(_UNSPACED.findall(text)) * 2 > letters
    spoken = letters if unspaced else len(_WORD.findall(text))
    per_minute = round(spoken * 60_000 / talked_ms, 1)
    return Speed(unit="characters" if unspaced else "words", spoken=spoken, per_minute=per_minute)
