"""What a sentence is like: its nearest labelled example, by cosine of MiniLM vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from onebox.models.minilm import DIMENSIONS, SentenceEncoder
from onebox.models.rules.lexicon import lexicon
from onebox.models.safetensors import Array

_AT_ONCE = 8  # texts: padded to the longest of so few, hardly any of the work is padding


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
        """One unit vector per text; few at a time, texts of a length together, since the encoder pads."""
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for at in range(0, len(order), _AT_ONCE):
            rows = order[at : at + _AT_ONCE]
            vectors[rows] = self._encoder.encode([texts[row] for row in rows])
        return vectors

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
