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
from av.packet import Packet
from numpy.typing import NDArray

Sound = NDArray[np.int16]
Record = Callable[..., Path]
Delays = tuple[tuple[float, float], ...]


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
        *channels: Sound,
        codec: str,
        container: str,
        rate: int = 16_000,
        name: str = "recording",
        bit_rate: int | None = None,
        options: dict[str, str] | None = None,
        delays: Delays = (),
    ) -> Path:
        path = tmp_path / name
        layout = {1: "mono", 2: "stereo", 8: "7.1"}[len(channels)]
        with av.open(str(path), "w", format=container, options=options or {}) as output:
            stream = cast("AudioStream", output.add_stream(codec, rate=rate, layout=layout))
            if bit_rate:
                stream.codec_context.bit_rate = bit_rate
            for frame in [*_frames(channels, rate, layout), None]:
                output.mux([_delayed(packet, delays) for packet in stream.encode(frame)])
        return path

    return write


def _delayed(packet: "Packet[AudioStream]", delays: Delays) -> "Packet[AudioStream]":
    """Stamp the packet as if the recorder had paused so many seconds at so many seconds."""
    if packet.pts is not None:
        seconds = float(packet.pts * packet.time_base)
        late = sum(delay for at, delay in delays if seconds >= at)
        packet.pts = packet.dts = packet.pts + round(late / packet.time_base)
    return packet


def _frames(channels: tuple[Sound, ...], rate: int, layout: str) -> list[av.AudioFrame]:
    interleaved = np.stack(channels, axis=1).reshape(1, -1)
    whole = av.AudioFrame.from_ndarray(interleaved, format="s16", layout=layout)
    whole.sample_rate, whole.pts, whole.time_base = rate, 0, Fraction(1, rate)
    resampler = av.AudioResampler(format="s16", layout=layout, rate=rate, frame_size=rate)
    return [frame for frame in [*resampler.resample(whole), *resampler.resample(None)] if frame]
