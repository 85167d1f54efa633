"""What a sentence is like: its nearest labelled example, by cosine of MiniLM vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from onebox.models.minilm import SentenceEncoder
from onebox.models.rules.lexicon import lexicon
from onebox.models.safetensors import Array


@dataclass(frozen=True)
class Nearest:
    """The label of the nearest example, and how near it is (cosine)."""

    label: str
    likeness: float


class Examples:
    """The lexicon's example sentences with their vectors, computed when first asked for."""

    def __init__(self, encoder: SentenceEncoder) -> None:
        self._encoder = encoder

    def encode(self, texts: Sequence[str]) -> Array:
        """One unit vector per text."""
        return self._encoder.encode(texts)

    def nearest(self, kind: str, vector: Array) -> Nearest:
        """The example of *kind* that *vector* is most like."""
        labels, vectors = self._known[kind]
        likeness = vectors @ vector
        best = int(np.argmax(likeness))
        return Nearest(labels[best], float(likeness[best]))

    @cached_property
    def _known(self) -> dict[str, tuple[list[str], Array]]:
        return {kind: self._embed(kind) for kind in ("pain_point", "objection", "background")}

    def _embed(self, kind: str) -> tuple[list[str], Array]:
        entry = lexicon()[kind]
        labelled = entry["examples"] if isinstance(entry, dict) else {kind: entry}
        pairs = [(label, text) for label, texts in labelled.items() for text in texts]
        return [label for label, _ in pairs], self._encoder.encode([text for _, text in pairs])
