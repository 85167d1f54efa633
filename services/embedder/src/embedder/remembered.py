"""An embedding model that keeps what it answered, so that a redelivered or redone call pays nothing twice."""

import base64
import struct
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from hashlib import sha256

from common.budget import Budget
from common.model import CallKey, Noun, Work
from common.vectors import MAX_INPUTS, Embedded, Embedder, Vector
from common.work import Claims, WorkId


class Packed(Noun):
    """The vectors of one batch, as little-endian 32-bit floats in base64, and what they took.

    A full batch of 3072 dimensions takes 2 MiB; a MongoDB document may have 16.
    """

    dimensions: int
    floats: str
    work: Work


class RememberedVectors:
    """Remembers each batch under its texts and the model, for its call."""

    def __init__(self, embedder: Embedder, claims: Claims, budget: Budget) -> None:
        self._embedder = embedder
        self._claims = claims
        self._budget = budget

    async def embed(self, call: CallKey, texts: Sequence[str]) -> Embedded:
        """Every text's vector, now or from before; what was asked before is not asked again.

        Raises:
            Transient: the provider cannot answer now, or another worker is asking.
            Permanent: it refuses, or the vectors may cost more than is left of a budget.
            Parked: as the latter, where the operator would rather wait.
        """
        works = {self._work(call, batch): batch for batch in _batches(texts)}
        missing = await self._claims.missing(works)
        async with self._budget.reserved(call, self._cost([works[work] for work in missing])):
            batches = [await self._batch(call, batch) for batch in _batches(texts)]
        vectors = tuple(vector for batch in batches for vector in _unpacked(batch))
        return Embedded(vectors, _together([batch.work for batch in batches], self._embedder.model))

    async def _batch(self, call: CallKey, texts: Sequence[str]) -> Packed:
        return await self._claims.once(self._work(call, texts), Packed, partial(self._ask, texts))

    def _work(self, call: CallKey, texts: Sequence[str]) -> WorkId:
        return WorkId(call, "embed", (self._embedder.model, _digest(texts)))

    def _cost(self, batches: Iterable[Sequence[str]]) -> float | None:
        """At most, in USD."""
        costs = [self._embedder.need(texts).usd for texts in batches]
        return None if None in costs else sum(cost for cost in costs if cost is not None)

    async def _ask(self, texts: Sequence[str]) -> Packed:
        return _packed(await self._embedder.embed(texts))


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    return (texts[n : n + MAX_INPUTS] for n in range(0, len(texts), MAX_INPUTS))


def _digest(texts: Sequence[str]) -> str:
    """Each text by its own digest, so that none can pass for two."""
    return sha256(b"".join(sha256(text.encode()).digest() for text in texts)).hexdigest()


def _packed(embedded: Embedded) -> Packed:
    dimensions = len(embedded.vectors[0])
    floats = b"".join(struct.pack(f"<{dimensions}f", *vector) for vector in embedded.vectors)
    return Packed(dimensions=dimensions, floats=base64.b64encode(floats).decode(), work=embedded.work)


def _unpacked(packed: Packed) -> Iterator[Vector]:
    return struct.iter_unpack(f"<{packed.dimensions}f", base64.b64decode(packed.floats))


def _together(works: Sequence[Work], model: str) -> Work:
    """What all batches took; a sum with an unknown price in it is not known. No text asks nobody."""
    if not works:
        return Work(provider="none", model=model, cost_usd=0.0)
    costs = [work.cost_usd for work in works if work.cost_usd is not None]
    return works[0].model_copy(
        update={
            "cost_usd": sum(costs) if len(costs) == len(works) else None,
            "requests": sum(work.requests for work in works),
            "input_tokens": sum(work.input_tokens for work in works),
        }
    )
