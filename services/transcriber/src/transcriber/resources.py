"""What the transcriber needs from outside, opened and closed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from common.clients import open_mongo, open_openai, open_s3
from common.gate import Gate
from common.journal import Journal
from common.recordings import RecordingBucket
from common.settings import Provider
from common.transcripts import TranscriptStore, transcripts_in
from common.work import Claims
from faststream import Context

from transcriber.activity import voice_activity
from transcriber.archive import TranscriptArchive
from transcriber.cuts import SAMPLE_RATE, Rules
from transcriber.engines import engines
from transcriber.folders import sweep
from transcriber.hearing import Hearing
from transcriber.listening import Limits, Listener
from transcriber.remembered import RememberedSpeech
from transcriber.settings import Settings
from transcriber.speech import Recogniser

Recordings = Annotated[RecordingBucket, Context()]
Transcripts = Annotated[TranscriptStore, Context()]
Ears = Annotated[Hearing, Context("hearing")]
Archive = Annotated[TranscriptArchive, Context()]

_READ_TIMEOUT = 60.0  # seconds; each request sets its own, by the length of its audio


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[dict[str, object]]:
    """The buckets, the stores and the recogniser, under the names the handler knows them by."""
    provider = Provider(settings, "transcription")
    async with (
        open_s3(settings) as s3,
        open_mongo(settings) as db,
        open_openai(provider, read_timeout=_READ_TIMEOUT) as client,
    ):
        recogniser = Recogniser(
            client,
            Gate(provider.name, settings.transcription_model),
            settings.transcription_language,
        )
        heard = Claims(db["work"], days=settings.paid_work_days)
        transcripts = transcripts_in(db)
        recordings = RecordingBucket(s3)
        await asyncio.to_thread(sweep)
        await heard.prepare()
        await transcripts.prepare()
        yield {
            "journal": Journal(db["journal"]),
            "recordings": recordings,
            "transcripts": transcripts,
            "archive": TranscriptArchive(recordings, settings.s3_bucket_transcripts),
            "hearing": Hearing(
                listener(settings),
                RememberedSpeech(recogniser, heard),
                settings.channel_roles,
                settings.cut_concurrency,
                engines(settings, recogniser.provider),
            ),
        }


def listener(settings: Settings) -> Listener:
    """The ears an operator chose."""
    return Listener(
        voice_activity(settings.voice_activity),
        Limits(max_seconds=settings.max_call_hours * 3600, dual_mono=settings.dual_mono_correlation),
        Rules(longest=round(settings.cut_max_seconds * SAMPLE_RATE)),
    )
