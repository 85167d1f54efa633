"""The loudest sample of each short piece of every channel: few enough to be drawn, however long it lasts."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]

MOST: Final = 8000  # pieces of a channel: more than a screen is wide
FINEST: Final = 64  # pieces a second, for as long as that are not too many
_FULL_SCALE, _LOUDEST = 32_768, 255


@dataclass(frozen=True, slots=True)
class Drawn:
    """One byte a piece for each channel, 255 is full scale."""

    per_second: float
    channels: tuple[bytes, ...]


class Waveform:
    """Grows with the recording; where pieces become too many, two are made one.

    How long a recording is, is known when it has been decoded, and not before.
    """

    def __init__(self, channels: int, rate: int) -> None:
        self._rate = rate
        self._piece = rate // FINEST  # samples
        self._peaks = np.zeros((channels, MOST), np.int32)
        self._samples = 0

    def add(self, rows: Samples) -> None:
        """More samples, in the shape (channels, samples)."""
        while rows.shape[1]:
            now, rows = rows[:, : self._room], rows[:, self._room :]
            self._take(np.abs(now.astype(np.int32)))

    def silence(self, samples: int) -> None:
        """So many samples of nothing."""
        while samples:
            now = min(samples, self._room)
            self._pass(now)
            samples -= now

    @property
    def drawn(self) -> Drawn:
        """All of it."""
        pieces = -(-self._samples // self._piece)
        bytes_ = np.minimum(self._peaks[:, :pieces] * _LOUDEST // (_FULL_SCALE - 1), _LOUDEST)
        return Drawn(self._rate / self._piece, tuple(row.tobytes() for row in bytes_.astype(np.uint8)))

    @property
    def _room(self) -> int:
        """Samples until pieces have to be joined; never 0."""
        return MOST * self._piece - self._samples

    def _take(self, loud: NDArray[np.int32]) -> None:
        first, begun = divmod(self._samples, self._piece)
        edges = np.maximum(np.arange(-begun, loud.shape[1], self._piece), 0)
        here = slice(first, first + len(edges))
        reduced = np.maximum.reduceat(loud, edges, axis=1)
        self._peaks[:, here] = np.maximum(self._peaks[:, here], reduced)
        self._pass(loud.shape[1])

    def _pass(self, samples: int) -> None:
        self._samples += samples
        if self._room == 0:
            joined = np.maximum(self._peaks[:, ::2], self._peaks[:, 1::2])
            self._peaks = np.concatenate([joined, np.zeros_like(joined)], axis=1)
            self._piece *= 2
