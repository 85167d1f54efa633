"""Ingest with nothing real behind it: its documents on mongomock, its bucket in memory."""

import asyncio
import wave
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import md5
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import mongomock
from common.budget import Budget
from common.ctl.findings import Finding
from common.errors import Permanent, PipelineError
from common.index import Filters, FindingCount, Hit, Interval, Mark, Overview, Query, mark
from common.journal import Journal
from common.model import Analysis, Call, CallKey, ObjectRef, Peaks, Work
from common.parts import Part, Target
from common.pipeline import PIPELINE
from common.recordings import ObjectStat
from common.store import Store
from common.transcripts import transcripts_in
from common.vectors import Embedded
from common.work import Claims
from fakes import FakeModel, no_budget
from ingest.asking.answering import Answerer
from ingest.asking.retrieval import Retriever
from ingest.asking.shape import Statements
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
BUCKET = "callstream-audio"
COLLECTIONS = (
    *("journal", "calls", "transcripts", "transcript_parts", "analyses", "peaks", "work", "ledger"),
    *("uploads", "upload_days", "api_keys", "sessions", "audit"),
)
NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


class FakeCollection:
    """A MongoDB collection as Motor shows it, on mongomock."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection

    async def insert_one(self, row: dict[str, Any]) -> Any:
        return self._collection.insert_one(row)

    async def insert_many(self, rows: list[dict[str, Any]]) -> Any:
        return self._collection.insert_many(rows)

    async def find_one(self, query: dict[str, Any], fields: Any = None, sort: Any = None) -> Any:
        return self._collection.find_one(query, fields, sort=sort)

    async def find_one_and_update(self, query: Any, update: Any, **options: Any) -> Any:
        return self._collection.find_one_and_update(query, update, **options)

    async def find(
        self, query: Any, fields: Any = None, sort: Any = None, limit: int = 0
    ) -> AsyncIterator[Any]:
        for row in self._collection.find(query, fields, sort=sort, limit=limit):
            yield row

    async def aggregate(self, pipeline: list[dict[str, Any]]) -> AsyncIterator[Any]:
        for row in self._collection.aggregate(pipeline):
            yield row

    async def find_one_and_delete(self, query: Any) -> Any:
        return self._collection.find_one_and_delete(query)

    async def update_one(self, query: Any, update: Any) -> Any:
        return self._collection.update_one(query, update)

    async def update_many(self, query: Any, update: Any) -> Any:
        return self._collection.update_many(query, update)

    async def delete_many(self, query: Any) -> Any:
        return self._collection.delete_many(query)

    def forget(self) -> None:
        self._collection.delete_many({})

    def count(self) -> int:
        return int(self._collection.count_documents({}))


@dataclass
class FakeBucket:
    """Objects in memory; ``reads`` counts how often content was fetched."""

    objects: dict[tuple[str, str], tuple[bytes, str]] = field(default_factory=dict)
    reads: int = 0

    def put(self, key: str, content: bytes, *, etag: str | None = None, bucket: str = BUCKET) -> None:
        self.objects[bucket, key] = content, etag or md5(content, usedforsecurity=False).hexdigest()

    def _of(self, ref: ObjectRef) -> tuple[bytes, str]:
        if (ref.bucket, ref.key) not in self.objects:
            raise Permanent("there is no such object", reason="not_found")
        return self.objects[ref.bucket, ref.key]

    async def stat(self, ref: ObjectRef) -> ObjectStat:
        content, etag = self._of(ref)
        return ObjectStat(
            bucket=ref.bucket, key=ref.key, version=ref.version, etag=etag, size_bytes=len(content)
        )

    async def fetch(self, ref: ObjectRef, path: Path) -> int:
        self.reads += 1
        return await asyncio.to_thread(path.write_bytes, self._of(ref)[0])

    async def read(self, ref: ObjectRef, limit: int) -> bytes:
        content, _ = self._of(ref)
        if len(content) > limit:
            raise Permanent("too large", reason="too_large")
        return content

    async def put_json(self, ref: ObjectRef, content: Any) -> None:
        self.put(ref.key, repr(content).replace("'", '"').encode(), bucket=ref.bucket)

    async def put_file(self, ref: ObjectRef, file: BinaryIO, content_type: str) -> ObjectRef:
        file.seek(0)
        self.put(ref.key, file.read(), bucket=ref.bucket)
        return ref.model_copy(update={"etag": self._of(ref)[1]})

    async def erase(self, ref: ObjectRef) -> None:
        self.objects.pop((ref.bucket, ref.key), None)

    async def erase_under(self, bucket: str, folder: str) -> None:
        for where in [(b, key) for b, key in self.objects if b == bucket and key.startswith(folder)]:
            del self.objects[where]

    async def presign(self, ref: ObjectRef, expires: int) -> str:
        return f"https://s3.test/{ref.bucket}/{ref.key}?expires={expires}"


@dataclass
class FakeParts:
    """S3's uploads in parts; *bucket* gets what is joined. ``open`` holds what has come, by number."""

    bucket: FakeBucket
    open: dict[str, dict[int, bytes]] = field(default_factory=dict)

    async def begin(self, ref: ObjectRef, _content_type: str) -> Target:
        storage_id = f"s3-{len(self.open) + 1}-{ref.key}"
        self.open[storage_id] = {}
        return Target(ref, storage_id)

    async def sign(self, target: Target, number: int, size: int, seconds: int) -> str:
        return f"https://s3.test/{target.storage_id}?part={number}&size={size}&expires={seconds}"

    def send(self, storage_id: str, number: int, content: bytes) -> str:
        """What the store does with a part, and its ETag."""
        self.open[storage_id][number] = content
        return md5(content, usedforsecurity=False).hexdigest()

    async def there(self, target: Target) -> tuple[Part, ...]:
        parts = sorted(self._of(target).items())
        return tuple(Part(n, md5(each, usedforsecurity=False).hexdigest(), len(each)) for n, each in parts)

    async def join(self, target: Target, parts: Sequence[Part]) -> None:
        come = self._of(target)
        self.bucket.put(target.ref.key, b"".join(come[part.number] for part in parts))
        del self.open[target.storage_id]

    async def give_up(self, target: Target) -> bool:
        self.open.pop(target.storage_id, None)
        return True

    def _of(self, target: Target) -> dict[int, bytes]:
        if target.storage_id not in self.open:
            raise Permanent("listing an upload's parts: there is no such object", reason="not_found")
        return self.open[target.storage_id]


class FakeLimiter:
    """Lets so many requests of a client through."""

    def __init__(self, allowed: int = 1000) -> None:
        self.left = allowed

    async def seconds_to_wait(self, client: str) -> int | None:
        self.left -= 1
        return 7 if self.left < 0 else None


@dataclass
class FakeCache:
    """Answers in memory."""

    kept: dict[str, bytes] = field(default_factory=dict)

    async def get(self, name: str) -> bytes | None:
        return self.kept.get(name)

    async def set(self, name: str, answer: bytes) -> None:
        self.kept[name] = answer


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
