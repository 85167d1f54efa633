"""POST /model/{id}/invoke: Titan Text Embeddings V2 as Bedrock speaks it, its vectors MiniLM's.

Vectors of 1024 or 512 numbers are MiniLM's 384 and zeros, those of 256 its first ones: texts are as near to
one another as their own vectors are, or almost.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal

import numpy as np
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from onebox.models.minilm import SentenceEncoder, normalised
from onebox.models.safetensors import Array

NAME: Final = "amazon.titan-embed-text-v2:0"
_MOST_CHARACTERS: Final = 50_000
_MOST_TOKENS: Final = 8192
_COUNTED: Final = "x-amzn-bedrock-input-token-count"


class Asked(BaseModel):
    """The body of a request; a field it does not know is an error, as it is there."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    text: str = Field(alias="inputText", min_length=1, max_length=_MOST_CHARACTERS)
    dimensions: Literal[1024, 512, 256] = 1024
    normalize: bool = True
    types: tuple[Literal["float", "binary"], ...] = Field(
        ("float",), alias="embeddingTypes", min_length=1, max_length=2, strict=False
    )


class BedrockError(Exception):
    """A refusal, by the name the SDKs know it by."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def malformed(message: str) -> BedrockError:
    """The request is not as it should be."""
    return BedrockError("ValidationException", message, 400)


def understand(model: str, authorization: str, body: bytes) -> Asked:
    """Check whose request it is, for which model, and every field of it; raise BedrockError."""
    if not authorization:
        raise BedrockError("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
    if not authorization.startswith(("AWS4-HMAC-SHA256 ", "Bearer ")):
        raise BedrockError("IncompleteSignatureException", "The signature is of an unknown kind", 403)
    if model != NAME:
        raise malformed("The provided model identifier is invalid.")
    try:
        return Asked.model_validate_json(body)
    except ValidationError as error:
        raise malformed(
            f"Malformed input request: {_told(error)}, please reformat your input and try again."
        ) from error


def _told(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = "/".join(map(str, first["loc"])) or "#"
    return f"{where}: {first['msg']}"


def answer(asked: Asked, encoder: SentenceEncoder) -> tuple[dict[str, Any], int]:
    """The response's body and the tokens it took; raise BedrockError where the text is too long."""
    (pieces,) = encoder.pieces([asked.text])
    if len(pieces) > _MOST_TOKENS:
        raise malformed(
            f"400 Bad Request: Too many input tokens. Max input tokens: {_MOST_TOKENS},"
            f" request input token count: {len(pieces)}"
        )
    (vector,) = _sized(encoder.encode_pieces([pieces]), asked.dimensions)
    if not asked.normalize:
        vector = vector * np.float32(len(pieces) ** 0.5)
    by_type = {name: _written(vector, name) for name in asked.types}
    body = {"embeddingsByType": by_type, "inputTextTokenCount": len(pieces)}
    return ({"embedding": by_type["float"]} if "float" in by_type else {}) | body, len(pieces)


def _sized(vectors: Array, dimensions: int) -> Array:
    rows, width = vectors.shape
    if dimensions <= width:
        return normalised(vectors[:, :dimensions])
    return np.concatenate([vectors, np.zeros((rows, dimensions - width), dtype=np.float32)], axis=1)


def _written(vector: Array, kind: Literal["float", "binary"]) -> list[float] | list[int]:
    return [float(x) for x in vector] if kind == "float" else [int(x > 0) for x in vector]


def response(body: dict[str, Any], tokens: int) -> web.Response:
    """As the service answers."""
    return web.json_response(body, headers={_COUNTED: str(tokens)})


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def aws_errors(handler: Handler) -> Handler:
    """Turn a refusal into the shape AWS's SDKs read: its name in a header, its words in the body."""

    async def answered(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except BedrockError as refusal:
            return web.Response(
                body=json.dumps({"message": refusal.message}).encode(),
                status=refusal.status,
                content_type="application/json",
                headers={
                    "x-amzn-errortype": f"{refusal.code}:http://internal.amazon.com/coral/com.amazon.bedrock/"
                },
            )

    return answered
