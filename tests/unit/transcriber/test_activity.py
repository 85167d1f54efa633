"""Where voice activity is found."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray
from transcriber.activity import Energy, Silero, voice_activity
from transcriber.cuts import WINDOW, Activity, spans
from transcriber.threads import Stop, StoppedError

Make = Callable[..., NDArray[np.int16]]
Track = Callable[..., Path]
Kind = Literal["silero", "energy"]


@pytest.fixture
def track(tmp_path: Path) -> Track:
    def write(*parts: NDArray[Any]) -> Path:
        path = tmp_path / "channel.pcm"
        np.concatenate(parts).astype("<i2").tofile(path)
        return path

    return write


class CountingModel:
    def __init__(self) -> None:
        self.windows = self.resets = 0

    def process(self, window: memoryview) -> float:
        self.windows += 1
        return 0.0

    def reset(self) -> None:
        self.resets += 1


def seconds(activity: Activity) -> list[tuple[float, float]]:
    return [(round(s.start / 16_000, 1), round(s.end / 16_000, 1)) for s in spans(activity)]


def test_energy_finds_what_stands_out_of_silence(track: Track, make_voice: Make, make_silence: Make) -> None:
    """Two bursts in a minute of nothing."""
    path = track(make_silence(20.0), make_voice(2.0), make_silence(10.0), make_voice(1.0), make_silence(27.0))

    assert [(20.0, 22.0), (32.0, 33.0)] == seconds(Energy().judge(path, Stop()))


def test_energy_adapts_to_the_noise_around(track: Track, make_voice: Make) -> None:
    """Hum that would be speech on a quiet line is not speech on a noisy one."""
    rng = np.random.default_rng(7)
    noise = rng.normal(0, 400, 16_000 * 30)
    noise[16_000 * 10 : 16_000 * 12] += make_voice(2.0)

    assert [(10.0, 12.0)] == seconds(Energy().judge(track(noise), Stop()))


def test_energy_hears_an_uninterrupted_speaker(track: Track, make_voice: Make) -> None:
    """Speech without a pause is not taken for the noise floor."""
    found = Energy().judge(track(make_voice(40.0)), Stop())

    assert 40.0 == pytest.approx(sum(s.length for s in spans(found)) / 16_000, abs=0.5)


@pytest.mark.parametrize("kind", ["silero", "energy"])
def test_every_sample_is_judged_once(track: Track, make_silence: Make, kind: Kind) -> None:
    """The last, short window too; lengths are counted in samples."""
    activity = voice_activity(kind).judge(track(make_silence(1.0)[: 3 * WINDOW + 1]), Stop())

    assert (4, 4, 3 * WINDOW + 1) == (len(activity.speech), len(activity.loudness), activity.samples)


@pytest.mark.parametrize("kind", ["silero", "energy"])
def test_an_empty_channel_has_no_activity(track: Track, make_silence: Make, kind: Kind) -> None:
    """Nothing was recorded on it."""
    activity = voice_activity(kind).judge(track(make_silence(0)), Stop())

    assert (0, []) == (activity.samples, spans(activity))


def test_silero_takes_no_tone_for_speech(track: Track, make_silence: Make) -> None:
    """A dial tone is not a voice."""
    tone = (8_000 * np.sin(2 * np.pi * 440 * np.arange(16_000 * 5) / 16_000)).astype(np.int16)

    assert [] == seconds(Silero().judge(track(make_silence(1.0), tone, make_silence(1.0)), Stop()))


@pytest.mark.parametrize("noise", [0, 60])
def test_a_silent_channel_costs_silero_nothing(track: Track, noise: int) -> None:
    """Neither digital silence nor a line's even noise, ten minutes of it, reaches the model."""
    model = CountingModel()
    rng = np.random.default_rng(5)

    Silero(lambda: model).judge(track(rng.normal(0, noise, 16_000 * 600)), Stop())

    assert (0, 0) == (model.windows, model.resets)


def test_silero_hears_a_sound_come_and_go(track: Track, make_voice: Make, make_silence: Make) -> None:
    """A quarter of a second before each sound and half a second after it; forgetting what was before."""
    model = CountingModel()
    sound = make_voice(1.024)

    Silero(lambda: model).judge(
        track(make_silence(5.12), sound, make_silence(5.12), sound, make_silence(5.12)), Stop()
    )

    assert (2 * (8 + 32 + 15), 2) == (model.windows, model.resets)


def test_judging_ends_when_nobody_waits_for_it(track: Track, make_voice: Make) -> None:
    """A cancelled call does not go on in its thread."""
    stop = Stop()
    stop.tell()

    with pytest.raises(StoppedError):
        Silero().judge(track(make_voice(1.0)), stop)
