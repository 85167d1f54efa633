"""A recording goes to the provider second by second: none lost, none twice, each where it belongs."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from common.model import CallKey, ObjectRef, Transcript
from ears import told
from servers import Servers
from tone_files import WAV, Format, conversation, record
from tone_proofs import every_second_once, told_as_it_was
from tone_speech import ToneSpeech, running_tone_speech
from transcriber.resources import open_resources

MINUTES = 120 if os.environ.get("CHAOS") == "all" else 1
FORMATS = {
    "wav 8 kHz": WAV,
    "mu-law wav": Format("pcm_mulaw", "wav", 8000),
    "mp3 8 kHz": Format("libmp3lame", "mp3", 8000, 32_000),
    "mp3": Format("libmp3lame", "mp3", 44_100, 64_000),
    "opus": Format("libopus", "ogg", 16_000, 48_000),
    "m4a": Format("aac", "ipod", 16_000, 48_000),
}
KEY = CallKey(tenant_id="acme", call_id="c-42")

Hear = Callable[..., AbstractAsyncContextManager[Callable[[Path], Any]]]


@pytest.fixture
async def provider() -> AsyncIterator[ToneSpeech]:
    async with running_tone_speech() as server:
        yield server


@pytest.fixture
def hear(server: Servers, fresh: str, provider: ToneSpeech, tmp_path: Path) -> Hear:
    """The transcriber's own ears, with what an operator chooses, and a provider that listens back."""

    @asynccontextmanager
    async def ears(**chosen: Any) -> AsyncIterator[Callable[[Path], Any]]:
        async with open_resources(told(server, fresh, provider, **chosen)) as resources:
            hearing: Any = resources["hearing"]

            async def listen(recording: Path) -> Transcript:
                folder = tmp_path / "between"
                folder.mkdir()
                where = ObjectRef(bucket="calls", key=recording.name, etag=recording.name)
                transcript: Transcript = await hearing.transcript(KEY, where, recording, folder)
                return transcript

            yield listen

    return ears


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
async def test_no_second_is_lost_in_any_format(
    hear: Hear, provider: ToneSpeech, tmp_path: Path, form: Format
) -> None:
    """Two people, in turn and at once: each second arrives once, in its place, from the right channel."""
    script = conversation(MINUTES * 60, seed=MINUTES)

    async with hear() as listen:
        transcript = await listen(record(tmp_path / "recording", script, form))

    every_second_once(script, provider.log)
    told_as_it_was(script, transcript)


@pytest.mark.parametrize("longest", [5, 7.3, 19, 61, 400])
async def test_no_second_is_lost_however_long_cuts_may_be(
    hear: Hear, provider: ToneSpeech, tmp_path: Path, longest: float
) -> None:
    """A monologue is cut where it must be, to the sample."""
    script = conversation(60, seed=round(longest * 10))

    async with hear(cut_max_seconds=longest) as listen:
        transcript = await listen(record(tmp_path / "recording", script))

    assert [] == [asked.number for asked in provider.log if asked.samples > longest * 16_000]
    every_second_once(script, provider.log)
    told_as_it_was(script, transcript)
