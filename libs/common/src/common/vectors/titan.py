"""Text to vectors, by Amazon Titan Text Embeddings V2 on Bedrock: one text a request."""

import json
from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel, Field

from common.errors import Permanent
from common.gate import Gate, Need
from common.providers import Asked
from common.vectors.bedrock import bedrock_answers
from common.vectors.edge import Embedded, Figures, usable

MOST_CHARACTERS: Final = 50_000
WHAT: Final = "embedding text"


class _Answer(BaseModel):
    """Of the wire; ``embeddingsByType`` repeats the vector and is not read."""

    embedding: list[float]
    tokens: int = Field(alias="inputTextTokenCount", ge=0)


class TitanEmbedder:
    """The model behind a gate; *client* is of ``bedrock-runtime``, without retries of its own."""

    def __init__(self, client: Any, gate: Gate, dimensions: int | None = None) -> None:
        self._client = client
        self._gate = gate
        self._figures = Figures.of(gate)
        self.model = gate.model
        self.dimensions = self._figures.dimensions(dimensions)
        self.room = self._figures.room

    def need(self, texts: Sequence[str]) -> Need:
        """What a request with these texts takes at most."""
        return self._figures.need(texts)

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """As ``Embedder`` says.

        Raises:
            Permanent: besides, the text is empty or longer than the model takes.
        """
        (text,) = texts
        if not 0 < len(text) <= MOST_CHARACTERS:
            told = f"the model takes from 1 to {MOST_CHARACTERS} characters, not {len(text)}"
            raise Permanent(f"{WHAT}: {told}", reason="provider_refused")
        return await self._gate.ask(WHAT, self.need(texts), lambda asked: self._request(asked, text))

    async def _request(self, asked: Asked, text: str) -> Embedded:
        with bedrock_answers(WHAT):
            answer = await self._client.invoke_model(
                modelId=self.model,
                contentType="application/json",
                accept="application/json",
                body=json.dumps({"inputText": text, "dimensions": self.dimensions, "normalize": True}),
            )
            asked.headers = answer["ResponseMetadata"]["HTTPHeaders"]
            async with answer["body"] as stream:
                read = _Answer.model_validate_json(await stream.read())
        work = self._figures.work(read.tokens)
        asked.paid(work)
        return Embedded(usable([read.embedding], 1, self.dimensions), work)
