"""Utterances to chunks small enough to embed, with stable ids."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from common.model import CallKey, Chunk, Transcript, Utterance

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a chunk may grow: *max_words*, and no silence longer than *max_silence_ms* inside."""

    max_words: int
    max_silence_ms: int


def chunks(key: CallKey, transcript: Transcript, limits: Limits) -> list[Chunk]:
    """Consecutive utterances, as many as fit; the same transcript always gives the same chunks."""
    return [_chunk(key, n, group) for n, group in enumerate(_groups(_pieces(transcript, limits), limits))]


def _pieces(transcript: Transcript, limits: Limits) -> Iterator[Utterance]:
    """Utterances, a monologue longer than a chunk cut between sentences, else between words."""
    for utterance in transcript.utterances:
        for text in _cut(utterance.text, limits.max_words):
            yield utterance.model_copy(update={"text": text})


def _cut(text: str, max_words: int) -> Iterator[str]:
    taken: list[str] = []
    for sentence in _SENTENCE_END.split(text):
        words = sentence.split()
        if taken and len(taken) + len(words) > max_words:
            yield " ".join(taken)
            taken = []
        taken += words
        while len(taken) > max_words:
            yield " ".join(taken[:max_words])
            taken = taken[max_words:]
    if taken:
        yield " ".join(taken)


def _groups(pieces: Iterator[Utterance], limits: Limits) -> Iterator[list[Utterance]]:
    group: list[Utterance] = []
    words = 0
    for piece in pieces:
        more = len(piece.text.split())
        if group and (words + more > limits.max_words or _silence(group[-1], piece) > limits.max_silence_ms):
            yield group
            group, words = [], 0
        group.append(piece)
        words += more
    if group:
        yield group


def _silence(before: Utterance, after: Utterance) -> int:
    return after.start_ms - before.end_ms


def _chunk(key: CallKey, n: int, group: Sequence[Utterance]) -> Chunk:
    return Chunk(
        **dict(key),
        n=n,
        text="\n".join(f"{piece.speaker}: {piece.text}" for piece in group),
        speakers=tuple(dict.fromkeys(piece.speaker for piece in group)),
        utterance_ids=tuple(dict.fromkeys(piece.id for piece in group)),
        start_ms=group[0].start_ms,
        end_ms=max(piece.end_ms for piece in group),
    )
