"""Text to vectors, by an OpenAI-compatible provider."""

from collections.abc import Sequence
from dataclasses import dataclass

from openai import AsyncOpenAI

from common.errors import Transient
from common.gate import Gate, Need
from common.model import Work
from common.prices import embedding_cost
from common.providers import Asked

Vector = Sequence[float]

MAX_INPUTS = 128  # a request; the API takes 2048 inputs and 300k tokens, ours are up to some 400 tokens each


@dataclass(frozen=True, slots=True)
class Embedded:
    """One vector for each text, in the same order, and what it took."""

    vectors: tuple[Vector, ...]
    work: Work


class Embedder:
    """One embedding model of one provider."""

    def __init__(self, client: AsyncOpenAI, gate: Gate) -> None:
        self._client = client
        self._gate = gate
        self.model = gate.model

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """Embed up to ``MAX_INPUTS`` texts, in one request.

        Raises:
            Transient: the provider is busy or down, or answered with another number or size of vectors.
            Permanent: it refused the request.
        """

        async def request(asked: Asked) -> Embedded:
            answer = await self._client.embeddings.create(model=self.model, input=list(texts))
            work = self._work(answer.usage.prompt_tokens)
            asked.paid(work)
            vectors = [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]
            if len(vectors) != len(texts) or len({len(vector) for vector in vectors}) > 1:
                raise Transient("the provider sent other vectors than asked for", reason="provider_answer")
            return Embedded(tuple(vectors), work)

        return await self._gate.ask("embedding text", self.need(texts), request)

    def need(self, texts: Sequence[str]) -> Need:
        """What a request with these texts takes at most."""
        tokens = sum(len(text.encode()) for text in texts)  # each at most one: no tokeniser makes more of it
        return Need(usd=self._work(tokens).cost_usd, tokens=tokens)

    def _work(self, tokens: int) -> Work:
        cost = 0.0 if self._gate.provider == "local" else embedding_cost(self.model, tokens)
        return Work(
            provider=self._gate.provider, model=self.model, cost_usd=cost, requests=1, input_tokens=tokens
        )
