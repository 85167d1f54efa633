"""The transcriber as an operator sets it up, on a test's servers and a provider that listens back."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from common.model import CallKey, ObjectRef, Transcript
from contract.harness import settings as none_of_which_leads_anywhere
from servers import Servers
from tone_speech import ToneSpeech
from transcriber.resources import open_resources
from transcriber.settings import Settings

KEY = CallKey(tenant_id="acme", call_id="c-42")
Hear = Callable[[Path], Awaitable[Transcript]]


def told(server: Servers, name: str, provider: ToneSpeech, **chosen: Any) -> Settings:
    """Settings for a database called *name*; tones count as speech."""
    nowhere: dict[str, Any] = dict(none_of_which_leads_anywhere())
    places = {
        "mongodb_uri": server("mongo"),
        "mongodb_database": name,
        "redis_endpoint": server("redis").removeprefix("redis://"),
        "aws_endpoint_url_s3": server("s3"),
        **{variable.lower(): value for variable, value in provider.variables.items()},
    }
    hearing = {"voice_activity": "energy", "cut_concurrency": 8}
    return Settings.model_validate(nowhere | places | hearing | chosen)


@asynccontextmanager
async def open_ears(settings: Settings, folder: Path) -> AsyncIterator[Hear]:
    """Hear recordings; what is in between lies in *folder*."""
    async with open_resources(settings) as resources:
        hearing: Any = resources["hearing"]

        async def hear(recording: Path) -> Transcript:
            between = folder / f"{recording.name}-between"
            between.mkdir()
            where = ObjectRef(bucket="calls", key=recording.name, etag=recording.name)
            transcript: Transcript = await hearing.transcript(KEY, where, recording, between)
            return transcript

        yield hear
