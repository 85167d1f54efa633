"""What transcribers are given to do: calls of four turns, told apart by their tones."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from backstage import Backstage
from common.events import CallIngested
from common.model import ObjectRef, Recording
from tone_files import record, short_call
from tone_speech import RATE, Asked, running_tone_speech, speak
from trades import TENANT, Trade

AT_ONCE = 2
CHOSEN = {"VOICE_ACTIVITY": "energy", "DRAIN_SECONDS": "5", "CUT_CONCURRENCY": str(AT_ONCE)}


@asynccontextmanager
async def hearing() -> AsyncIterator[Trade]:
    """The trade, its provider running."""
    async with running_tone_speech() as provider:
        yield Trade(
            stage="transcribe",
            service="transcriber",
            collection="transcripts",
            then="analyze",
            questions=4,
            open_at_once=AT_ONCE,
            chosen={**CHOSEN, **provider.variables},
            provider=provider,
            speak=speak,
            hand_in=_hand_in,
            said=_said,
            counts=_counts,
        )


async def _hand_in(backstage: Backstage, folder: Path, call_id: str, number: int) -> None:
    path = folder / f"{call_id}.wav"
    await asyncio.to_thread(record, path, short_call(number))
    content = await asyncio.to_thread(path.read_bytes)
    where = ObjectRef(bucket=backstage.audio, key=path.name)
    await backstage.s3.put_object(Bucket=where.bucket, Key=where.key, Body=content)
    found = Recording(
        object=where,
        size_bytes=len(content),
        container="wav",
        codec="pcm_s16le",
        sample_rate=8000,
        channels=2,
    )
    event = CallIngested(tenant_id=TENANT, call_id=call_id, recording=found)
    await backstage.send("transcribe", event.model_dump(mode="json"))


def _said(result: dict[str, Any]) -> str:
    text: str = result["text"]
    return text


def _counts(row: dict[str, Any], asked: Asked) -> bool:
    """Seconds are noted before they are sent."""
    return bool(row["audio_seconds"] == -(-asked.samples // RATE))
