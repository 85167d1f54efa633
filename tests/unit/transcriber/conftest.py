"""Sounds made on the spot."""

import wave
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from numpy.typing import NDArray

Sound = NDArray[np.int16]
Record = Callable[..., Path]


def voice(seconds: float, rate: int = 16_000, pitch: float = 220.0) -> Sound:
    """Something like a voice: a tone in syllables."""
    time = np.arange(round(seconds * rate)) / rate
    syllables = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * time)
    tone = np.sin(2 * np.pi * pitch * time) + 0.5 * np.sin(2 * np.pi * 2 * pitch * time)
    return (tone * syllables * 8000).astype(np.int16)


def silence(seconds: float, rate: int = 16_000) -> Sound:
    """Nothing at all."""
    return np.zeros(round(seconds * rate), np.int16)


@pytest.fixture
def make_voice() -> Callable[..., Sound]:
    return voice


@pytest.fixture
def make_silence() -> Callable[..., Sound]:
    return silence


@pytest.fixture
def record_wav(tmp_path: Path) -> Record:
    """Write channels as a PCM WAV."""

    def write(*channels: Sound, rate: int = 16_000, name: str = "recording") -> Path:
        path = tmp_path / name
        with wave.open(str(path), "wb") as file:
            file.setnchannels(len(channels))
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(np.stack(channels, axis=1).astype("<i2").tobytes())
        return path

    return write


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Encode one, two or eight channels with one of FFmpeg's codecs."""

    def write(
        *channels: Sound, codec: str, container: str, rate: int = 16_000, name: str = "recording"
    ) -> Path:
        path = tmp_path / name
        layout = {1: "mono", 2: "stereo", 8: "7.1"}[len(channels)]
        with av.open(str(path), "w", format=container) as output:
            stream = cast("AudioStream", output.add_stream(codec, rate=rate, layout=layout))
            for frame in _frames(channels, rate, layout):
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        return path

    return write


def _frames(channels: tuple[Sound, ...], rate: int, layout: str) -> list[av.AudioFrame]:
    interleaved = np.stack(channels, axis=1).reshape(1, -1)
    whole = av.AudioFrame.from_ndarray(interleaved, format="s16", layout=layout)
    whole.sample_rate, whole.pts, whole.time_base = rate, 0, Fraction(1, rate)
    resampler = av.AudioResampler(format="s16", layout=layout, rate=rate, frame_size=rate)
    return [frame for frame in [*resampler.resample(whole), *resampler.resample(None)] if frame]
