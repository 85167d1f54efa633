"""Questions, what may answer them, and models that answer as a test wants."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

from aiohttp import web
from common.budget import Budget
from common.gate import Gate, Patience
from common.index import Filters
from common.language_model import LanguageModel
from common.model import CallKey, Transcript
from common.work import Claims
from fakes import FakeClaims, FakeModel, no_budget
from ingest.asking.answer import Sentence, Totals
from ingest.asking.answering import Answerer
from ingest.asking.excerpts import Excerpts, Found, chosen
from ingest.asking.question import Prepared, Question
from ingest.asking.shape import Cited, Statement, Statements
from integration.provider import Desk, open_client, open_desk
from nouns import transcript, work

ROOM = 4000
KEY = CallKey(tenant_id="acme", call_id="ask-1")


def cited(quote: str, *ids: str, call: str = "c1") -> Cited:
    """Words, and where a model says they were spoken."""
    return Cited(call=call, utterance_ids=ids, quote=quote)


def statement(text: str, *citations: Cited) -> Statement:
    """A sentence of a model's."""
    return Statement(text=text, citations=citations)


TRUE = statement("The price is too high for the customer.", cited("your price is too high", "u2"))
ALSO = statement("A new offer comes by Friday.", cited("new offer by Friday", "u3"))
INVENTED = statement("The customer wants a discount.", cited("give me a discount", "u2"))


def said(*statements: Statement) -> Statements:
    """A whole answer."""
    return Statements(sentences=statements)


def excerpts(*calls: Transcript) -> Excerpts:
    """All that was said in these calls."""
    found = [Found(call.call_id, tuple(each.id for each in call.utterances)) for call in calls]
    return chosen(found, {call.call_id: call for call in calls}, ROOM)


def prepared(*calls: Transcript, question: str = "What about the price?") -> Prepared:
    """A question with these calls before the model."""
    asked = Question(KEY.tenant_id, question, Filters())
    return Prepared(KEY, asked, excerpts(*(calls or (transcript(),))))


def answerer(
    model: LanguageModel | FakeModel,
    *,
    claims: Any = None,
    budget: Budget | None = None,
    seconds: float = 30.0,
) -> Answerer:
    """Whoever answers with that model."""
    remembered = cast("Claims", claims or FakeClaims())
    return Answerer(cast("LanguageModel", model), remembered, budget or no_budget(), ROOM, seconds)


def model_saying(*statements: Statement, usd: float = 0.001) -> FakeModel:
    """A model with its answer ready."""
    return FakeModel(said(*statements), work=work("gpt-6-luna", cost_usd=usd))


async def told_by(answerer: Answerer, prepared: Prepared) -> tuple[list[Sentence], Totals]:
    """Everything that is told, and the totals."""
    told: list[Sentence] = []

    async def tell(sentence: Sentence) -> None:
        told.append(sentence)

    totals = await answerer.answer(prepared, tell)
    return told, totals


class Reciter(Desk):
    """A provider that answers in pieces; ``hold`` makes it stop before the end until it is told to go on."""

    def __init__(self, *pieces: str, finish_reason: str | None = "stop", usage: bool = True) -> None:
        super().__init__()
        self.pieces: Sequence[str] = pieces
        self.finish_reason = finish_reason
        self.usage = usage
        self.hold = False
        self.go_on = asyncio.Event()
        self.left = asyncio.Event()
        """Set when the client has gone before the end."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Recite."""
        self.asked.append(await request.json())
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in self.pieces_for(self.asked[-1]):
            await _send(response, {"choices": [{"index": 0, "delta": {"content": piece}}]})
        if self.hold:
            await self._held(response)
        ended = {"index": 0, "delta": {}, "finish_reason": self.finish_reason}
        await _send(response, {"choices": [ended]})
        if self.usage:
            await _send(response, {"usage": {"prompt_tokens": 1000, "completion_tokens": 200}})
        await response.write(b"data: [DONE]\n\n")
        return response

    def pieces_for(self, _asked: dict[str, Any]) -> Sequence[str]:
        """What is recited to a question."""
        return self.pieces

    async def _held(self, response: web.StreamResponse) -> None:
        """Say nothing new, and notice whether anybody listens."""
        try:
            while not self.go_on.is_set():
                await response.write(b": still here\n\n")
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await self.go_on.wait()
        except (ConnectionError, asyncio.CancelledError):
            self.left.set()
            raise


async def _send(response: web.StreamResponse, chunk: dict[str, Any]) -> None:
    head = {"id": "1", "object": "chat.completion.chunk", "model": "gpt-6-luna-2026-09-01", "choices": []}
    await response.write(f"data: {json.dumps(head | chunk)}\n\n".encode())


@asynccontextmanager
async def reciting(reciter: Reciter) -> AsyncIterator[LanguageModel]:
    """Our model at that provider."""
    async with open_desk(reciter) as desk, open_client(desk.url) as client:
        gate = Gate("openai", "gpt-6-luna", patience=Patience(hold=0))
        yield LanguageModel(client, gate, max_output_tokens=500)
