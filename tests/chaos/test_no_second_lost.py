"""A recording goes to the provider second by second: none lost, none twice, each where it belongs."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from ears import Hear, open_ears, told
from servers import Servers
from tone_files import WAV, Format, conversation, record
from tone_proofs import every_second_once, told_as_it_was
from tone_speech import ToneSpeech, running_tone_speech

MINUTES = 120 if os.environ.get("CHAOS") == "all" else 1
FORMATS = {
    "wav 8 kHz": WAV,
    "mu-law wav": Format("pcm_mulaw", "wav", 8000),
    "mp3 8 kHz": Format("libmp3lame", "mp3", 8000, 32_000),
    "mp3": Format("libmp3lame", "mp3", 22_050, 48_000),
    "opus": Format("libopus", "ogg", 16_000, 48_000),
    "m4a": Format("aac", "ipod", 16_000, 48_000),
}
Ears = Callable[..., AbstractAsyncContextManager[Hear]]


@pytest.fixture
async def provider() -> AsyncIterator[ToneSpeech]:
    async with running_tone_speech() as server:
        yield server


@pytest.fixture
def ears(server: Servers, fresh: str, provider: ToneSpeech, tmp_path: Path) -> Ears:
    return lambda **chosen: open_ears(told(server, fresh, provider, **chosen), tmp_path)


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
async def test_no_second_is_lost_in_any_format(
    ears: Ears, provider: ToneSpeech, tmp_path: Path, form: Format
) -> None:
    """Two people, in turn and at once: each second arrives once, in its place, from the right channel."""
    script = conversation(MINUTES * 60, seed=MINUTES)

    async with ears() as hear:
        transcript = await hear(record(tmp_path / "recording", script, form))

    every_second_once(script, provider.log)
    told_as_it_was(script, transcript)


@pytest.mark.parametrize("longest", [5, 7.3, 61])
async def test_no_second_is_lost_however_long_cuts_may_be(
    ears: Ears, provider: ToneSpeech, tmp_path: Path, longest: float
) -> None:
    """A monologue is cut where it must be, to the sample."""
    script = conversation(60, seed=round(longest * 10))

    async with ears(cut_max_seconds=longest) as hear:
        transcript = await hear(record(tmp_path / "recording", script))

    assert [] == [asked.number for asked in provider.log if asked.samples > longest * 16_000]
    every_second_once(script, provider.log)
    told_as_it_was(script, transcript)
