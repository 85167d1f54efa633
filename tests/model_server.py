"""A model provider for tests: deterministic, counting what it is asked, able to hold an answer back."""

import asyncio
import json
import re
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from struct import pack
from typing import Any

from aiohttp import BodyPartReader, web

DIMENSIONS = 8
LINE = re.compile(r"^\[(u\d+) [\d:]+ \S+\] (.+)$", re.MULTILINE)


class Gate:
    """Requests of one kind: counted, and held while the gate is shut."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self.arrived = asyncio.Event()

    def shut(self) -> None:
        """Hold every request from now on."""
        self.arrived.clear()
        self._open.clear()

    def open(self) -> None:
        """Let them pass."""
        self._open.set()

    async def passing(self) -> None:
        """Wait at the gate."""
        self.arrived.set()
        await self._open.wait()


class ModelServer:
    """Speech, chat and embeddings behind one OpenAI-compatible address."""

    def __init__(self) -> None:
        self.gates = {"transcribe": Gate(), "analyze": Gate(), "embed": Gate()}
        self.heard: Counter[str] = Counter()
        """How often each cut, by the digest of its bytes, was recognised to the end."""
        self.arrived: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.seconds = 0.0
        """How long every answer takes."""
        self.url = ""

    async def transcribe(self, request: web.Request) -> web.Response:
        """Every cut says where it comes from: the digest of its bytes, as words."""
        digest = sha256(await posted_sound(request)).hexdigest()
        await self._counted("transcribe")
        self.heard[digest] += 1
        words = " ".join(("alpha", "bravo", "delta", "echo")[int(d, 16) % 4] for d in digest[:6])
        return web.json_response({"text": f"This is {words}.", "usage": {"type": "duration", "seconds": 1}})

    async def analyze(self, request: web.Request) -> web.Response:
        """One topic, quoted from the first line; all else empty."""
        asked = await request.json()
        await self._counted("analyze")
        found = LINE.search(asked["messages"][-1]["content"])
        content = json.dumps(insights(*(found.groups() if found else ("u1", "nothing"))))
        return web.json_response(completion(asked["model"], content))

    async def embed(self, request: web.Request) -> web.Response:
        """A vector that depends on the text alone."""
        asked = await request.json()
        await self._counted("embed")
        vectors = [b64encode(_vector(text)).decode() for text in asked["input"]]
        data = [{"object": "embedding", "index": n, "embedding": vector} for n, vector in enumerate(vectors)]
        usage = {"prompt_tokens": len(vectors), "total_tokens": len(vectors)}
        return web.json_response({"object": "list", "model": asked["model"], "data": data, "usage": usage})

    async def _counted(self, kind: str) -> None:
        self.arrived[kind] += 1
        await self.gates[kind].passing()
        await asyncio.sleep(self.seconds)
        self.answered[kind] += 1

    @property
    def variables(self) -> dict[str, str]:
        """What services are told to use this server for everything."""
        address = {"OPENAI_BASE_URL": f"{self.url}/v1", "OPENAI_API_KEY": "test"}
        return {**address, "EMBEDDING_DIMENSIONS": str(DIMENSIONS)}


@asynccontextmanager
async def running_model_server() -> AsyncIterator[ModelServer]:
    """A model server on a free loopback port."""
    server = ModelServer()
    app = web.Application(client_max_size=32 * 1024 * 1024)
    app.router.add_post("/v1/audio/transcriptions", server.transcribe)
    app.router.add_post("/v1/chat/completions", server.analyze)
    app.router.add_post("/v1/embeddings", server.embed)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        for gate in server.gates.values():
            gate.open()
        await runner.cleanup()


async def posted_sound(request: web.Request) -> bytes:
    """The form's file, in memory: aiohttp leaves its own open where whoever sends it is killed."""
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader) and part.name == "file":
            return bytes(await part.read())
    raise web.HTTPBadRequest(text="no file was sent")


def _vector(text: str) -> bytes:
    digest = sha256(text.encode()).digest()
    return pack(f"<{DIMENSIONS}f", *((byte + 1) / 256 for byte in digest[:DIMENSIONS]))


def completion(model: str, content: str) -> dict[str, Any]:
    """The body of a chat's answer."""
    return {
        "id": "test",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }


def insights(utterance: str, text: str, summary: str = "Two people spoke.") -> dict[str, Any]:
    """An answer about a call: one topic, with this evidence."""
    evidence = [{"utterance_ids": [utterance], "quote": text}]
    return {
        "summary": summary,
        "language": "en",
        "call_type": "other",
        "call_outcome": "unknown",
        "engagement_level": "unknown",
        "sentiment": {
            "overall": "neutral",
            "score": 0.0,
            "confidence": 0.5,
            "reasoning": "Nothing stands out.",
            "by_speaker": [],
            "by_quarter": [],
            "trend": "unknown",
            "utterances": [],
        },
        "entities": [],
        "pain_points": [],
        "objections": [],
        "competitors": [],
        "key_topics": [{"topic": "what was said", "evidence": evidence}],
        "next_steps": [],
        "questions_raised": [],
        "commitments": [],
        "scorecard": [],
        "categories": [],
    }
