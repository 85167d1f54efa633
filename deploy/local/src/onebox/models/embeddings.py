"""POST /v1/embeddings: the request, the vectors, and how they are written."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from onebox.models.errors import ApiError
from onebox.models.minilm import DIMENSIONS, SentenceEncoder, normalised
from onebox.models.safetensors import Array

NAME = "local-minilm-l6-v2"
SHORT_NAME = "local-minilm"
"""What whoever chooses it calls it; kept vectors are named by it."""

_MOST_INPUTS = 2048
_MOST_PIECES = 8192  # word pieces of one input
_KNOWN = {"model", "input", "encoding_format", "dimensions", "user"}


@dataclass(frozen=True)
class Asked:
    """One request, read and found to be understood."""

    texts: tuple[str, ...]
    dimensions: int
    as_base64: bool


def understand(body: dict[str, Any]) -> Asked:
    """Check every field, so that nothing is ignored in silence; raise ApiError."""
    for name in body:
        if name not in _KNOWN:
            raise ApiError(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
    if not isinstance(body.get("model"), str):
        raise ApiError("You must provide a model.", param="model", code="missing_required_parameter")
    encoding = body.get("encoding_format", "float")
    if encoding not in {"float", "base64"}:
        raise ApiError("encoding_format is 'float' or 'base64'.", param="encoding_format")
    return Asked(_texts(body.get("input")), _dimensions(body.get("dimensions")), encoding == "base64")


def _texts(given: Any) -> tuple[str, ...]:
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts):
        raise ApiError("input is a text or a list of texts, none of them empty.", param="input")
    if not 0 < len(texts) <= _MOST_INPUTS:
        raise ApiError(f"input has from 1 to {_MOST_INPUTS} texts.", param="input")
    return tuple(texts)


def _dimensions(given: Any) -> int:
    wanted = DIMENSIONS if given is None else given
    if not isinstance(wanted, int) or isinstance(wanted, bool) or not 0 < wanted <= DIMENSIONS:
        raise ApiError(
            f"The local embedding model has from 1 to {DIMENSIONS} dimensions.", param="dimensions"
        )
    return wanted


def answer(asked: Asked, encoder: SentenceEncoder) -> dict[str, Any]:
    """The response body; raise ApiError where an input is too long."""
    pieces = encoder.pieces(asked.texts)
    if max(map(len, pieces)) > _MOST_PIECES:
        raise ApiError(
            f"An input has more than {_MOST_PIECES} tokens.", param="input", code="context_length_exceeded"
        )
    vectors = encoder.encode_pieces(pieces)
    if asked.dimensions < DIMENSIONS:
        vectors = normalised(vectors[:, : asked.dimensions])
    tokens = sum(map(len, pieces))
    return {
        "object": "list",
        "model": NAME,
        "data": _written(vectors, as_base64=asked.as_base64),
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _written(vectors: Array, *, as_base64: bool) -> Sequence[dict[str, Any]]:
    return [
        {
            "object": "embedding",
            "index": index,
            "embedding": _in_base64(vector) if as_base64 else vector.tolist(),
        }
        for index, vector in enumerate(vectors)
    ]


def _in_base64(vector: Array) -> str:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")
