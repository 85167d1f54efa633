"""Sentence embeddings: all-MiniLM-L6-v2 computed with numpy."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from onebox.models.safetensors import Array, read_tensors

Ids = NDArray[np.int64]

DIMENSIONS = 384

_HEADS = 12
_LAYERS = 6
_EPSILON = 1e-12
_MASKED = np.float32(-1e9)
_TINY = np.float32(1e-30)
_WINDOW = 254  # word pieces: 256 is the model's length, two of them are [CLS] and [SEP]
_BATCH_PIECES = 4096  # padded word pieces per forward pass, which bounds the memory
_ROOT_HALF = np.float32(np.sqrt(0.5))
# Abramowitz and Stegun 7.1.26: numpy has no erf, and this one is good to 1.5e-7.
_ERF_P = np.float32(0.3275911)
_ERF_A = np.array([1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592], dtype=np.float32)


class SentenceEncoder:
    """Turns texts into unit vectors; a text longer than the model's window is read window by window."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._weights = read_tensors(folder / "model.safetensors")
        self._cls, self._sep = self._tokenizer.encode("").ids

    def pieces(self, texts: Sequence[str]) -> list[list[int]]:
        """Word-piece ids of each text, without the model's own marks."""
        return [found.ids for found in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def encode(self, texts: Sequence[str]) -> Array:
        """One unit vector per text: array of shape (texts, 384)."""
        return self.encode_pieces(self.pieces(texts))

    def encode_pieces(self, texts: Sequence[list[int]]) -> Array:
        """The same for texts that are word-piece ids already."""
        windows = [(row, window) for row, ids in enumerate(texts) for window in self._windows(ids)]
        sums = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for batch in _batches(sorted(windows, key=lambda pair: len(pair[1]))):
            for (row, _), total in zip(batch, self._summed([ids for _, ids in batch]), strict=True):
                sums[row] += total
        return normalised(sums)

    def _windows(self, ids: list[int]) -> Iterator[list[int]]:
        for start in range(0, max(len(ids), 1), _WINDOW):
            yield [self._cls, *ids[start : start + _WINDOW], self._sep]

    def _summed(self, batch: Sequence[list[int]]) -> Array:
        """Token vectors summed over each window: the mean's direction, since a unit vector comes of it."""
        width = max(map(len, batch))
        ids = np.array([row + [0] * (width - len(row)) for row in batch])
        mask = np.array([[1] * len(row) + [0] * (width - len(row)) for row in batch], dtype=np.float32)
        hidden = forward(self._weights, ids, mask)
        summed: Array = (hidden * mask[:, :, None]).sum(axis=1)
        return summed


def _batches(windows: Sequence[tuple[int, list[int]]]) -> Iterator[list[tuple[int, list[int]]]]:
    """Neighbours in length together, so that little is padded."""
    batch: list[tuple[int, list[int]]] = []
    for window in windows:
        if batch and (len(batch) + 1) * len(window[1]) > _BATCH_PIECES:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch


def forward(weights: Mapping[str, Array], ids: Ids, mask: Array) -> Array:
    """BERT's last hidden states, shape (batch, tokens, 384), for ids and mask of shape (batch, tokens)."""
    hidden = _embed(weights, ids)
    bias = (1 - mask)[:, None, None, :] * _MASKED
    for layer in range(_LAYERS):
        prefix = f"encoder.layer.{layer}."
        attended = _attention(weights, f"{prefix}attention.", hidden, bias)
        hidden = _feed_forward(weights, prefix, attended)
    return hidden


def _embed(weights: Mapping[str, Array], ids: Ids) -> Array:
    words = weights["embeddings.word_embeddings.weight"][ids]
    positions = weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
    kinds = weights["embeddings.token_type_embeddings.weight"][0]
    return _layer_norm(weights, "embeddings.LayerNorm", words + positions + kinds)


def _attention(weights: Mapping[str, Array], prefix: str, hidden: Array, bias: Array) -> Array:
    batch, tokens, width = hidden.shape
    size = width // _HEADS

    def heads(name: str) -> Array:
        projected = _linear(weights, f"{prefix}self.{name}", hidden)
        return projected.reshape(batch, tokens, _HEADS, size).transpose(0, 2, 1, 3)

    scores = heads("query") @ heads("key").transpose(0, 1, 3, 2) / np.float32(np.sqrt(size)) + bias
    seen = (_softmax(scores) @ heads("value")).transpose(0, 2, 1, 3).reshape(batch, tokens, width)
    return _layer_norm(
        weights, f"{prefix}output.LayerNorm", hidden + _linear(weights, f"{prefix}output.dense", seen)
    )


def _feed_forward(weights: Mapping[str, Array], prefix: str, hidden: Array) -> Array:
    widened = gelu(_linear(weights, f"{prefix}intermediate.dense", hidden))
    narrowed = _linear(weights, f"{prefix}output.dense", widened)
    return _layer_norm(weights, f"{prefix}output.LayerNorm", hidden + narrowed)


def _linear(weights: Mapping[str, Array], name: str, values: Array) -> Array:
    return values @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def _layer_norm(weights: Mapping[str, Array], name: str, values: Array) -> Array:
    centred = values - values.mean(axis=-1, keepdims=True)
    scale = np.sqrt(np.square(centred).mean(axis=-1, keepdims=True) + _EPSILON)
    scaled: Array = centred / scale * weights[f"{name}.weight"] + weights[f"{name}.bias"]
    return scaled


def _softmax(scores: Array) -> Array:
    raised: Array = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Array = raised / raised.sum(axis=-1, keepdims=True)
    return shares


def gelu(values: Array) -> Array:
    """BERT's activation, in its exact form."""
    return np.float32(0.5) * values * (np.float32(1) + erf(values * _ROOT_HALF))


def erf(values: Array) -> Array:
    """The error function, good to 1.5e-7."""
    magnitude = np.abs(values)
    t = np.float32(1) / (np.float32(1) + _ERF_P * magnitude)
    series = np.zeros_like(t)
    for coefficient in _ERF_A:
        series = (series + coefficient) * t
    return np.sign(values) * (np.float32(1) - series * np.exp(-np.square(magnitude)))


def normalised(vectors: Array) -> Array:
    """Each row scaled to length one; a zero row stays zero."""
    lengths = np.sqrt(np.square(vectors).sum(axis=-1, keepdims=True))
    unit: Array = vectors / np.maximum(lengths, _TINY)
    return unit
