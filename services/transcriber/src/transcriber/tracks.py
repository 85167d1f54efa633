"""Sound on its way from decoded frames to files: blocks, each channel brought to 16 kHz, raw PCM on disk."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from common.errors import Permanent, raising
from numpy.typing import NDArray

from transcriber.correlation import Correlation
from transcriber.cuts import SAMPLE_RATE

Samples = NDArray[np.int16]

# PyAV finds the end of a frame's planes by a null pointer, and eight planes fill the list it looks in.
_MOST_PLANES = 7
_BLOCK = 65_536  # values, all channels together


class UnreadableAudioError(Permanent):
    """FFmpeg cannot make sound of it."""

    default_reason = "unreadable_audio"


UNREADABLE: dict[type[Exception], type[Permanent]] = {
    av.FFmpegError: UnreadableAudioError,
    ValueError: UnreadableAudioError,
    EOFError: UnreadableAudioError,
}


@dataclass(slots=True)
class Block:
    """Consecutive frames of the same kind: few calls, and little memory however many channels there are."""

    rate: int
    kind: str
    channels: int
    parts: list[NDArray[np.generic]] = field(default_factory=list)
    length: int = 0

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.length / self.rate

    def takes(self, frame: AudioFrame) -> bool:
        """Whether there is room for *frame*, and it is of the same kind."""
        same = (self.rate, self.kind, self.channels) == _kind(frame)
        return same and self.length * self.channels < _BLOCK

    def add(self, frame: AudioFrame) -> None:
        """Append a frame that ``takes`` admits."""
        self.parts.append(_rows(frame))
        self.length += frame.samples


def blocks(frames: Iterable[AudioFrame]) -> Iterator[Block]:
    """Frames in blocks: a new one where it is full, or the rate, format or channels change."""
    block: Block | None = None
    for frame in frames:
        if block is not None and not block.takes(frame):
            yield block
            block = None
        block = block or Block(*_kind(frame))
        block.add(frame)
    if block is not None:
        yield block


def _kind(frame: AudioFrame) -> tuple[int, str, int]:
    return frame.sample_rate, frame.format.packed.name, frame.layout.nb_channels


def _rows(frame: AudioFrame) -> NDArray[np.generic]:
    """The samples in the shape (channels, samples), whichever way they lie."""
    with raising("reading decoded samples", UNREADABLE):
        if not frame.format.is_planar:
            return _interleaved(frame)
        if frame.layout.nb_channels <= _MOST_PLANES:
            return frame.to_ndarray()
        return np.concatenate([_interleaved(packed) for packed in _packed(frame)], axis=1)


def _interleaved(frame: AudioFrame) -> NDArray[np.generic]:
    return frame.to_ndarray().reshape(-1, frame.layout.nb_channels).T


def _packed(frame: AudioFrame) -> list[AudioFrame]:
    """The same samples in one plane."""
    resampler = AudioResampler(format=frame.format.packed.name, layout=frame.layout, rate=frame.sample_rate)
    return [*resampler.resample(frame), *resampler.resample(None)]


class Resampling:
    """Brings each channel to 16 kHz by itself: FFmpeg's resampler fails on layouts of many channels."""

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._kind: tuple[int, str] | None = None
        self._resamplers: list[AudioResampler] = []

    def resample(self, block: Block) -> Samples:
        """The block at 16 kHz, shape (channels, samples), less what the filter still holds."""
        before = self._turn_to(block.rate, block.kind)
        rows = np.concatenate(block.parts, axis=1)
        with raising("resampling", UNREADABLE):
            now = [self._one(n, row, block) for n, row in enumerate(rows)]
        return np.concatenate([before, np.stack(now)], axis=1)

    def rest(self) -> Samples:
        """What the filters still hold."""
        held = [_joined(resampler.resample(None)) for resampler in self._resamplers]
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

    def _one(self, n: int, row: NDArray[np.generic], block: Block) -> Samples:
        frame = AudioFrame.from_ndarray(
            np.ascontiguousarray(row)[np.newaxis], format=block.kind, layout="mono"
        )
        frame.sample_rate = block.rate
        return _joined(self._resamplers[n].resample(frame))


def _joined(frames: Iterable[AudioFrame | None]) -> Samples:
    parts = [frame.to_ndarray().reshape(-1) for frame in frames if frame is not None]
    return np.concatenate(parts).astype(np.int16, copy=False) if parts else np.zeros(0, np.int16)


class Tracks:
    """The files being written, and what is learnt on the way."""

    def __init__(self, files: list[BinaryIO], max_seconds: float) -> None:
        self._files = files
        self._most = round(max_seconds * SAMPLE_RATE)
        self._max_hours = max_seconds / 3600
        self._likeness = Correlation()
        self.samples = 0

    def write(self, block: Samples) -> None:
        """Append a block of the shape (channels, samples), every file by as much."""
        self.samples += block.shape[1]
        if self.samples > self._most:
            raise Permanent(f"the recording is longer than {self._max_hours:g} hours", reason="too_long")
        if len(self._files) == 2:  # noqa: PLR2004 - a pair is what can be alike
            self._likeness.add(block)
        for file, row in zip(self._files, block, strict=True):
            file.write(row.astype("<i2", copy=False).tobytes())

    @property
    def correlation(self) -> float:
        """Of two channels."""
        return self._likeness.value
