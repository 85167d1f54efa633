"""Text to vectors, by an OpenAI-compatible provider."""

from collections.abc import Mapping, Sequence
from typing import Any

from openai import AsyncOpenAI

from common.gate import Gate, Need
from common.providers import Asked
from common.vectors.edge import Embedded, Figures, usable


class OpenAIEmbedder:
    """One embedding model; *dimensions* are its vectors' where they are not the model's own."""

    def __init__(self, client: AsyncOpenAI, gate: Gate, dimensions: int | None = None) -> None:
        self._client = client
        self._gate = gate
        self._figures = Figures.of(gate)
        self._chosen = dimensions
        self.model = gate.model
        self.dimensions = self._figures.dimensions(dimensions)
        self.room = self._figures.room

    def need(self, texts: Sequence[str]) -> Need:
        """What a request with these texts takes at most."""
        return self._figures.need(texts)

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """As ``Embedder`` says; the client asks for base64 by itself, a quarter of the digits' bytes."""

        async def request(asked: Asked) -> Embedded:
            answer = await self._client.embeddings.create(
                model=self.model, input=list(texts), **self._options()
            )
            work = self._figures.work(answer.usage.prompt_tokens)
            asked.paid(work)
            rows = sorted(answer.data, key=lambda item: item.index)
            return Embedded(usable([row.embedding for row in rows], len(texts), self.dimensions), work)

        return await self._gate.ask("embedding text", self.need(texts), request)

    def _options(self) -> Mapping[str, Any]:
        """Servers of other models refuse the field, or ignore it: there the choice says what they have."""
        row = self._figures.row
        return {"dimensions": self._chosen} if self._chosen and row and row.shortens else {}
