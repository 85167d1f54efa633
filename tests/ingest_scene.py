"""Ingest with nothing real behind it: its documents on mongomock, its bucket in memory."""

import asyncio
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import mongomock
from common.budget import Budget
from common.ctl.findings import Finding
from common.errors import PipelineError
from common.index import Filters, FindingCount, Hit, Interval, Mark, Overview, Query, mark
from common.journal import Journal
from common.model import Analysis, Call, CallKey, Peaks, Work
from common.pipeline import PIPELINE
from common.store import Store
from common.transcripts import transcripts_in
from common.vectors import Embedded
from common.work import Claims
from door_fakes import BUCKET, FakeBucket, FakeCache, FakeCollection, FakeLimiter, FakeParts
from fakes import FakeModel, no_budget
from ingest.asking.answering import Answerer
from ingest.asking.retrieval import Retriever
from ingest.asking.shape import Statements
from ingest.census import Census
from ingest.costs import Costs
from ingest.erasure import Erasure
from ingest.examiner import Examiner
from ingest.glances import Glances
from ingest.inspector import Inspector
from ingest.parted_uploads import PartedUploads
from ingest.questions import Questions
from ingest.rates import Rates
from ingest.seats import Seats
from ingest.security.opening import known
from ingest.settings import DoorSettings
from ingest.standings import Standings
from ingest.upload_quota import UploadQuota
from ingest.watching import Watching

ASKED = Work(provider="fake", model="fake", requests=1, cost_usd=0.001)
ROOM = 400  # tokens of excerpts that a model is shown
COLLECTIONS = (
    *("journal", "calls", "transcripts", "transcript_parts", "analyses", "peaks", "work", "ledger"),
    *("uploads", "upload_days", "api_keys", "sessions", "audit"),
)
NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


@dataclass
class FakeEmbedder:
    """Every text is the same direction; ``fails`` is what is raised instead."""

    asked: list[str] = field(default_factory=list)
    fails: PipelineError | None = None

    async def embed(self, texts: Any) -> Embedded:
        self.asked += texts
        if self.fails:
            raise self.fails
        return Embedded(tuple([1.0, 0.0] for _ in texts), Work(provider="fake", model="fake", cost_usd=0.0))


@dataclass
class FakeIndex:
    """Answers with what it was given and remembers what it was asked."""

    hits: list[Hit] = field(default_factory=list)
    asked: list[Query] = field(default_factory=list)
    counts: tuple[FindingCount, ...] = ()
    told: Overview = field(default_factory=lambda: Overview(calls=0, sentiments={}, periods=()))
    counted: list[tuple[Any, ...]] = field(default_factory=list)
    erased: list[CallKey] = field(default_factory=list)

    async def erase(self, key: CallKey) -> None:
        self.erased.append(key)

    async def search(self, query: Query) -> list[Hit]:
        self.asked.append(query)
        return self.hits[query.offset :][: query.limit]

    async def similar(self, key: CallKey, limit: int) -> list[Hit]:
        self.counted.append(("similar", key))
        return self.hits[:limit]

    async def findings(
        self, tenant_id: str, filters: Filters, limit: int, after: Mark | None = None
    ) -> list[Hit]:
        self.counted.append(("findings", tenant_id, filters))
        places = [mark(hit) for hit in self.hits]
        first = 0 if after is None else places.index(after) + 1
        return self.hits[first:][:limit]

    async def overview(self, tenant_id: str, filters: Filters, interval: Interval) -> Overview:
        self.counted.append(("overview", tenant_id, filters, interval))
        return self.told

    async def aggregate(self, tenant_id: str, filters: Filters, most: int) -> tuple[FindingCount, ...]:
        self.counted.append(("aggregate", tenant_id, filters, most))
        return self.counts


async def a_moment(_seconds: float) -> None:
    """A second of these tests."""
    await asyncio.sleep(0.005)


