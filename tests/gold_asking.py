"""The gold dialogues asked about: our own retrieval, prompt and checks, with the local rules as the model."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from aiohttp import web
from asking_scene import KEY, ROOM, told_by
from common.clients import open_openai
from common.gate import Gate, Patience
from common.index import ChunkIndex, Filters, Hit, Query
from common.language_model import LanguageModel
from common.model import CallKey, Chunk, Transcript, Work
from common.provider_settings import AnalysisSettings, Provider
from common.transcripts import TranscriptStore
from common.vectors import Embedded
from common.work import Claims
from embedder.chunks import Limits, chunks
from evals.gold import Dialogue
from evals.gold import Query as GoldQuery
from fakes import FakeClaims, FakeTranscripts, no_budget
from ingest.asking.answering import Answerer
from ingest.asking.question import Prepared, Question
from ingest.asking.retrieval import Retriever
from ingest.questions import Questions
from onebox.models.chat import Assistant
from onebox.models.minilm import SentenceEncoder
from onebox.models.server import Models, create_app
from onebox.models.speech import Recogniser

FREE = Work(provider="local", model="local-minilm", cost_usd=0.0)


class LocalQuestions:
    """``Questions`` understood in this process."""

    def __init__(self, encoder: SentenceEncoder) -> None:
        self._encoder = encoder

    async def embedded(self, _tenant_id: str, question: str) -> Embedded:
        return Embedded(tuple(self._encoder.encode([question]).tolist()), FREE)


class MeaningIndex:
    """A ``ChunkIndex`` that ranks by meaning alone."""

    def __init__(self, encoder: SentenceEncoder, found: Sequence[Chunk]) -> None:
        self._chunks = found
        self._vectors = encoder.encode([chunk.text for chunk in found])

    async def search(self, query: Query) -> list[Hit]:
        likeness = self._vectors.dot(list(query.vector or ())).tolist()
        ranked = sorted(zip(likeness, self._chunks, strict=True), key=lambda pair: -pair[0])
        return [_hit(score, chunk) for score, chunk in ranked if chunk.tenant_id == query.tenant_id][
            : query.limit
        ]


def _hit(score: float, chunk: Chunk) -> Hit:
    row = chunk.model_dump(include={"call_id", "text", "speakers", "utterance_ids", "start_ms", "end_ms"})
    return Hit(chunk_id=chunk.chunk_id, score=score, **row)


@asynccontextmanager
async def asking_rules(encoder: SentenceEncoder) -> AsyncIterator[LanguageModel]:
    """The local rules, asked over the wire as any provider is."""
    app = create_app(Models(cast("Recogniser", None), encoder, Assistant(encoder)))
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    settings = AnalysisSettings.model_validate({"analysis_base_url": url, "analysis_api_key": "none"})
    provider = Provider(settings, "analysis")
    try:
        async with open_openai(provider, read_timeout=120) as client:
            yield LanguageModel(client, Gate(provider.name, "local-rules", patience=Patience(hold=0)))
    finally:
        await runner.cleanup()


@dataclass(frozen=True, slots=True)
class Scores:
    """How many questions there were, were answered, and were answered from an utterance that answers them."""

    asked: Counter[str]
    answered: Counter[str]
    right: Counter[str]

    @property
    def cited(self) -> float:
        """Of the questions that were answered and have an answer, the share answered from it."""
        answered = sum(n for kind, n in self.answered.items() if kind != "no_answer")
        return sum(self.right.values()) / answered

    @property
    def refused(self) -> float:
        """Of the questions that no call answers, the share that was not answered."""
        return 1 - self.answered["no_answer"] / self.asked["no_answer"]

    def found(self, kind: str) -> float:
        """Of all questions of a kind, the share that was answered rightly."""
        return self.right[kind] / self.asked[kind]

    def __str__(self) -> str:
        kinds = ", ".join(f"{kind}: {self.found(kind):.0%}" for kind in ("words", "paraphrase"))
        return (
            f"{self.asked.total()} questions; answered rightly, of those answered: {self.cited:.0%};"
            f" refused, of those without an answer: {self.refused:.0%}; answered rightly, of all: {kinds}"
        )


async def scores(
    encoder: SentenceEncoder, dialogues: Iterable[Dialogue], questions: Iterable[GoldQuery]
) -> Scores:
    """Every question put to all of these calls at once."""
    calls = {each.name: _ours(each.transcript()) for each in dialogues}
    retriever = _retriever(encoder, calls)
    counted = Scores(Counter(), Counter(), Counter())
    async with asking_rules(encoder) as model:
        answerer = Answerer(model, cast("Claims", FakeClaims()), no_budget(), ROOM, 120.0)
        for query in questions:
            await _count(counted, query, retriever, answerer)
    return counted


async def _count(counted: Scores, query: GoldQuery, retriever: Retriever, answerer: Answerer) -> None:
    asked = Question(KEY.tenant_id, query.text, Filters())
    told, totals = await told_by(answerer, Prepared(KEY, asked, *(await retriever.retrieve(asked))))
    right = {(each.dialogue, name) for each in query.answers for name in each.utterances}
    cited = {(each.call_id, each.utterance_ids[0]) for sentence in told for each in sentence.citations}
    counted.asked[query.kind] += 1
    counted.answered[query.kind] += totals.answered
    counted.right[query.kind] += bool(right & cited)


def _retriever(encoder: SentenceEncoder, calls: Mapping[str, Transcript]) -> Retriever:
    limits = Limits(max_tokens=200, max_silence_ms=30_000)
    found = [chunk for call in calls.values() for chunk in chunks(call.key, call, limits)]
    index: Any = MeaningIndex(encoder, found)
    understood: Any = LocalQuestions(encoder)
    transcripts: Any = FakeTranscripts(*calls.values())
    return Retriever(
        cast("ChunkIndex", index),
        cast("Questions", understood),
        cast("TranscriptStore", transcripts),
        room=8000,
    )


def _ours(transcript: Transcript) -> Transcript:
    key = CallKey(tenant_id=KEY.tenant_id, call_id=transcript.call_id)
    return transcript.model_copy(update=dict(key))
