"""The HTTP door on fakes, and a call that went all the way."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from common.model import (
    Analysis,
    CallKey,
    Evidence,
    Insights,
    PainPoint,
    Sentiment,
    Transcript,
    Utterance,
    Work,
)
from common.pipeline import ANALYZE, EMBED, INGEST, TRANSCRIBE
from faststream_sqs import SQSUnavailableError, TestSQSBroker
from ingest.app import create_app
from ingest_scene import NOW, Outside, serving, wav
from openapi import undeclared

KEY = CallKey(tenant_id="default", call_id="c-1")
WORK = Work(provider="fake", model="fake", cost_usd=0.02)


@dataclass
class Door:
    """The API, a client of it, and what is behind it."""

    client: httpx.AsyncClient
    outside: Outside
    app: Any

    async def hand_in(
        self, content: bytes = b"", name: str = "call.wav", fields: Mapping[str, str] | None = None
    ) -> httpx.Response:
        file = {"file": (name, content or wav(), "audio/wav")}
        return await self.client.post("/api/v1/calls/upload", files=file, data=dict(fields or {}))

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(f"/api/v1{path}", headers=headers)

    async def call(self, call_id: str) -> Any:
        return (await self.get(f"/calls/{call_id}")).json()

    def hears_nothing(self) -> None:
        """The queue goes away."""
        self.app.state.broker = DeafBroker()


class DeafBroker:
    """A queue that takes nothing."""

    async def publish(self, *_: Any, **__: Any) -> None:
        raise SQSUnavailableError("503")

    async def ping(self, _seconds: float) -> bool:
        return False


@asynccontextmanager
async def opened(outside: Outside, base_url: str = "http://127.0.0.1:8000") -> AsyncIterator[Door]:
    """Serve the app on fakes; uploads are ingested at once."""
    app = create_app(outside.settings, outside.open)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(TestSQSBroker(app.state.broker))
        await stack.enter_async_context(serving(app))
        client = await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url=base_url, event_hooks={"response": [as_declared]})
        )
        yield Door(client, outside, app)


async def as_declared(answer: httpx.Response) -> None:
    """Whatever a test asks: an answer has no header that its description does not declare."""
    asked = answer.request
    headers = answer.headers.multi_items()

    assert set() == undeclared(asked.method, asked.url.path, answer.status_code, headers)


def problem(answer: httpx.Response) -> tuple[int, str]:
    """An answer's status, if it is a problem as RFC 9457 has it."""
    assert "application/problem+json" == answer.headers["content-type"]
    content = answer.json()
    assert {"type", "title", "status", "detail"} <= content.keys()
    assert answer.status_code == content["status"]
    return content["status"], content["detail"]


def evidence(quote: str, *, verified: bool) -> Evidence:
    times = {"speaker": "agent", "start_ms": 0, "end_ms": 900} if verified else {}
    return Evidence(utterance_ids=("u1",), quote=quote, verified=verified, **times)


def pain(*pieces: Evidence) -> PainPoint[Evidence]:
    return PainPoint[Evidence](description="slow", severity="low", category="speed", evidence=pieces)


async def complete(outside: Outside) -> None:
    """Call c-1 has been through every stage."""
    utterance = Utterance(id="u1", speaker="agent", channel=0, start_ms=0, end_ms=900, text="it is slow")
    await outside.transcripts.keep(
        Transcript(**dict(KEY), language="en", duration_ms=1000, utterances=(utterance,), work=WORK)
    )
    await outside.analyses.keep(Analysis(**dict(KEY), insights=concluded(), prompt_version="1", work=WORK))
    for minute, stage in enumerate((INGEST, TRANSCRIBE, ANALYZE, EMBED)):
        await outside.journal.begin(KEY, stage, NOW + timedelta(minutes=minute))
        await outside.journal.finish(KEY, stage, NOW + timedelta(minutes=minute), 1.5, WORK)


def concluded() -> Insights[Evidence]:
    """What is concluded from the call, in part from words that nobody said."""
    sentiment = Sentiment(
        overall="neutral",
        score=0,
        confidence=1,
        reasoning="",
        by_speaker=(),
        by_quarter=(),
        trend="unknown",
        utterances=(),
    )
    empty: dict[str, Any] = dict.fromkeys(
        [
            "entities",
            "objections",
            "competitors",
            "key_topics",
            "next_steps",
            "questions_raised",
            "commitments",
            "scorecard",
            "categories",
        ],
        (),
    )
    true, false = evidence("it is slow", verified=True), evidence("it is fast", verified=False)
    return Insights[Evidence](
        summary="Slow.",
        language="en",
        call_type="support",
        call_outcome="unknown",
        engagement_level="low",
        sentiment=sentiment,
        pain_points=(pain(true, false), pain(false)),
        **empty,
    )
