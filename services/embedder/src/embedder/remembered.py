"""An embedding model that keeps what it answered, so that a redelivered or redone call pays nothing twice."""

import base64
import struct
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from itertools import islice
from typing import Final

from common.budget import Budget
from common.joint import shared_out
from common.model import CallKey, Noun, Work, known_sum, total
from common.models.embedding import tokens_at_most
from common.parallel import for_each
from common.vectors import Embedded, Embedder, Vector
from common.work import Claims, WorkId

AT_ONCE: Final = 8
"""Requests one call has open at a time; the process's limit is shared in turns."""


class Packed(Noun):
    """The vector of one text, as little-endian 32-bit floats in base64, and its part of what a request took.

    Of the texts of a request the first counts it.
    """

    floats: str
    work: Work

    @property
    def vector(self) -> Vector:
        """Its numbers."""
        packed = base64.b64decode(self.floats)
        return struct.unpack(f"<{len(packed) // 4}f", packed)


class RememberedVectors:
    """Remembers each text's vector under the text, the model and the size of its vectors, for its call."""

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
        works = {self._work(call, text): text for text in texts}
        kept = await self._claims.results(works, Packed)
        missing = {work: text for work, text in works.items() if work not in kept}
        batches = list(self._embedder.room.batches([*missing.values()]))
        async with self._budget.reserved(call, self._cost(batches)):
            found = {**kept, **await self._ask(missing, batches)}
        vectors = tuple(found[self._work(call, text)].vector for text in texts)
        return Embedded(vectors, _together([found[work].work for work in works], self._embedder.model))

    async def _ask(
        self, missing: Mapping[WorkId, str], batches: Iterable[Sequence[str]]
    ) -> Mapping[WorkId, Packed]:
        """Every batch, by several tasks that share the work."""
        works = iter(missing)
        found: dict[WorkId, Packed] = {}

        async def ask(batch: Sequence[WorkId]) -> None:
            found.update(await self._claims.each(batch, Packed, partial(self._packed, missing)))

        await for_each([list(islice(works, len(batch))) for batch in batches], ask, AT_ONCE)
        return found

    async def _packed(self, missing: Mapping[WorkId, str], works: Sequence[WorkId]) -> list[Packed]:
        texts = [missing[work] for work in works]
        embedded = await self._embedder.embed(texts)
        parts = shared_out(embedded.work, [tokens_at_most(text) for text in texts])
        return [
            _pack(vector, part.model_copy(update={"requests": 0 if n else part.requests}))
            for n, (vector, part) in enumerate(zip(embedded.vectors, parts, strict=True))
        ]

    def _work(self, call: CallKey, text: str) -> WorkId:
        asked = (self._embedder.model, self._embedder.dimensions, sha256(text.encode()).hexdigest())
        return WorkId(call, "embed", asked)

    def _cost(self, batches: Iterable[Sequence[str]]) -> float | None:
        """At most, in USD."""
        return known_sum(self._embedder.need(texts).usd for texts in batches)


def _pack(vector: Vector, work: Work) -> Packed:
    floats = struct.pack(f"<{len(vector)}f", *vector)
    return Packed(floats=base64.b64encode(floats).decode(), work=work)


def _together(works: Sequence[Work], model: str) -> Work:
    """What all texts took; no text asks nobody."""
    return total(works) if works else Work(provider="none", model=model, cost_usd=0.0)
