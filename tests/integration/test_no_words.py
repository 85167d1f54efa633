"""What is no speech gives no words, and nobody is paid for hearing it."""

import wave
from collections.abc import AsyncIterator
from pathlib import Path

import onebox.samples
import pytest
from ears import Hear, open_ears, told
from hold_sounds import RATE, SOUNDS, Sound
from servers import Servers
from tone_speech import ToneSpeech, running_tone_speech

SPEECH = Path(onebox.samples.__file__).with_name("pricing_review.opus")


@pytest.fixture
async def provider() -> AsyncIterator[ToneSpeech]:
    async with running_tone_speech() as server:
        yield server


@pytest.fixture
async def hear(server: Servers, fresh: str, provider: ToneSpeech, tmp_path: Path) -> AsyncIterator[Hear]:
    """With the ears that operators have unless they choose others."""
    async with open_ears(told(server, fresh, provider, voice_activity="silero"), tmp_path) as hear:
        yield hear


def written(path: Path, sound: Sound) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((sound.clip(-1, 1) * 32767).astype("<i2").tobytes())
    return path


async def test_silence_noise_and_hold_music_ask_nobody(
    hear: Hear, provider: ToneSpeech, tmp_path: Path
) -> None:
    """Twelve seconds of each are a valid transcript without words, at no cost."""
    told_of = {name: await hear(written(tmp_path / name, make())) for name, make in SOUNDS.items()}

    assert dict.fromkeys(SOUNDS, "no_speech") == {name: each.outcome for name, each in told_of.items()}
    assert {0.0} == {each.work.cost_usd for each in told_of.values() if each.work}
    assert [] == provider.log


async def test_speech_is_heard_where_music_is_not(hear: Hear, provider: ToneSpeech, tmp_path: Path) -> None:
    """The same ears find the speech of a sample call."""
    await hear(SPEECH)

    assert 0 < len(provider.log)
