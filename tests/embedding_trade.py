"""What embedders are given to do: calls of several chunks and a finding, each embedded by itself."""

import json
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from struct import unpack_from
from typing import Any

from aiohttp import web
from backstage import Backstage
from common.announcements import analyzed
from common.model import Analysis, CallKey
from common.store import Store
from common.transcripts import transcripts_in
from nouns import analysis, evidence, transcript
from provider_log import Act, Noted, send, serving
from trades import TENANT, Trade

TITAN = "amazon.titan-embed-text-v2:0"
TOKENS = 7
TURNS = 3
LETTERS = 16  # of a text's digest, which its vector spells
AT_ONCE = 2
CHOSEN = {
    "DRAIN_SECONDS": "5",
    "EMBEDDING_PROVIDER": "bedrock",
    "EMBEDDING_MODEL": TITAN,
    "EMBEDDING_DIMENSIONS": "256",
    "PROVIDER_CONCURRENCY": str(AT_ONCE),
    "CHUNK_MAX_TOKENS": "64",
    "CHUNK_OVERLAP_UTTERANCES": "0",
}


@dataclass(slots=True)
class Asked(Noted):
    """One text to embed."""

    content: str

    @property
    def text(self) -> str:
        """What its vector spells."""
        return sha256(self.content.encode()).hexdigest()[:LETTERS]


@dataclass
class Titan:
    """Bedrock, as far as it embeds."""

    log: list[Asked] = field(default_factory=list)
    plan: Callable[[int], Act] = field(default=lambda _number: spell)

    @property
    def answered(self) -> list[Asked]:
        """The texts whose vectors arrived."""
        return [asked for asked in self.log if asked.outcome == "answered"]

    async def invoke(self, request: web.Request) -> web.StreamResponse:
        """Note the text, then do what the plan says."""
        body = await request.json()
        by = request.headers["Authorization"].partition("Credential=")[2].partition("/")[0]
        asked = Asked(len(self.log) + 1, by, body["inputText"])
        self.log.append(asked)
        answer: web.StreamResponse = await self.plan(asked.number)(asked, request)
        return answer


async def spell(asked: Asked, request: web.Request) -> web.StreamResponse:
    """Answer as one should."""
    vector = [(int(letter, 16) + 1) / 16 for letter in asked.text] + [0.0] * (256 - LETTERS)
    return await send(asked, request, web.json_response({"embedding": vector, "inputTextTokenCount": TOKENS}))


@asynccontextmanager
async def embedding() -> AsyncIterator[Trade]:
    """The trade, its provider running."""
    provider = Titan()
    async with serving("/model/{model}/invoke", provider.invoke) as url:
        yield Trade(
            stage="embed",
            service="embedder",
            collection="indexed",
            then=None,
            questions=TURNS + 1,
            open_at_once=AT_ONCE,
            chosen={**CHOSEN, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url},
            provider=provider,
            speak=spell,
            hand_in=_hand_in,
            said=_said,
            counts=_counts,
            key="AWS_ACCESS_KEY_ID",
        )


async def _hand_in(backstage: Backstage, folder: Path, call_id: str, number: int) -> None:
    _ = folder
    key = CallKey(tenant_id=TENANT, call_id=call_id)
    words = " ".join(["word"] * 40)
    turns = tuple(("agent", f"In call {number} turn {turn} says {words}.") for turn in range(TURNS))
    topic = {"topic": f"call {number}", "evidence": (evidence(f"In call {number}", "u1"),)}
    found = analysis(key, key_topics=(topic,))
    await transcripts_in(backstage.db).keep(transcript(key, turns))
    await Store(backstage.db["analyses"], Analysis).keep(found)
    await backstage.send("embed", json.loads(analyzed(key, found).model_dump_json()))


def _said(result: dict[str, Any]) -> str:
    found = unpack_from(f"<{LETTERS}f", b64decode(result["floats"]))
    return "".join(f"{round(x * 16) - 1:x}" for x in found)


def _counts(row: dict[str, Any], asked: Asked) -> bool:
    """Tokens are what the answer says they were; before it nobody knows."""
    _ = asked
    return row.get("input_tokens") in {TOKENS, None} and row["model"] == TITAN
