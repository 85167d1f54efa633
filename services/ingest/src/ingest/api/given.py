"""What an endpoint is given: the resources that the application opened."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

from common.access.audit import AuditLog
from common.access.keys import ApiKeys
from common.index import ChunkIndex
from common.journal import Journal
from common.model import Analysis, Call, Peaks, TenantId
from common.parts import PartBucket
from common.recordings import RecordingBucket
from common.store import Store
from common.transcripts import TranscriptStore
from common.vectors import Embedder
from fastapi import Depends, Request
from faststream_sqs import SQSBroker

from ingest.asking.answering import Answerer
from ingest.asking.retrieval import Retriever
from ingest.cache import AnswerCache
from ingest.census import Census
from ingest.costs import Costs
from ingest.erasure import Erasure
from ingest.examiner import Examiner
from ingest.glances import Glances
from ingest.limiter import Limiter
from ingest.parted_uploads import PartedUploads
from ingest.questions import Questions
from ingest.rates import Rates
from ingest.seats import Seats
from ingest.security.admission import ThePrincipal as ThePrincipal  # noqa: PLC0414 - given like all below
from ingest.security.admission import tenant
from ingest.security.identities import Identities
from ingest.security.login import Logins
from ingest.settings import DoorSettings
from ingest.standings import Standings
from ingest.upload_quota import UploadQuota
from ingest.watching import Watching


def _opened(name: str) -> Callable[[Request], Awaitable[Any]]:
    async def resource(request: Request) -> Any:
        return request.app.state.opened[name]

    return resource


async def _settings(request: Request) -> Any:
    return request.app.state.settings


async def _broker(request: Request) -> Any:
    return request.app.state.broker


TheTenant = Annotated[TenantId, Depends(tenant)]
TheSettings = Annotated[DoorSettings, Depends(_settings)]
TheBroker = Annotated[SQSBroker, Depends(_broker)]
TheJournal = Annotated[Journal, Depends(_opened("journal"))]
TheCalls = Annotated[Store[Call], Depends(_opened("calls"))]
TheTranscripts = Annotated[TranscriptStore, Depends(_opened("transcripts"))]
TheAnalyses = Annotated[Store[Analysis], Depends(_opened("analyses"))]
TheRecordings = Annotated[RecordingBucket, Depends(_opened("recordings"))]
ThePeaks = Annotated[Store[Peaks], Depends(_opened("peaks"))]
TheCache = Annotated[AnswerCache, Depends(_opened("cache"))]
TheEmbedder = Annotated[Embedder, Depends(_opened("embedder"))]
TheQuestions = Annotated[Questions, Depends(_opened("questions"))]
TheGlances = Annotated[Glances, Depends(_opened("glances"))]
TheStandings = Annotated[Standings, Depends(_opened("standings"))]
TheRates = Annotated[Rates, Depends(_opened("rates"))]
TheCensus = Annotated[Census, Depends(_opened("census"))]
TheCosts = Annotated[Costs, Depends(_opened("costs"))]
TheIndex = Annotated[ChunkIndex, Depends(_opened("index"))]
TheExaminer = Annotated[Examiner, Depends(_opened("examiner"))]
TheRetriever = Annotated[Retriever, Depends(_opened("retriever"))]
TheAnswerer = Annotated[Answerer, Depends(_opened("answerer"))]
TheAskLimiter = Annotated[Limiter, Depends(_opened("ask_limiter"))]
TheErasure = Annotated[Erasure, Depends(_opened("erasure"))]
TheIdentities = Annotated[Identities, Depends(_opened("identities"))]
TheLogins = Annotated[Logins | None, Depends(_opened("logins"))]
TheApiKeys = Annotated[ApiKeys, Depends(_opened("api_keys"))]
TheAudit = Annotated[AuditLog, Depends(_opened("audit"))]
TheClock = Annotated[Callable[[], datetime], Depends(_opened("clock"))]
TheSeats = Annotated[Seats, Depends(_opened("seats"))]
TheWatching = Annotated[Watching, Depends(_opened("watching"))]
TheParts = Annotated[PartBucket, Depends(_opened("parts"))]
ThePartedUploads = Annotated[PartedUploads, Depends(_opened("parted_uploads"))]
TheUploadQuota = Annotated[UploadQuota, Depends(_opened("upload_quota"))]
