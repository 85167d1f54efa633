"""An OpenAI-compatible provider that answers what a test tells it to."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from common.clients import open_openai
from common.provider_settings import OpenAISettings, Provider
from openai import AsyncOpenAI
from pydantic import SecretStr

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer; a dictionary is sent as JSON, text as it is."""

    body: dict[str, Any] | str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        """As aiohttp sends it."""
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        return web.Response(
            text=text, status=self.status, headers=self.headers, content_type="application/json"
        )


class Desk:
    """What the provider was asked, and what it answers: the replies in turn, the last again and again."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.replies: list[Reply] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Note the question and answer it."""
        self.asked.append(await request.json())
        reply = self.replies[min(len(self.asked), len(self.replies)) - 1]
        return reply.response()


@asynccontextmanager
async def open_desk(other: Desk | None = None) -> AsyncIterator[Desk]:
    """The provider on a free loopback port, or another one that answers in its own way."""
    desk = other or Desk()
    app = web.Application()
    app.router.add_post("/v1/{tail:.*}", desk.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, LOOPBACK, 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    desk.url = f"http://{host}:{port}/v1"
    try:
        yield desk
    finally:
        await runner.cleanup()


class _Settings(OpenAISettings):
    """One provider for one purpose."""

    analysis_base_url: str | None = None
    analysis_api_key: SecretStr = SecretStr("")


@asynccontextmanager
async def open_client(url: str, read_timeout: float = 60.0) -> AsyncIterator[AsyncOpenAI]:
    """Our own client of that provider."""
    settings = _Settings.model_validate({"openai_base_url": url, "openai_api_key": "none"})
    async with open_openai(Provider(settings, "analysis"), read_timeout=read_timeout) as client:
        yield client


def refusal(status: int, *, code: str | None = None, after: str | None = None) -> Reply:
    """An error as OpenAI words it, quoting what it was sent."""
    headers = {} if after is None else {"Retry-After": after}
    return Reply(
        {"error": {"message": "you sent: my pin is 1234", "type": "error", "code": code}}, status, headers
    )


def completion(content: str | None, **changes: Any) -> Reply:
    """A chat answer."""
    message = {"role": "assistant", "content": content, "refusal": changes.pop("refusal", None)}
    choice = {"index": 0, "message": message, "finish_reason": changes.pop("finish_reason", "stop")}
    return Reply(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "gpt-6-luna-2026-09-01",
            "choices": [choice],
            "usage": {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200},
            **changes,
        }
    )


def vectors(*found: list[float], **changes: Any) -> Reply:
    """An embeddings answer."""
    rows = [{"object": "embedding", "index": n, "embedding": vector} for n, vector in enumerate(found)]
    usage = {"prompt_tokens": 7, "total_tokens": 7}
    return Reply(
        {"object": "list", "model": "text-embedding-3-small", "data": rows, "usage": usage, **changes}
    )
