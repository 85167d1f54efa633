"""Calls that never were: as many chunks as are asked for, the same each time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from common.index import Query
from common.model import CallFacts, CallKey, Chunk
from common.vectors import Vector
from numpy.typing import NDArray

TENANTS = 5
_TOPICS = 200
_VOCABULARY = 20_000
_WORDS = 80  # of a chunk
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Corpus:
    """Vectors lie around topics, as those of speech do; words are as rare as words are."""

    vectors: NDArray[np.float32]
    topics: NDArray[np.float32]
    words: NDArray[np.int32]
    per_call: int

    @property
    def calls(self) -> int:
        """How many there are."""
        return len(self.vectors) // self.per_call

    def key(self, call: int) -> CallKey:
        """Whose call it is."""
        return CallKey(tenant_id=f"tenant-{call % TENANTS}", call_id=f"call-{call}")

    def chunks(self, call: int) -> list[Chunk]:
        """A call's."""
        facts = CallFacts(
            started_at=_BEGAN + timedelta(hours=call), agent=f"agent-{call % 20}", sentiment="neutral"
        )
        first = call * self.per_call
        return [self._chunk(call, n, first + n, facts) for n in range(self.per_call)]

    def meant(self, call: int) -> list[Vector]:
        """Its chunks' vectors."""
        first = call * self.per_call
        return [row.tolist() for row in self.vectors[first : first + self.per_call]]

    def question(self, n: int) -> Query:
        """Three words and a topic, of one tenant."""
        asked = np.random.default_rng(n)
        text = " ".join(f"w{word}" for word in asked.integers(20, 2_000, 3))
        topic = self.topics[n % len(self.topics)]
        return Query(tenant_id=f"tenant-{n % TENANTS}", text=text, vector=topic.tolist())

    def _chunk(self, call: int, n: int, row: int, facts: CallFacts) -> Chunk:
        said = " ".join(f"w{word}" for word in self.words[row])
        times = {"start_ms": n * 30_000, "end_ms": n * 30_000 + 29_000}
        whose = {"speakers": ("agent", "customer"), "utterance_ids": (f"u{2 * n}", f"u{2 * n + 1}")}
        return Chunk.model_validate(
            {**dict(self.key(call)), "n": n, "text": said, "facts": facts, **whose, **times}
        )


def corpus(chunks: int, per_call: int, dimensions: int) -> Corpus:
    """So many chunks, cut into calls."""
    rng = np.random.default_rng(8)
    topics = _unit(rng.standard_normal((_TOPICS, dimensions), dtype=np.float32))
    noise = rng.standard_normal((chunks, dimensions), dtype=np.float32) / np.sqrt(dimensions)
    vectors = _unit(topics[rng.integers(0, _TOPICS, chunks)] + noise)
    words = np.minimum(rng.zipf(1.3, (chunks, _WORDS)), _VOCABULARY).astype(np.int32)
    return Corpus(vectors, topics, words, per_call)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths: NDArray[np.float32] = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / lengths).astype(np.float32)


def sliced(calls: int, parts: int) -> list[Sequence[int]]:
    """The calls in so many parts."""
    size = -(-calls // parts)
    return [range(n, min(n + size, calls)) for n in range(0, calls, size)]
