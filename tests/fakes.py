"""The outside world in memory; ``integration/test_fakes_agree.py`` holds each fake to the real thing."""

import asyncio
import math
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from common.budget import Budget
from common.entry import Parking, Source, Step, reopened
from common.errors import Claimed, PipelineError, Transient
from common.gate import Need
from common.index import Filters, Hit, Mark, Query, mark
from common.journal import TRAIL, Entry, Failure, StageEntry
from common.language_model import Answer
from common.ledger import Ledger
from common.limits import Limits
from common.model import CallKey, Chunk, Transcript, TranscriptHead, Work
from common.pipeline import STATUSES, Stage
from common.vectors import Embedded, Vector
from common.vectors.edge import Room
from common.work import WorkId
from pydantic import BaseModel
from transcriber.plausibility import refusal
from transcriber.speech import Clip, Heard

PIECE = 7  # characters of an answer that comes in pieces
D = TypeVar("D", bound=CallKey)
A = TypeVar("A", bound=BaseModel)


class FakeStore(Generic[D]):
    """A ``Store`` in a dictionary; ``kept`` is what it holds, by document id."""

    def __init__(self, *documents: D) -> None:
        self.kept: dict[str, D] = {document.id: document for document in documents}

    async def keep(self, document: D) -> D:
        kept = self.kept.setdefault(document.id, document)
        return kept if kept.tenant_id == document.tenant_id else await self.get(document.key)

    async def find(self, key: CallKey) -> D | None:
        found = self.kept.get(key.id)
        return found if found and found.tenant_id == key.tenant_id else None

    async def latest(self, key: CallKey) -> D | None:
        same_call = [
            document
            for document in self.kept.values()
            if (document.tenant_id, document.call_id) == (key.tenant_id, key.call_id)
        ]
        older = [document for document in same_call if document.revision <= key.revision]
        return max(older, key=lambda document: document.revision, default=None)

    async def get(self, key: CallKey) -> D:
        found = await self.latest(key)
        if found is None:
            raise Transient("nothing of the kind is kept for this call", reason="not_kept")
        return found


class FakeTranscripts(FakeStore[Transcript]):
    """A ``TranscriptStore`` in a dictionary."""

    async def spoken(self, key: CallKey) -> Transcript | None:
        return await self.latest(key)

    async def head(self, key: CallKey) -> TranscriptHead | None:
        found = await self.latest(key)
        return found.head if found else None


