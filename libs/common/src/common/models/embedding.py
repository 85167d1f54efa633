"""Embedding models: prices, sizes, and what may be asked of each."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final, Literal

EmbeddingProvider = Literal["openai", "bedrock"]

_PARTS: Final = re.compile(r"[A-Za-z]+|\S")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingModel:
    """What one model takes and gives; sizes are tokens, of input.

    ``dimensions`` begins with the default, the others may be asked for; who ``shortens`` gives any fewer.
    ``chunk`` is the size of text it serves best: a provider that counts requests wants few and larger ones.
    """

    usd_per_million_in: float
    dimensions: tuple[int, ...]
    chunk: int
    provider: EmbeddingProvider = "openai"
    shortens: bool = False
    max_input: int = 8192
    max_inputs: int = 2048
    max_request: int = 300_000
    shutdown: date | None = None

    def cost(self, tokens: int) -> float:
        """USD for so many tokens."""
        return tokens * self.usd_per_million_in / 1_000_000

    def gives(self, dimensions: int) -> bool:
        """Whether vectors of so many numbers may be asked for."""
        return dimensions in self.dimensions or (self.shortens and 0 < dimensions < self.dimensions[0])


def tokens_at_most(text: str) -> int:
    """Tokens of a text in any tokeniser: none makes more of it than it has bytes."""
    return len(text.encode())


def tokens_about(text: str) -> int:
    """Tokens of a text, rather too many than too few: a vocabulary file would have to be downloaded.

    Four letters begun are a token, so is every digit and every mark; what is not ASCII counts by its bytes.
    """
    return sum(-(-len(part) // 4) if part.isascii() else len(part.encode()) for part in _PARTS.findall(text))


_MINILM: Final = EmbeddingModel(usd_per_million_in=0.0, dimensions=(384,), chunk=240)

EMBEDDING: Final[Mapping[str, EmbeddingModel]] = MappingProxyType(
    {
        "text-embedding-3-small": EmbeddingModel(
            usd_per_million_in=0.02, dimensions=(1536,), shortens=True, chunk=320
        ),
        "text-embedding-3-large": EmbeddingModel(
            usd_per_million_in=0.13, dimensions=(3072,), shortens=True, chunk=320
        ),
        # Throttled by requests, not by tokens.
        "amazon.titan-embed-text-v2:0": EmbeddingModel(
            usd_per_million_in=0.02,
            dimensions=(1024, 512, 256),
            chunk=800,
            provider="bedrock",
            max_inputs=1,
            max_request=8192,
        ),
        # A window of 254 word pieces; longer texts are read window by window.
        "local-minilm-l6-v2": _MINILM,
        "local-minilm": _MINILM,
    }
)
USUAL: Final = EmbeddingModel(usd_per_million_in=0.0, dimensions=(), chunk=320)
"""What is expected of a model that nothing is known of; its price and its vectors are not known."""
