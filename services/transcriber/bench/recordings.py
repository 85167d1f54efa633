"""Recordings made for a benchmark: hours of a conversation, and files that claim far more than they are."""

import struct
from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import repeat
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

_AGENT, _CUSTOMER = 6.5, 5.5  # seconds of every twelve
_MINUTE = 60  # seconds, after which the conversation repeats


def conversation(path: Path, seconds: int, *, codec: str, container: str, rate: int) -> None:
    """Two speakers on a channel each, who take turns of about six seconds; the noise is at -60 dBFS."""
    minute = _minute(rate)
    _encode(path, (minute[n % _MINUTE] for n in range(seconds)), codec=codec, container=container, rate=rate)


def _minute(rate: int) -> list[NDArray[np.int16]]:
    time = np.arange(_MINUTE * rate) / rate
    noise = np.random.default_rng(0).normal(0, 30, (2, len(time)))
    agent = _voice(time, 130.0) * ((time % 12) < _AGENT)
    customer = _voice(time, 210.0) * (((time + 5.8) % 12) < _CUSTOMER)
    return np.split((np.stack([agent, customer]) * 3_000 + noise).astype(np.int16), _MINUTE, axis=1)


def _voice(time: NDArray[np.float64], pitch: float) -> NDArray[np.float64]:
    """Harmonics of a wavering pitch, in syllables."""
    phase = 2 * np.pi * pitch * (time + 0.01 * np.sin(2 * np.pi * 0.7 * time))
    syllables = np.clip(np.sin(2 * np.pi * 3.5 * time) + 0.6, 0, 1)
    harmonics: NDArray[np.float64] = sum(np.sin(n * phase) / n for n in range(1, 9)) * syllables
    return harmonics


def flac_silence(path: Path, hours: int, rate: int, channels: int) -> None:
    """Hours of digital silence in a few megabytes."""
    second = np.zeros((channels, rate), np.int16)
    _encode(path, repeat(second, hours * 3600), codec="flac", container="flac", rate=rate)


def _encode(
    path: Path, seconds: Iterable[NDArray[np.int16]], *, codec: str, container: str, rate: int
) -> None:
    with av.open(str(path), "w", format=container) as output:
        stream = cast("AudioStream", output.add_stream(codec, rate=rate, layout="stereo"))
        for n, second in enumerate(seconds):
            output.mux(stream.encode(_frame(second, rate, n * rate)))
        output.mux(stream.encode(None))


def _layout(sound: NDArray[np.int16]) -> str:
    return "mono" if len(sound) == 1 else "stereo"


def _frame(sound: NDArray[np.int16], rate: int, pts: int) -> av.AudioFrame:
    interleaved = np.ascontiguousarray(sound.T).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(interleaved, format="s16", layout=_layout(sound))
    frame.sample_rate, frame.pts, frame.time_base = rate, pts, Fraction(1, rate)
    return frame


def sparse_wav(path: Path) -> None:
    """Two gigabytes of zeros that take no room on disk."""
    _wav_header(path, rate=16_000, channels=1, claimed=2_000_000_000)
    with path.open("r+b") as file:
        file.truncate(2_000_000_044)


def wav(path: Path, *, rate: int, channels: int) -> None:
    """192,000 samples under a header that says so much a second, on so many channels."""
    _wav_header(path, rate=rate, channels=channels, claimed=384_000)
    with path.open("ab") as file:
        file.write(bytes(384_000))


def _wav_header(path: Path, *, rate: int, channels: int, claimed: int) -> None:
    block = channels * 2 & 0xFFFF
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate, rate * 2 & 0xFFFFFFFF, block, 16)
    path.write_bytes(
        b"RIFF" + struct.pack("<I", claimed + 36) + b"WAVE" + form + struct.pack("<4sI", b"data", claimed)
    )


def rf64(path: Path) -> None:
    """A hundred hours by its header, 24 seconds by its content."""
    claimed = 100 * 3600 * 32_000
    sizes = struct.pack("<4sIQQQI", b"ds64", 28, claimed + 72, claimed, claimed // 2, 0)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 16_000, 32_000, 2, 16)
    path.write_bytes(
        b"RF64\xff\xff\xff\xffWAVE" + sizes + form + b"data\xff\xff\xff\xff" + bytes(24 * 32_000)
    )


BOMBS: dict[str, Callable[[Path], None]] = {
    "FLAC, 24 h of silence, 8 kHz mono": lambda path: flac_silence(path, 24, 8_000, 1),
    "FLAC, 24 h of silence, 96 kHz stereo": lambda path: flac_silence(path, 24, 96_000, 2),
    "WAV of zeros, 2 GB": sparse_wav,
    "RF64 claiming 100 h": rf64,
    "WAV at 1 Hz": lambda path: wav(path, rate=1, channels=1),
    "WAV at 1 GHz": lambda path: wav(path, rate=1_073_741_823, channels=1),
    "WAV of 64 channels": lambda path: wav(path, rate=8_000, channels=64),
    "WAV of 65535 channels": lambda path: wav(path, rate=8_000, channels=65_535),
}