class FakeJournal:
    """A ``Journal`` in a dictionary; ``notes`` is what it was told, in order."""

    def __init__(self, holder: str = "fake") -> None:
        self.holder = holder
        self.entries: dict[str, Entry] = {}
        self.notes: list[tuple[str, str]] = []

    async def begin(self, key: CallKey, stage: Stage, now: datetime, source: Source | None = None) -> Entry:
        entry = self._entry(key, now)
        entry = entry.model_copy(update={"source": source or entry.source})
        mine = entry.stages.get(stage.name, StageEntry())
        again = entry.failed is not None and entry.failed.stage == stage.name
        anew = {"causes": {}, "reported": mine.attempts} if again else {}
        counted = {"attempts": mine.attempts + 1, "started_at": now, "trail": self._trail(mine, "begun", now)}
        changed = mine.model_copy(update=counted | anew)
        call = {"parked": None, "rank": max(entry.rank, STATUSES.index(stage.doing))} | (
            {"failed": None} if again else {}
        )
        return self._write("begin", entry, stage, changed, now, call)

    async def redo(self, before: Entry, first: Stage, rank: int, now: datetime) -> Entry:
        entry = reopened(before, first, rank, now)
        if entry.id in self.entries:
            raise Claimed("writing the journal: DuplicateKeyError")
        for older in self._of_call(entry.tenant_id, entry.call_id):
            self.entries[older.id] = older.model_copy(update={"superseded": True})
        return self.entries.setdefault(entry.id, entry)

    async def finish(
        self, key: CallKey, stage: Stage, now: datetime, took: float, work: Work | None
    ) -> Entry:
        entry = self._entry(key, now)
        mine = entry.stages.get(stage.name, StageEntry())
        paid = {} if work is None else work.model_dump(include={"provider", "model", "cost_usd"})
        figures = {"finished_at": now, "processing_time_seconds": round(took, 3), "error": None}
        figures["trail"] = self._trail(mine, "completed", now, took=round(took, 3))
        changed = mine.model_copy(update={"reported": mine.reported + 1} | figures | paid)
        call = {"parked": None, "rank": max(entry.rank, STATUSES.index(stage.done))}
        return self._write("finish", entry, stage, changed, now, call)

    async def fail(
        self, key: CallKey, stage: Stage, now: datetime, failure: Failure, *, final: bool
    ) -> Entry:
        entry = self._entry(key, now)
        mine = entry.stages.get(stage.name, StageEntry())
        causes = mine.causes | {failure.reason: mine.causes.get(failure.reason, 0) + 1}
        trail = self._trail(mine, "failed" if final else "retried", now, reason=failure.reason)
        figures = {"reported": mine.reported + 1, "error": failure, "causes": causes, "trail": trail}
        changed = mine.model_copy(update=figures)
        note = f"{'failed' if final else 'retried'}: {failure.reason}"
        return self._write(note, entry, stage, changed, now, {"failed": failure} if final else {})

    async def release(self, key: CallKey, stage: Stage, now: datetime) -> Entry:
        entry = self._entry(key, now)
        mine = entry.stages.get(stage.name, StageEntry())
        trail = self._trail(mine, "released", now)
        changed = mine.model_copy(update={"reported": mine.reported + 1, "trail": trail})
        return self._write("release", entry, stage, changed, now, {})

    async def park(self, key: CallKey, stage: Stage, now: datetime, until: datetime, reason: str) -> Entry:
        entry = self._entry(key, now)
        mine = entry.stages.get(stage.name, StageEntry())
        trail = self._trail(mine, "parked", now, reason=reason)
        changed = mine.model_copy(update={"reported": mine.reported + 1, "trail": trail})
        parked = Parking(stage=stage.name, until=until, reason=reason)
        return self._write(f"park: {reason}", entry, stage, changed, now, {"parked": parked})

    async def find(self, tenant_id: str, call_id: str, revision: int | None = None) -> Entry | None:
        wanted = [e for e in self._of_call(tenant_id, call_id) if revision in {None, e.revision}]
        return max(wanted, key=lambda entry: entry.revision, default=None)

    def _of_call(self, tenant_id: str, call_id: str) -> list[Entry]:
        return [e for e in self.entries.values() if (e.tenant_id, e.call_id) == (tenant_id, call_id)]

    def _trail(self, mine: StageEntry, what: str, now: datetime, **more: Any) -> tuple[Step, ...]:
        step = Step.model_validate({"what": what, "at": now, "by": self.holder, **more})
        return (*mine.trail, step)[-TRAIL:]

    def _entry(self, key: CallKey, now: datetime) -> Entry:
        return self.entries.get(key.id) or Entry(**dict(key), created_at=now, updated_at=now)

    def _write(
        self, note: str, entry: Entry, stage: Stage, mine: StageEntry, now: datetime, call: dict[str, Any]
    ) -> Entry:
        stages = entry.stages | {stage.name: mine}
        self.entries[entry.id] = entry.model_copy(update={"stages": stages, "updated_at": now, **call})
        self.notes.append((entry.id, note))
        return self.entries[entry.id]


def no_budget() -> Budget:
    """A purse without a bottom: where nothing is limited nobody is asked."""
    return Budget(None, Ledger(None, "none", days=1), "none", Limits())


class Workshop:
    """Where work that costs money is done: counted, made to fail, or held until so many are at it."""

    def __init__(self) -> None:
        self.done = 0
        self.failure: PipelineError | None = None
        self.together = 1
        self._all_here = asyncio.Event()
        self._here = 0

    async def work(self) -> int:
        """Do one piece of work; return which one it is, the first being 1."""
        if self.failure:
            raise self.failure
        self._here += 1
        if self._here >= self.together:
            self._all_here.set()
        await self._all_here.wait()
        self.done += 1
        return self.done


