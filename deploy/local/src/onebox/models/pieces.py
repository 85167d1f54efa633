"""A chat completion sent in pieces, as server-sent events."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from aiohttp import web

_PIECE = re.compile(r"\s*\S{1,40}|\s+")


async def send(request: web.Request, body: Mapping[str, Any], *, counted: bool) -> web.StreamResponse:
    """The completion, some words at a time; *counted*: with what it took in a piece of its own."""
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "openai-model": body["model"]}
    )
    await response.prepare(request)
    for chunk in _chunks(body, counted=counted):
        await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
    await response.write(b"data: [DONE]\n\n")
    return response


def _chunks(body: Mapping[str, Any], *, counted: bool) -> Iterator[dict[str, Any]]:
    head = {name: body[name] for name in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    (choice,) = body["choices"]
    for piece in _PIECE.findall(choice["message"]["content"]):
        yield head | {"choices": [_choice({"content": piece}, None)]}
    yield head | {"choices": [_choice({}, choice["finish_reason"])]}
    if counted:
        yield head | {"choices": [], "usage": body["usage"]}


def _choice(delta: dict[str, str], ended: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": ended, "logprobs": None}