@dataclass
class Outside:
    """Everything ingest needs, faked."""

    settings: DoorSettings
    bucket: FakeBucket = field(default_factory=FakeBucket)
    limiter: Any = field(default_factory=FakeLimiter)
    limiters: Any = None  # by role, where they differ
    cache: Any = field(default_factory=FakeCache)
    embedder: FakeEmbedder = field(default_factory=FakeEmbedder)
    index: FakeIndex = field(default_factory=FakeIndex)
    ask_limiter: Any = field(default_factory=FakeLimiter)
    answering: Any = field(default_factory=lambda: FakeModel(Statements(sentences=()), work=ASKED))
    budget: Budget = field(default_factory=no_budget)
    now: datetime = NOW
    findings: list[Finding] = field(default_factory=list)
    examinations: int = 0
    issuer: Any = None  # an HTTP client that reaches it

    def __post_init__(self) -> None:
        database: Any = mongomock.MongoClient(tz_aware=True)["callstream"]
        self.rows = {name: FakeCollection(database[name]) for name in COLLECTIONS}
        self.security = known(self.settings, self.rows, self.issuer, lambda: self.now)
        self.claims = Claims(self.rows["work"], days=1)
        self.journal = Journal(self.rows["journal"])
        self.calls = Store(self.rows["calls"], Call)
        self.transcripts = transcripts_in(self.rows)
        self.analyses = Store(self.rows["analyses"], Analysis)
        self.peaks = Store(self.rows["peaks"], Peaks)
        self.parts = FakeParts(self.bucket)
        self.parted_uploads = PartedUploads(self.rows["uploads"])
        self.watching = Watching(self.journal.find, a_moment)

    def seconds(self) -> float:
        return self.now.timestamp()

    async def examine(self) -> list[Finding]:
        self.examinations += 1
        return self.findings

    @asynccontextmanager
    async def open(self, settings: object) -> AsyncIterator[dict[str, object]]:
        recordings: Any = self.bucket
        embedder: Any = self.embedder
        index: Any = self.index
        questions = Questions(embedder, self.cache, "any")
        yield {
            "journal": self.journal,
            "claims": self.claims,
            "calls": self.calls,
            "transcripts": self.transcripts,
            "analyses": self.analyses,
            "peaks": self.peaks,
            "recordings": recordings,
            "inspector": Inspector(recordings, self.settings.rules),
            **self.security,
            "limiters": self.limiters or dict.fromkeys(self.settings.rates, self.limiter),
            "cache": self.cache,
            "embedder": embedder,
            "questions": questions,
            "glances": Glances(self.rows["calls"], self.rows["analyses"]),
            "standings": Standings(self.rows["journal"]),
            "rates": Rates(self.rows["analyses"], self.rows["calls"]),
            "costs": Costs(self.rows["ledger"]),
            "census": Census(self.rows["journal"]),
            "index": index,
            "ask_limiter": self.ask_limiter,
            "answerer": Answerer(self.answering, self.claims, self.budget, ROOM, 30.0),
            "retriever": Retriever(index, questions, self.transcripts, room=ROOM),
            "examiner": Examiner(self.examine, self.seconds),
            "erasure": Erasure(
                self.journal, self.rows, recordings, self.settings.s3_bucket_transcripts, lambda: self.now
            ),
            "seats": Seats(self.settings.event_streams, self.settings.event_streams_each),
            "watching": self.watching,
            "parts": self.parts,
            "parted_uploads": self.parted_uploads,
            "upload_quota": UploadQuota(self.rows["upload_days"], self.settings.upload_bytes_per_day),
            "clock": lambda: self.now,
        }
        await self.watching.close()


def door_settings(**more: Any) -> DoorSettings:
    """The least that the door must be told."""
    queues: dict[str, Any] = {
        f"sqs_{stage.name}_queue_url": f"http://127.0.0.1:1/q/{stage.name}" for stage in PIPELINE
    }
    return DoorSettings(
        aws_region="eu-central-1",
        s3_bucket_audio=BUCKET,
        s3_bucket_transcripts="callstream-transcripts",
        mongodb_uri="mongodb://127.0.0.1:1/",
        redis_endpoint="127.0.0.1:1",
        opensearch_url="http://127.0.0.1:1",
        openai_api_key="none",
        **queues,
        **more,
    )


def wav(seconds: float = 1.0, *, rate: int = 8000, channels: int = 2) -> bytes:
    """A WAV file of silence."""
    buffer = BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(int(seconds * rate) * 2 * channels))
    return buffer.getvalue()


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[None]:
    """Start and stop an ASGI application as a server does: in a task of its own."""
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    running = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}}, told.get, heard.put))
    await _said(told, heard, "startup", running)
    yield
    await _said(told, heard, "shutdown", running)
    await running


async def _said(
    told: asyncio.Queue[dict[str, Any]],
    heard: asyncio.Queue[dict[str, Any]],
    what: str,
    running: asyncio.Task[None],
) -> None:
    await told.put({"type": f"lifespan.{what}"})
    answer = asyncio.create_task(heard.get())
    await asyncio.wait({answer, running}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
    if not answer.done():
        answer.cancel()
        await running
    assert {"type": f"lifespan.{what}.complete"} == answer.result()
