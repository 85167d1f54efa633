"""A call of which there is everything: two revisions, a recording, a waveform."""

from typing import Any

from common.model import (
    Analysis,
    Call,
    CallKey,
    CallMetadata,
    ChannelPeaks,
    ObjectRef,
    Peaks,
    Recording,
    Transcript,
    Utterance,
)
from common.pipeline import ANALYZE, EMBED, INGEST, PIPELINE, TRANSCRIBE
from door_fakes import BUCKET
from door_scene import WORK, concluded
from ingest_scene import NOW, Outside, wav
from nouns import reopen
from pydantic.types import Base64UrlEncoder

THROUGH = 3  # the rank of a call that is to be analysed again


async def whole(outside: Outside, key: CallKey, word: str) -> None:
    """Keep it; *word* is said in it, found in it, and who it is with."""
    await outside.calls.keep(_recorded(outside, key, word))
    await outside.transcripts.keep(_spoken(key, word))
    await outside.peaks.keep(_drawn(key, word))
    await outside.analyses.keep(_analysed(key, word))
    for stage in PIPELINE:
        await _done(outside, key, stage)
    again = (await reopen(outside.journal, key, ANALYZE, THROUGH, NOW)).key
    await outside.analyses.keep(_analysed(again, f"{word} again"))
    for stage in (ANALYZE, EMBED):
        await _done(outside, again, stage)


async def _done(outside: Outside, key: CallKey, stage: Any) -> None:
    await outside.journal.begin(key, stage, NOW)
    await outside.journal.finish(key, stage, NOW, 1.0, None if stage in {INGEST, TRANSCRIBE} else WORK)


def _recorded(outside: Outside, key: CallKey, word: str) -> Call:
    content, place = wav(0.2), ObjectRef(bucket=BUCKET, key=f"{key.tenant_id}/{key.call_id}.wav")
    outside.bucket.put(place.key, content)
    recording = Recording(
        object=place,
        size_bytes=len(content),
        container="wav",
        codec="pcm_s16le",
        sample_rate=8000,
        channels=2,
    )
    return Call(**dict(key), recording=recording, metadata=CallMetadata(agent=word), created_at=NOW)


def _spoken(key: CallKey, word: str) -> Transcript:
    said = Utterance(id="u1", speaker=word, channel=0, start_ms=0, end_ms=900, text=f"{word} is slow")
    return Transcript(**dict(key), language="en", duration_ms=1000, utterances=(said,), work=WORK)


def _drawn(key: CallKey, word: str) -> Peaks:
    row = ChannelPeaks(channel=0, speaker=word, peaks=Base64UrlEncoder.encode(bytes((0, 17, 255))))
    return Peaks(**dict(key), duration_ms=1000, peaks_per_second=64, channels=(row,))


def _analysed(key: CallKey, word: str) -> Analysis:
    found = concluded()
    first, *others = found.pain_points
    named = first.model_copy(update={"description": word})
    said = found.model_copy(update={"summary": word, "pain_points": (named, *others)})
    return Analysis(**dict(key), insights=said, prompt_version="1", work=WORK)
