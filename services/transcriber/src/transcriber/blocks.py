"""Decoded frames gathered into blocks: few calls, and little memory however many channels there are."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from transcriber.opening import UNREADABLE, UnreadableAudioError
from transcriber.timeline import Silence

# PyAV finds the end of a frame's planes by a null pointer, and eight planes fill the list it looks in.
_MOST_PLANES = 7
_BLOCK = 262_144  # values, all channels together


@dataclass(slots=True)
class Block:
    """Consecutive frames of the same rate, format and number of channels."""

    rate: int
    format: str
    channels: int
    parts: list[NDArray[np.generic]] = field(default_factory=list)
    length: int = 0

    def takes(self, frame: AudioFrame) -> bool:
        """Whether there is room for *frame*, and it is of the same kind."""
        return self.length * self.channels < _BLOCK and _kind(frame) == (
            self.rate,
            self.format,
            self.channels,
        )

    def add(self, frame: AudioFrame) -> None:
        """Append a frame that ``takes`` admits."""
        try:  # as quick as nothing, unlike a context manager, and there are fifty frames a second
            self.parts.append(_rows(frame))
        except tuple(UNREADABLE) as error:
            raise UnreadableAudioError(f"reading decoded samples: {type(error).__name__}") from error
        self.length += frame.samples

    def rows(self) -> NDArray[np.generic]:
        """All samples in the shape (channels, samples)."""
        return self.parts[0] if len(self.parts) == 1 else np.concatenate(self.parts, axis=1)


def blocks(frames: Iterable[AudioFrame | Silence]) -> Iterator[Block | Silence]:
    """Frames in blocks: a new one where it is full, the frames' kind changes, or silence comes between."""
    block: Block | None = None
    for frame in frames:
        if block is not None and (isinstance(frame, Silence) or not block.takes(frame)):
            yield block
            block = None
        if isinstance(frame, Silence):
            yield frame
            continue
        block = block or Block(*_kind(frame))
        block.add(frame)
    if block is not None:
        yield block


def _kind(frame: AudioFrame) -> tuple[int, str, int]:
    return frame.sample_rate, frame.format.packed.name, frame.layout.nb_channels


def _rows(frame: AudioFrame) -> NDArray[np.generic]:
    """The samples in the shape (channels, samples), whichever way they lie."""
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
