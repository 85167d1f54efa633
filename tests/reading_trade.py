"""What analyzers are given to do: calls too long for one question, told apart by their words."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from aiohttp import web
from backstage import Backstage
from common.events import CallTranscribed
from common.model import CallKey
from common.transcripts import transcripts_in
from model_server import LINE, completion, insights
from nouns import transcript
from provider_log import Act, Noted, send, serving
from trades import TENANT, Trade

TURNS = 60
CHOSEN = {
    "DRAIN_SECONDS": "5",
    "ANALYSIS_MIN_QUALITY": "0",  # no answer is good enough to be asked for twice
    "ANALYSIS_MAX_OUTPUT_TOKENS": "1000",
    "ANALYSIS_CONTEXT_TOKENS": "2950",  # room for a third of a call
}


@dataclass(slots=True)
class Asked(Noted):
    """One question."""

    model: str
    content: str

    @property
    def text(self) -> str:
        """What is answered, as the summary: no two questions have the same."""
        return f"Read {sha256(self.content.encode()).hexdigest()[:16]}."


@dataclass
class Reader:
    """A language model that reads nothing but the first line."""

    log: list[Asked] = field(default_factory=list)
    plan: Callable[[int], Act] = field(default=lambda _number: read)

    @property
    def answered(self) -> list[Asked]:
        """The questions that came to a good end."""
        return [asked for asked in self.log if asked.outcome == "answered"]

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """Note the question, then do what the plan says."""
        body = await request.json()
        by, content = request.headers["Authorization"].split()[-1], body["messages"][-1]["content"]
        asked = Asked(len(self.log) + 1, by, body["model"], content)
        self.log.append(asked)
        answer: web.StreamResponse = await self.plan(asked.number)(asked, request)
        return answer


async def read(asked: Asked, request: web.Request) -> web.StreamResponse:
    """Answer as one should."""
    found = LINE.search(asked.content)
    utterance, text = (found[1], found[2]) if found else ("u1", "nothing")
    content = json.dumps(insights(utterance, text, asked.text))
    return await send(asked, request, web.json_response(completion(asked.model, content)))


@asynccontextmanager
async def reading() -> AsyncIterator[Trade]:
    """The trade, its provider running."""
    provider = Reader()
    async with serving("/v1/chat/completions", provider.complete) as url:
        yield Trade(
            stage="analyze",
            service="analyzer",
            collection="analyses",
            then="embed",
            questions=4,  # three parts, and what follows from them
            open_at_once=1,
            chosen={**CHOSEN, "OPENAI_BASE_URL": f"{url}/v1"},
            provider=provider,
            speak=read,
            hand_in=_hand_in,
            said=_said,
            counts=_counts,
        )


async def _hand_in(backstage: Backstage, folder: Path, call_id: str, number: int) -> None:
    _ = folder
    key = CallKey(tenant_id=TENANT, call_id=call_id)
    said = [f"In call {number} I say for the turn {turn} that it is so." for turn in range(TURNS)]
    turns = tuple(("agent" if n % 2 else "customer", text) for n, text in enumerate(said))
    store = transcripts_in(backstage.db)
    await store.keep(transcript(key, turns))
    event = CallTranscribed(**dict(key), language="en", utterances=TURNS)
    await backstage.send("analyze", event.model_dump(mode="json"))


def _said(result: dict[str, Any]) -> str:
    summary: str = result["insights"]["summary"]
    return summary


def _counts(row: dict[str, Any], asked: Asked) -> bool:
    """Tokens are what the answer says they were; before it nobody knows."""
    tokens = (row.get("input_tokens"), row.get("output_tokens"))
    return tokens in {(10, 5), (None, None), (0, 0)} and row["model"] == asked.model
