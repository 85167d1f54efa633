"""What every provider of vectors does, and what is made of its answer."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from common.errors import Transient
from common.gate import Gate, Need
from common.model import Work
from common.models.embedding import EMBEDDING, EmbeddingModel, tokens_at_most

Vector = Sequence[float]

LONGEST: Final = 1e60  # of a vector, squared: its numbers have to fit into 32 bits
MOST_INPUTS: Final = 256
"""Texts of one request: OpenAI takes 2048, but more is lost with an answer that does not come."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """One vector for each text, in the same order, and what it took."""

    vectors: tuple[Vector, ...]
    work: Work


@dataclass(frozen=True, slots=True)
class Room:
    """What fits into one request: so many texts, and tokens at most."""

    inputs: int
    tokens: int

    def fits(self, inputs: int, tokens: int) -> bool:
        """Whether so much can be asked at once."""
        return inputs <= self.inputs and tokens <= self.tokens

    def batches(self, texts: Sequence[str]) -> Iterator[list[str]]:
        """The texts in order, as many at once as fit; one that is too long by itself is alone."""
        batch: list[str] = []
        tokens = 0
        for text in texts:
            more = tokens_at_most(text)
            if batch and not self.fits(len(batch) + 1, tokens + more):
                yield batch
                batch, tokens = [], 0
            batch.append(text)
            tokens += more
        if batch:
            yield batch


class Embedder(Protocol):
    """One embedding model of one provider."""

    model: str
    dimensions: int | None
    """Of its vectors; None where only an answer tells."""
    room: Room

    def need(self, texts: Sequence[str]) -> Need:
        """What a request with these texts takes at most."""
        ...

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """Embed what fits into one request.

        Raises:
            Transient: the provider is busy or down, or answered with another number or size of vectors.
            Permanent: it refused the request.
        """
        ...


@dataclass(frozen=True, slots=True)
class Figures:
    """What a gate's model costs and takes, as far as it is known."""

    provider: str
    model: str
    row: EmbeddingModel | None

    @classmethod
    def of(cls, gate: Gate) -> "Figures":
        """Of the model behind this gate."""
        return cls(gate.provider, gate.model, EMBEDDING.get(gate.model))

    @property
    def room(self) -> Room:
        """What fits into one request of it."""
        row = self.row
        return Room(min(row.max_inputs, MOST_INPUTS), row.max_request) if row else Room(MOST_INPUTS, 300_000)

    def dimensions(self, chosen: int | None) -> int | None:
        """The numbers of a vector: what was chosen, else the model's own."""
        return chosen or (self.row.dimensions[0] if self.row else None)

    def need(self, texts: Sequence[str]) -> Need:
        """What a request with these texts takes at most."""
        tokens = sum(map(tokens_at_most, texts))
        return Need(usd=self.work(tokens).cost_usd, tokens=tokens)

    def work(self, tokens: int) -> Work:
        """What a request of so many tokens took."""
        cost = 0.0 if self.provider == "local" else self.row.cost(tokens) if self.row else None
        return Work(provider=self.provider, model=self.model, cost_usd=cost, requests=1, input_tokens=tokens)


def usable(vectors: Sequence[Vector], count: int, dimensions: int | None) -> tuple[Vector, ...]:
    """The vectors, if there are *count* of them, all of one size, that point somewhere.

    Raises:
        Transient: these are others than were asked for (reason ``provider_answer``).
    """
    sizes = {len(vector) for vector in vectors}
    if len(vectors) != count or len(sizes) != 1:
        raise Transient("the provider sent other vectors than asked for", reason="provider_answer")
    if dimensions and sizes != {dimensions}:
        told = f"the provider sent vectors of {sizes.pop()} numbers, not {dimensions}"
        raise Transient(f"{told}: set EMBEDDING_DIMENSIONS to what it sends", reason="provider_answer")
    # The index compares by angle: it refuses a vector without a direction, and so the whole call.
    if not all(0 < math.fsum(x * x for x in vector) < LONGEST for vector in vectors):
        raise Transient("the provider sent a vector that points nowhere", reason="provider_answer")
    return tuple(vectors)
