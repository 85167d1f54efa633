"""The gold dialogues cut as the embedder cuts calls, and what answers a question there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from common.index import Hit
from common.model import CallKey, Chunk
from embedder.chunks import Limits, chunks

from evals.gold import Dialogue, Query

TENANT: Final = "gold"
LIMITS: Final = Limits(max_tokens=160, max_silence_ms=30_000, overlap=1, most_tokens=254)
"""Smaller than the embedder's, for more chunks to be told apart."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A dialogue and its chunks."""

    key: CallKey
    name: str
    chunks: tuple[Chunk, ...]


def cuts(dialogues: Sequence[Dialogue]) -> list[Cut]:
    """Every dialogue, in chunks; calls are named without underscores' length, as ids may be."""
    return [_cut(dialogue) for dialogue in dialogues]


def answered(queries: Sequence[Query], dialogues: Sequence[Dialogue]) -> list[Query]:
    """The questions that these dialogues answer."""
    known = {dialogue.name for dialogue in dialogues}
    return [query for query in queries if query.answers and {a.dialogue for a in query.answers} <= known]


def ranks(query: Query, hits: Sequence[Hit]) -> list[int | None]:
    """Of each answer, the rank of the first hit that holds an utterance of it; None if there is none."""
    return [next(_holding(answer.dialogue, set(answer.utterances), hits), None) for answer in query.answers]


def _holding(name: str, utterances: set[str], hits: Sequence[Hit]) -> Iterator[int]:
    for rank, hit in enumerate(hits, start=1):
        if hit.call_id == name and not utterances.isdisjoint(hit.utterance_ids):
            yield rank


def _cut(dialogue: Dialogue) -> Cut:
    key = CallKey(tenant_id=TENANT, call_id=dialogue.name)
    return Cut(key, dialogue.name, tuple(chunks(key, dialogue.transcript(), LIMITS)))
