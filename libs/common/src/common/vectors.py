"""Text to vectors, by an OpenAI-compatible provider."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from openai import AsyncOpenAI

from common.errors import Transient
from common.model import Work
from common.prices import embedding_cost
from common.providers import asking

Vector = Sequence[float]

MAX_INPUTS = 128  # a request; the API takes 2048 inputs and 300k tokens, ours are up to some 400 tokens each


@dataclass(frozen=True, slots=True)
class Embedded:
    """One vector for each text, in the same order, and what it took."""

    vectors: tuple[Vector, ...]
    work: Work


class Embedder:
    """One embedding model of one provider."""

    def __init__(self, client: AsyncOpenAI, model: str, provider: str) -> None:
        self._client = client
        self._provider = provider
        self.model = model

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """Embed every text.

        Raises:
            Transient: the provider is busy or down, or answered with another number of vectors.
            Permanent: it refused the request.
        """
        vectors: list[Vector] = []
        tokens = requests = 0
        for batch in _batches(texts):
            with asking("embedding text", self._provider, self.model) as asked:
                answer = await self._client.embeddings.create(model=self.model, input=list(batch))
                asked.paid(self._work(answer.usage.prompt_tokens, 1))
                if len(answer.data) != len(batch):
                    raise Transient("the provider sent another number of vectors", reason="provider_answer")
            vectors += [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]
            tokens += answer.usage.prompt_tokens
            requests += 1
        return Embedded(tuple(vectors), self._work(tokens, requests))

    def _work(self, tokens: int, requests: int) -> Work:
        cost = 0.0 if self._provider == "local" else embedding_cost(self.model, tokens)
        return Work(
            provider=self._provider, model=self.model, cost_usd=cost, requests=requests, input_tokens=tokens
        )


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    return (texts[n : n + MAX_INPUTS] for n in range(0, len(texts), MAX_INPUTS))
