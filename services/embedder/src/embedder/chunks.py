"""Utterances to chunks small enough to embed, with stable ids."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import takewhile
from typing import Final

from common.model import CallFacts, CallKey, Chunk, Transcript, Utterance
from common.models.embedding import tokens_about, tokens_at_most

LONGEST_OVERLAP: Final = 0.25
"""Of a chunk's size: more is not repeated."""
_SENTENCE_END: Final = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])")


@dataclass(frozen=True, slots=True)
class Size:
    """Tokens of a text: *about* so many, and never more than *most*."""

    about: int = 0
    most: int = 0

    @classmethod
    def of(cls, text: str) -> "Size":
        """Of this text, and of a space or a line's end after it."""
        return cls(tokens_about(text), tokens_at_most(text) + 1)

    def __add__(self, other: "Size") -> "Size":
        return Size(self.about + other.about, self.most + other.most)


@dataclass(frozen=True, slots=True)
class Limits:
    """How a call is cut: chunks of about *max_tokens*, and never more than *most_tokens* in any tokeniser.

    No silence longer than *max_silence_ms* is inside of one. Up to *overlap* utterances at the end of a chunk
    begin the next, if they are short and whole.
    """

    max_tokens: int
    max_silence_ms: int
    overlap: int = 1
    most_tokens: int = 8192

    @property
    def letters(self) -> int:
        """Bytes that fit whatever they are, in one word."""
        return min(self.max_tokens, self.most_tokens) - 1

    def fits(self, size: Size, share: float = 1.0) -> bool:
        """Whether so much is no more than this share of a chunk."""
        return size.about <= self.max_tokens * share and size.most <= self.most_tokens * share


@dataclass(frozen=True, slots=True)
class _Piece:
    """One line of a chunk: an utterance, or a part of a long one."""

    utterance: Utterance
    line: str
    size: Size
    whole: bool


def chunks(
    key: CallKey, transcript: Transcript, limits: Limits, facts: CallFacts | None = None
) -> list[Chunk]:
    """Consecutive utterances, as many as fit; the same transcript always gives the same chunks."""
    groups = _groups(_pieces(transcript, limits), limits)
    return [_chunk(key, n, group, facts or CallFacts()) for n, group in enumerate(groups)]


def _pieces(transcript: Transcript, limits: Limits) -> Iterator[_Piece]:
    """Utterances, a monologue longer than a chunk cut between sentences, else between words or letters."""
    for utterance in transcript.utterances:
        label = f"{_label(utterance.speaker, limits)}: "
        parts = list(_cut(" ".join(utterance.text.split()), Size.of(label), limits))
        for part in parts:
            line = label + part
            yield _Piece(utterance, line, Size.of(line), whole=len(parts) == 1)


def _label(speaker: str, limits: Limits) -> str:
    """The speaker's name, as much of it as leaves room for words."""
    return next(_letters(speaker, limits.letters // 2), "")


def _cut(text: str, label: Size, limits: Limits) -> Iterator[str]:
    """The text in parts that fit behind the label; one, if all of it does."""
    taken: list[str] = []
    size = label
    for part in _parts(text, label, limits):
        more = Size.of(part)
        if taken and not limits.fits(size + more):
            yield " ".join(taken)
            taken, size = [], label
        taken.append(part)
        size += more
    if taken:
        yield " ".join(taken)


def _parts(text: str, label: Size, limits: Limits) -> Iterator[str]:
    """Sentences; of those that do not fit their words, and of such words their letters."""
    for sentence in filter(None, _SENTENCE_END.split(text)):
        if limits.fits(label + Size.of(sentence)):
            yield sentence
            continue
        for word in sentence.split():
            fits = limits.fits(label + Size.of(word))
            yield from [word] if fits else _letters(word, limits.letters - label.most)


def _letters(word: str, most: int) -> Iterator[str]:
    """Parts of at most so many bytes, none of which is more than a token; a letter at least."""
    taken = ""
    for letter in word:
        if taken and tokens_at_most(taken + letter) > most:
            yield taken
            taken = ""
        taken += letter
    if taken:
        yield taken


def _groups(pieces: Iterable[_Piece], limits: Limits) -> Iterator[list[_Piece]]:
    group: list[_Piece] = []
    for piece in pieces:
        if group and (_paused(group[-1], piece, limits) or not limits.fits(_size([*group, piece]))):
            yield group
            group = _repeated(group, piece, limits)
        group.append(piece)
    if group:
        yield group


def _repeated(before: Sequence[_Piece], piece: _Piece, limits: Limits) -> list[_Piece]:
    """What the next chunk has of the one before it: never all, and nothing across a silence."""
    if not limits.overlap or _paused(before[-1], piece, limits):
        return []
    last = list(takewhile(lambda each: each.whole, reversed(before[1:][-limits.overlap :])))[::-1]
    while last and not (limits.fits(_size(last), LONGEST_OVERLAP) and limits.fits(_size([*last, piece]))):
        last.pop(0)
    return last


def _size(group: Iterable[_Piece]) -> Size:
    return reduce(Size.__add__, (piece.size for piece in group), Size())


def _paused(before: _Piece, after: _Piece, limits: Limits) -> bool:
    return after.utterance.start_ms - before.utterance.end_ms > limits.max_silence_ms


def _chunk(key: CallKey, n: int, group: Sequence[_Piece], facts: CallFacts) -> Chunk:
    said = [piece.utterance for piece in group]
    return Chunk(
        **dict(key),
        n=n,
        text="\n".join(piece.line for piece in group),
        speakers=tuple(dict.fromkeys(each.speaker for each in said)),
        utterance_ids=tuple(dict.fromkeys(each.id for each in said)),
        start_ms=said[0].start_ms,
        end_ms=max(each.end_ms for each in said),
        facts=facts,
    )
