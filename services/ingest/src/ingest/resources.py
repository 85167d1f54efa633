"""What ingest needs from outside, opened and closed; the parameter's name is the key."""

import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext, suppress
from functools import partial
from typing import Annotated, Any

from common.clients import open_mongo, open_opensearch, open_redis, open_s3, shared_gate
from common.ctl.doctor import examine
from common.ctl.rights import workload
from common.errors import Transient
from common.index import ChunkIndex
from common.journal import Journal
from common.ledger import SEARCH, Ledger
from common.metrics import metrics_on
from common.middleware import Attempt, now
from common.model import Analysis, Call, Peaks
from common.parts import PartBucket
from common.recordings import RecordingBucket
from common.store import Store
from common.transcripts import transcripts_in
from common.vectors.opening import open_embedder
from common.vectors.settings import embedding_provider
from common.work import Claims
from faststream import Context
from prometheus_client import REGISTRY

from ingest.asking.opening import open_answerer
from ingest.asking.retrieval import Retriever
from ingest.cache import AnswerCache
from ingest.census import Census
from ingest.costs import Costs
from ingest.erasure import Erasure
from ingest.examiner import Examiner
from ingest.glances import Glances
from ingest.inspector import Inspector
from ingest.limiter import Limiter
from ingest.parted_uploads import PartedUploads
from ingest.questions import REMEMBERED, Questions
from ingest.rates import Rates
from ingest.seats import Seats
from ingest.security.opening import open_security
from ingest.settings import DoorSettings, Settings
from ingest.standings import Standings
from ingest.sweeper import patrolling
from ingest.upload_quota import UploadQuota
from ingest.watching import watching

QUESTION_TIMEOUT = 15.0  # seconds a search waits for its vector
QUESTION_HOLD = 3.0  # seconds it waits for leave to ask for one

ThisAttempt = Annotated[Attempt, Context("attempt")]
Calls = Annotated[Store[Call], Context()]
TheClaims = Annotated[Claims, Context("claims")]
TheInspector = Annotated[Inspector, Context("inspector")]


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[dict[str, object]]:
    """What the consumer needs."""
    async with open_s3(settings) as s3, open_mongo(settings) as database:
        recordings = RecordingBucket(s3)
        claims = Claims(database["work"], days=settings.paid_work_days)
        ledger = Ledger(database["ledger"], SEARCH, days=settings.ledger_days)
        opened = _kept(database) | {
            "database": database,
            "recordings": recordings,
            "parts": PartBucket(s3),
            "claims": claims,
            "ledger": ledger,
            "inspector": Inspector(recordings, settings.rules),
        }
        opened["erasure"] = Erasure(
            opened["journal"], database, recordings, settings.s3_bucket_transcripts, now
        )
        await claims.prepare()
        await ledger.prepare()
        await opened["journal"].prepare()
        await opened["calls"].prepare()
        async with _swept(settings, opened, database["leases"]):
            yield opened


@asynccontextmanager
async def open_door(settings: DoorSettings) -> AsyncIterator[dict[str, object]]:
    """What the door needs, and the consumer beside it."""
    async with AsyncExitStack() as stack:
        opened: dict[str, Any] = await stack.enter_async_context(open_resources(settings))
        redis = await stack.enter_async_context(open_redis(settings))
        security = await stack.enter_async_context(open_security(settings, opened["database"], redis, now))
        asking = await stack.enter_async_context(_asking(settings, opened, redis))
        more = {
            "cache": AnswerCache(redis),
            "examiner": Examiner(partial(examine, workload(*settings.workloads)), time.monotonic),
            "seats": Seats(settings.event_streams, settings.event_streams_each),
            "watching": await stack.enter_async_context(watching(opened["journal"].find)),
            "clock": now,
        }
        yield opened | security | asking | await _uploads(settings, opened["database"]) | more


@asynccontextmanager
async def _asking(
    settings: DoorSettings, opened: dict[str, Any], redis: Any
) -> AsyncIterator[dict[str, Any]]:
    """What finds and answers."""
    provider = embedding_provider(settings, settings)
    gate = shared_gate(settings, redis, provider, hold=QUESTION_HOLD, ledger=opened["ledger"])
    async with (
        open_opensearch(settings, settings.aws_region) as search,
        open_embedder(settings, settings, gate, read_timeout=QUESTION_TIMEOUT) as embedder,
        open_answerer(settings, opened["database"], redis) as answerer,
    ):
        index = ChunkIndex(
            search, settings.embedding_model, settings.opensearch_index, dimensions=settings.vector_size
        )
        with suppress(Transient):  # it may come up later; only search needs it
            await index.check()
        space = f"{embedder.model}:{embedder.dimensions}"
        questions = Questions(embedder, AnswerCache(redis, REMEMBERED), space)
        yield {
            "embedder": embedder,
            "questions": questions,
            "index": index,
            "answerer": answerer,
            "retriever": Retriever(index, questions, opened["transcripts"], room=answerer.room),
            "ask_limiter": Limiter(settings.ask_rate_limit, redis),
        }


async def _uploads(settings: DoorSettings, database: Any) -> dict[str, Any]:
    """What counts uploads, and knows those in parts."""
    uploads = PartedUploads(database["uploads"])
    quota = UploadQuota(database["upload_days"], settings.upload_bytes_per_day)
    await uploads.prepare()
    await quota.prepare()
    return {"parted_uploads": uploads, "upload_quota": quota}


def _swept(settings: Settings, opened: dict[str, Any], leases: Any) -> AbstractAsyncContextManager[None]:
    if not settings.sweeps:
        return nullcontext()
    return patrolling(settings, opened, leases, metrics_on(REGISTRY).sweeps, now)


def _kept(database: Any) -> dict[str, Any]:
    return {
        "journal": Journal(database["journal"]),
        "calls": Store(database["calls"], Call),
        "transcripts": transcripts_in(database),
        "analyses": Store(database["analyses"], Analysis),
        "peaks": Store(database["peaks"], Peaks),
        "glances": Glances(database["calls"], database["analyses"]),
        "standings": Standings(database["journal"]),
        "rates": Rates(database["analyses"], database["calls"]),
        "costs": Costs(database["ledger"]),
        "census": Census(database["journal"]),
    }
