"""The channels on their way to files: each brought to 16 kHz by itself, counted, raw PCM on disk."""

from collections.abc import Iterable
from dataclasses import dataclass
from io import SEEK_CUR
from typing import BinaryIO

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from common.errors import Permanent, raising
from numpy.typing import NDArray

from transcriber.blocks import Block
from transcriber.correlation import Correlation
from transcriber.cuts import SAMPLE_RATE
from transcriber.opening import UNREADABLE
from transcriber.waveform import Waveform

Samples = NDArray[np.int16]

_ON_DISK = 8  # of the bytes that may be decoded, the part that may be written, as its inverse
_ZEROS = 65_536  # samples of silence at a time
_PAIR = 2  # channels, which can be alike


class Resampling:
    """Brings each channel to 16 kHz by itself: FFmpeg's resampler fails on layouts of many channels."""

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._kind: tuple[int, str] | None = None
        self._resamplers: list[AudioResampler] = []

    def resample(self, rows: NDArray[np.generic], rate: int, kind: str) -> Samples:
        """*rows* at 16 kHz, shape (channels, samples), less what the filter still holds."""
        before = self._turn_to(rate, kind)
        with raising("resampling", UNREADABLE):
            now = [self._one(n, row, rate, kind) for n, row in enumerate(rows)]
        return np.concatenate([before, np.stack(now)], axis=1)

    def rest(self) -> Samples:
        """What the filters still hold; they begin anew."""
        held = [_joined(resampler.resample(None)) for resampler in self._resamplers]
        self._kind, self._resamplers = None, []
        return np.stack(held) if held else np.zeros((self._channels, 0), np.int16)

    def _turn_to(self, rate: int, kind: str) -> Samples:
        """Begin anew where the rate or the format changes inside a file; return what is left of before."""
        if self._kind == (rate, kind):
            return np.zeros((self._channels, 0), np.int16)
        rest = self.rest()
        self._kind = (rate, kind)
        self._resamplers = [
            AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE) for _ in range(self._channels)
        ]
        return rest

    def _one(self, n: int, row: NDArray[np.generic], rate: int, kind: str) -> Samples:
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(row)[np.newaxis], format=kind, layout="mono")
        frame.sample_rate = rate
        return _joined(self._resamplers[n].resample(frame))


def _joined(frames: Iterable[AudioFrame | None]) -> Samples:
    parts = [frame.to_ndarray().reshape(-1) for frame in frames if frame is not None]
    return np.concatenate(parts).astype(np.int16, copy=False) if parts else np.zeros(0, np.int16)


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much may come of one recording, counted while it comes: what it declares are claims."""

    seconds: float
    decoded_bytes: int
    """An eighth of it may lie on disk: telephone sound becomes four times as large, other sound smaller."""


class Tracks:
    """The files being written, and what is learnt on the way."""

    def __init__(self, files: list[BinaryIO], allowance: Allowance) -> None:
        self._files = files
        self._allowance = allowance
        self._resampling = Resampling(len(files))
        self._decoded = 0
        self._position = 0.0
        self.likeness = Correlation()
        self.waveform = Waveform(len(files), SAMPLE_RATE)
        self.samples = 0

    def write(self, block: Block) -> None:
        """Append a block, every file by as much.

        Raises:
            Permanent: too_long or too_large.
        """
        rows = block.rows()
        self._decoded += rows.nbytes
        self._position += block.length / block.rate
        if rows.any():
            self._append(self._resampling.resample(rows, block.rate, block.format))
        else:
            self.silence(self._position)

    def silence(self, end: float) -> None:
        """Fill up with silence until *end*, in seconds: holes in the files, which take no room.

        Raises:
            Permanent: too_long or too_large.
        """
        self._append(self._resampling.rest())
        self._position = end
        while (missing := round(end * SAMPLE_RATE) - self.samples) > 0:
            self._skip(min(missing, _ZEROS))

    def finish(self) -> None:
        """Append what the resampler still holds."""
        self._append(self._resampling.rest())
        for file in self._files:
            file.truncate()

    def _skip(self, samples: int) -> None:
        self.samples += samples
        self._check()
        self.waveform.silence(samples)
        if len(self._files) == _PAIR:
            self.likeness.add(np.zeros((_PAIR, samples), np.int16))
        for file in self._files:
            file.seek(samples * 2, SEEK_CUR)

    def _append(self, samples: Samples) -> None:
        self.samples += samples.shape[1]
        self._check()
        self.waveform.add(samples)
        if len(self._files) == _PAIR:
            self.likeness.add(samples)
        for file, row in zip(self._files, samples, strict=True):
            file.write(row.astype("<i2", copy=False).tobytes())

    def _check(self) -> None:
        most = self._allowance
        if self.samples > round(most.seconds * SAMPLE_RATE):
            hours = most.seconds / 3600
            raise Permanent(f"the recording is longer than MAX_CALL_HOURS ({hours:g})", reason="too_long")
        written = self.samples * len(self._files) * 2
        if self._decoded + written > most.decoded_bytes or written > most.decoded_bytes // _ON_DISK:
            raise Permanent("more comes of the recording than MAX_DECODED_BYTES", reason="too_large")
