"""What the transcriber needs from outside, opened and closed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any

from common.budget import Budget
from common.clients import open_mongo, open_openai, open_redis, open_s3, shared_gate
from common.fair import Turns
from common.gate import Gate
from common.journal import Journal
from common.ledger import Ledger
from common.logging import get_logger
from common.model import Peaks
from common.pipeline import TRANSCRIBE
from common.prices import speech_cost
from common.provider_settings import Provider
from common.recordings import RecordingBucket
from common.settings import require_price
from common.store import Store
from common.transcripts import TranscriptStore, transcripts_in
from common.work import Claims, utc_now
from faststream import Context
from openai import AsyncOpenAI

from transcriber.activity import voice_activity
from transcriber.archive import TranscriptArchive
from transcriber.choice import diarizing, recognising
from transcriber.cuts import Rules
from transcriber.diarizer import SpeakerModel
from transcriber.engines import engines
from transcriber.folders import sweep
from transcriber.hearing import Hearing
from transcriber.listening import Limits, Listener
from transcriber.purse import CutPurse
from transcriber.remembered import RememberedDiarizer, RememberedSpeech
from transcriber.settings import Settings
from transcriber.speech import Recogniser
from transcriber.transcriptions import Transcriptions
from transcriber.vocabulary import Vocabulary
from transcriber.voices import Voices
from transcriber.waveforms import KeptWaveforms

Recordings = Annotated[RecordingBucket, Context()]
Transcripts = Annotated[TranscriptStore, Context()]
Ears = Annotated[Hearing, Context("hearing")]
Archive = Annotated[TranscriptArchive, Context()]

log = get_logger("callstream.transcriber")

_READ_TIMEOUT = 60.0  # seconds; each request sets its own, by the length of its audio


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[dict[str, object]]:
    """The buckets, the stores and the recogniser, under the names the handler knows them by."""
    provider = Provider(settings, "transcription")
    async with (
        open_s3(settings) as s3,
        open_mongo(settings) as db,
        open_redis(settings) as redis,
        open_openai(provider, read_timeout=_READ_TIMEOUT) as client,
    ):
        turns = Turns(settings.provider_concurrency)
        ledger = Ledger(db["ledger"], TRANSCRIBE.name, days=settings.ledger_days)
        gates = partial(shared_gate, settings, redis, provider, ledger=ledger)
        gate = gates()
        recogniser = _recogniser(settings, client, provider, gate, turns)
        diarizer = _diarizer(settings, client, provider, gates, turns)
        cost = _dearest(recogniser, diarizer)
        budget = _budget(settings, db, ledger, cost)
        heard = Claims(db["work"], days=settings.paid_work_days)
        remembered = RememberedSpeech(recogniser, heard)
        transcripts = transcripts_in(db)
        recordings, drawn = RecordingBucket(s3), Store(db["peaks"], Peaks)
        await asyncio.to_thread(sweep)
        await asyncio.gather(*(each.prepare() for each in (ledger, budget, heard, transcripts, drawn)))
        yield {
            "gate": gate,
            "journal": Journal(db["journal"]),
            "recordings": recordings,
            "transcripts": transcripts,
            "archive": TranscriptArchive(recordings, settings.s3_bucket_transcripts),
            "hearing": Hearing(
                listener(settings),
                remembered,
                settings.channel_roles,
                settings.cut_concurrency,
                engines(settings, recogniser.provider),
                voices=Voices(RememberedDiarizer(diarizer, heard)) if diarizer else None,
                purse=CutPurse(budget, heard, remembered.work, cost),
                waveforms=KeptWaveforms(drawn),
            ),
        }


def _budget(settings: Settings, db: Any, ledger: Ledger, cost: Callable[[float], float | None]) -> Budget:
    """What is reserved from; limits hold only where the price of a minute is known."""
    require_price(settings.limits(), settings.transcription_model, cost(60))
    return Budget(db["budgets"], ledger, TRANSCRIBE.name, settings.limits())


def _recogniser(
    settings: Settings, client: AsyncOpenAI, provider: Provider, gate: Gate, turns: Turns
) -> Recogniser:
    request = recognising(settings, provider, utc_now().date())
    server = Transcriptions(client, gate, request.row, turns)
    vocabulary = Vocabulary(settings.vocabulary)
    for tenant, left in vocabulary.left_out(request.row.vocabulary_bytes).items():
        why = (
            f"{request.name} takes {request.row.vocabulary_bytes} bytes of vocabulary: {left} terms left out"
        )
        log.warning("vocabulary.shortened", tenant_id=tenant, reason=why)
    return Recogniser(server, request, vocabulary)


def _diarizer(
    settings: Settings, client: AsyncOpenAI, provider: Provider, gates: Callable[..., Gate], turns: Turns
) -> SpeakerModel | None:
    request = diarizing(settings, provider, utc_now().date())
    if request is None:
        return None
    server = Transcriptions(client, gates(model=request.name), request.row, turns)
    return SpeakerModel(server, request)


def _dearest(recogniser: Recogniser, diarizer: SpeakerModel | None) -> Callable[[float], float | None]:
    """The price of so many seconds at the dearer of the two: which one hears a call, its channels say."""

    def cost(seconds: float) -> float | None:
        costs = [recogniser.cost(seconds)]
        if diarizer:
            costs.append(0.0 if diarizer.provider == "local" else speech_cost(diarizer.model, seconds))
        return None if None in costs else max(cost for cost in costs if cost is not None)

    return cost


def listener(settings: Settings) -> Listener:
    """The ears an operator chose."""
    return Listener(
        voice_activity(settings.voice_activity),
        Limits(
            max_seconds=settings.max_call_hours * 3600,
            dual_mono=settings.dual_mono_correlation,
            max_decoded_bytes=settings.max_decoded_bytes,
        ),
        Rules.within(settings.cut_max_seconds),
    )
