"""Recordings of people, which lie outside of the project, are heard as it is known that they sound."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from common.errors import Permanent
from ears import Hear, open_ears, told
from servers import Servers
from tone_speech import ToneSpeech, running_tone_speech

FOLDER = Path(os.environ.get("RECORDINGS", "no such folder"))
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="RECORDINGS names no folder: no real recording was heard"
)

TALK = 86.0 + 82.0  # seconds that agent and caller speak on the dual-channel call
PRICE, MOST = 0.0045, 0.006  # USD a minute: gpt-transcribe's of what is sent, ours of a call


@pytest.fixture
async def provider() -> AsyncIterator[ToneSpeech]:
    async with running_tone_speech() as server:
        yield server


@pytest.fixture
async def hear(server: Servers, fresh: str, provider: ToneSpeech, tmp_path: Path) -> AsyncIterator[Hear]:
    async with open_ears(told(server, fresh, provider, voice_activity="silero"), tmp_path) as hear:
        yield hear


async def test_a_four_minute_call_is_heard_and_priced_as_promised(hear: Hear) -> None:
    """Speech is found to a tenth; what is sent costs 0.6 cents a minute at most, padding included."""
    transcript = await hear(FOLDER / "lca_auto_repairs_40_stereo_agentL_callerR.flac")

    assert TALK == pytest.approx(transcript.speech_ms / 1000, rel=0.1)
    assert transcript.work
    cost = transcript.work.audio_seconds * PRICE / 60
    assert MOST >= cost / (transcript.duration_ms / 60_000)


@pytest.mark.parametrize(
    ("name", "seconds"), [("whisper_jfk.flac", 11), ("whisperdiar_test.opus", 22.6), ("fw_hotwords.mp3", 4)]
)
async def test_dual_mono_is_sent_once(hear: Hear, provider: ToneSpeech, name: str, seconds: float) -> None:
    """Two channels that are the same cost as much as one."""
    await hear(FOLDER / name)

    assert 0 < sum(asked.samples for asked in provider.log) / 16_000 <= seconds + 0.5


async def test_what_has_no_header_is_refused(hear: Hear) -> None:
    """With a reason, and once."""
    with pytest.raises(Permanent) as refusal:
        await hear(FOLDER / "azure_missing_wav_header.wav")

    assert refusal.value.reason