class FakeClaims:
    """``Claims`` in a dictionary; two workers may be at the same work, as when a lease ran out."""

    def __init__(self) -> None:
        self.kept: dict[str, BaseModel] = {}

    async def missing(self, works: Iterable[WorkId]) -> set[WorkId]:
        return {work for work in works if work.digest not in self.kept}

    async def results(self, works: Iterable[WorkId], shape: type[A]) -> dict[WorkId, A]:
        return {work: self._read(work, shape) for work in works if work.digest in self.kept}

    async def once(self, work: WorkId, shape: type[A], do: Callable[[], Awaitable[A]]) -> A:
        if work.digest not in self.kept:
            result = await do()
            self.kept.setdefault(work.digest, result)
        return self._read(work, shape)

    async def each(
        self,
        works: Sequence[WorkId],
        shape: type[A],
        do: Callable[[Sequence[WorkId]], Awaitable[Sequence[A]]],
    ) -> dict[WorkId, A]:
        todo = [work for work in works if work.digest not in self.kept]
        for work, result in zip(todo, await do(todo) if todo else (), strict=True):
            self.kept.setdefault(work.digest, result)
        return {work: self._read(work, shape) for work in works}

    def _read(self, work: WorkId, shape: type[A]) -> A:
        return shape.model_validate(self.kept[work.digest].model_dump(mode="json"))


class FakeModel:
    """A ``LanguageModel`` with its answers ready; the last one is given again and again."""

    def __init__(self, *answers: BaseModel | Exception, work: Work) -> None:
        self.name = work.model
        self.seed: int | None = None
        self.parameters = {"max_completion_tokens": "16000"}
        self.workshop = Workshop()
        self.asked: list[tuple[str, str]] = []
        self.at_most: Mapping[str, int] | None = None
        self._answers = answers
        self._work = work

    def need(self, _text: str) -> Need:
        return Need(usd=self._work.cost_usd)

    async def answer(
        self, instructions: str, content: str, shape: type[A], at_most: Mapping[str, int] | None = None
    ) -> Answer[A]:
        self.at_most = at_most
        number = await self.workshop.work()
        self.asked.append((instructions, content))
        answer = self._answers[min(number, len(self._answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, shape)
        return Answer(answer, self._work)

    async def answer_in_pieces(
        self, instructions: str, content: str, shape: type[A], tell: Callable[[str], Awaitable[None]]
    ) -> Answer[A]:
        answer = await self.answer(instructions, content, shape)
        text = answer.content.model_dump_json()
        for at in range(0, len(text), PIECE):
            await tell(text[at : at + PIECE])
        return answer


class FakeEmbedder:
    """An ``Embedder`` whose vectors count words; texts that share words are near."""

    def __init__(self, work: Work, dimensions: int = 8) -> None:
        self.workshop = Workshop()
        self.model = work.model
        self.dimensions = dimensions
        self.room = Room(256, 300_000)
        self._work = work

    def need(self, _texts: Sequence[str]) -> Need:
        return Need(usd=self._work.cost_usd)

    async def embed(self, texts: Sequence[str]) -> Embedded:
        number = await self.workshop.work()
        vectors = tuple(self._vector(text) for text in texts)
        return Embedded(vectors, self._work.model_copy(update={"requests": number}))

    def _vector(self, text: str) -> Vector:
        vector = [0.0] * self.dimensions
        for word in text.lower().split():
            vector[sum(word.encode()) % self.dimensions] += 1.0
        return vector


class FakeSpeech:
    """A ``Speech`` that answers its *texts* in turn, the last again and again; silence it does not hear."""

    provider, language = "openai", None

    def __init__(self, *texts: str, vocabulary: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self.model = "gpt-transcribe"
        self.workshop = Workshop()
        self.asked: list[Clip] = []
        self._texts = texts
        self._vocabulary = vocabulary or {}

    def parameters(self, call: CallKey) -> tuple[str, ...]:
        return self._vocabulary.get(call.tenant_id, ())

    def cost(self, audio_seconds: float) -> float | None:
        return audio_seconds / 60 * 0.0045

    async def recognise(self, clip: Clip) -> Heard:
        sound = await asyncio.to_thread(clip.track.read_bytes)
        if not any(sound[2 * clip.cut.start : 2 * clip.cut.end]):
            return Heard(text="", seconds=0, refused="silence", cost_usd=0.0)
        self.asked.append(clip)
        text = self._texts[min(await self.workshop.work(), len(self._texts)) - 1]
        why = refusal(text, clip.cut.seconds)
        seconds = math.ceil(clip.cut.seconds)
        return Heard(text="" if why else text, refused=why, seconds=seconds, cost_usd=self.cost(seconds))


class FakeIndex:
    """A ``ChunkIndex`` in a dictionary, by call; it finds words, and never another tenant's."""

    def __init__(self) -> None:
        self.chunks: dict[tuple[str, str], list[Chunk]] = defaultdict(list)

    async def replace(self, key: CallKey, chunks: Sequence[Chunk], vectors: Sequence[Vector]) -> None:
        assert len(chunks) == len(vectors)
        assert list(range(len(chunks))) == [chunk.n for chunk in chunks]
        call = (key.tenant_id, key.call_id)
        newer = [chunk for chunk in self.chunks[call] if chunk.revision > key.revision]
        self.chunks[call] = newer or [*chunks]

    async def search(self, query: Query) -> list[Hit]:
        words = set((query.text or "").lower().split())
        ours = self._passing(query.tenant_id, query.filters)
        ranked = sorted(((len(words & _words(chunk)), chunk) for chunk in ours), key=lambda pair: -pair[0])
        return [_hit(shared, chunk) for shared, chunk in ranked[query.offset :][: query.limit] if shared]

    async def findings(
        self, tenant_id: str, filters: Filters, limit: int, after: Mark | None = None
    ) -> list[Hit]:
        told = self._passing(tenant_id, filters.model_copy(update={"findings": True}))
        hits = sorted((_hit(0, chunk) for chunk in told), key=_newest_first)
        places = [mark(hit) for hit in hits]
        return hits[places.index(after) + 1 if after else 0 :][:limit]

    def _passing(self, tenant_id: str, filters: Filters) -> list[Chunk]:
        ours = [chunk for (tenant, _), found in self.chunks.items() if tenant == tenant_id for chunk in found]
        return [chunk for chunk in ours if _passes(chunk, filters)]


def _passes(chunk: Chunk, filters: Filters) -> bool:
    has: list[tuple[tuple[str, ...], set[str | None]]] = [
        (filters.call_ids, {chunk.call_id}),
        (filters.speakers, set(chunk.speakers)),
        (filters.agents, {chunk.facts.agent}),
        (filters.sentiments, {chunk.facts.sentiment}),
        (filters.finding_types, {chunk.finding.type if chunk.finding else None}),
    ]
    return (
        all(not wanted or not has_one.isdisjoint(wanted) for wanted, has_one in has)
        and chunk.call_id not in filters.without_call_ids
        and (filters.findings is None or filters.findings is (chunk.finding is not None))
        and _in_time(chunk.facts.started_at, filters)
    )


def _in_time(began: datetime | None, filters: Filters) -> bool:
    if not (filters.since or filters.until):
        return True
    if began is None:
        return False
    return (filters.since is None or began >= filters.since) and (
        filters.until is None or began < filters.until
    )


def _newest_first(hit: Hit) -> tuple[float, str, int]:
    place = mark(hit)
    return (-place.started_at.timestamp() if place.started_at else math.inf, place.call_id, place.n)


def _words(chunk: Chunk) -> set[str]:
    return {word.strip(".,;:?!") for word in chunk.text.lower().split()}


def _hit(score: int, chunk: Chunk) -> Hit:
    told = {"call_id", "text", "speakers", "utterance_ids", "start_ms", "end_ms", "finding", "facts"}
    row = chunk.model_dump(include=told)
    return Hit(chunk_id=chunk.chunk_id, score=score, **row)
