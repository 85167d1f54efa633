"""How alike two channels are, late, inverted or quiet as one may be: two that are one are heard once."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_LATEST = 512  # samples at 8 kHz, 64 ms: how late one side may be
_LENGTH = 8_192  # samples of one transform; longer ones cost more for each sample
_STEP = _LENGTH - 2 * _LATEST
_FINER = 4  # points between two samples: a delay need not be a whole number of them

_Floats = NDArray[np.float32]
_Spectrum = NDArray[np.complex128]


class Correlation:
    """Pearson's correlation of two channels over all that was added, at the delay where it is strongest.

    Taken at 8 kHz, block by block: memory stays flat, and two transforms of a block serve all delays.
    """

    def __init__(self) -> None:
        self._count = 0
        self._sums = np.zeros(2)
        self._energies = np.zeros(2)
        self._cross: _Spectrum = np.zeros(_LENGTH // 2 + 1, np.complex128)
        self._offset = np.zeros((2, 1), np.float32)
        self._odd = np.zeros((2, 0), np.int16)
        self._waiting: _Floats = np.zeros((2, _LATEST), np.float32)

    def add(self, channels: NDArray[np.int16]) -> None:
        """Take in a block of the shape (2, samples) at 16 kHz."""
        block = np.concatenate([self._odd, channels], axis=1)
        even = block.shape[1] // 2 * 2
        self._odd = block[:, even:]
        pairs = block[:, :even].astype(np.float32).reshape(2, -1, 2)
        halved = (pairs[:, :, 0] + pairs[:, :, 1]) / np.float32(2)
        if self._count == 0 and halved.size:
            # Products at a delay miss its samples at the ends, which tells if all samples are far from zero.
            self._offset = halved.mean(axis=1, keepdims=True)
        halved -= self._offset
        self._count += halved.shape[1]
        self._sums += halved.sum(axis=1, dtype=np.float64)
        self._energies += [float(np.dot(row, row)) for row in halved]
        self._waiting = np.concatenate([self._waiting, halved], axis=1)
        self._drain()

    @property
    def louder(self) -> int:
        """The second channel if it is louder by 3 dB, else the first."""
        return int(self._energies[1] > 2 * self._energies[0])

    @property
    def value(self) -> float:
        """From -1 (one is the other inverted) to 1 (the same); 0 where a channel says nothing."""
        scatters = self._count * self._energies - self._sums**2
        if self._count == 0 or min(scatters) <= 0:
            return 0.0
        products = self._products() - self._sums.prod() / self._count
        strongest = products[np.argmax(np.abs(products))]
        return float(np.clip(strongest * self._count / np.sqrt(scatters).prod(), -1.0, 1.0))

    def _drain(self) -> None:
        start = 0
        while self._waiting.shape[1] - start >= _LENGTH:
            chunk = self._waiting[:, start : start + _LENGTH]
            self._cross += _cross(chunk) if chunk.any() else 0
            start += _STEP
        self._waiting = self._waiting[:, start:]

    def _products(self) -> NDArray[np.float64]:
        """The sum of products for each delay of either side, finely spaced."""
        cross = self._cross + sum(_cross(chunk) for chunk in self._rest())
        fine = np.fft.irfft(cross, _LENGTH * _FINER) * _FINER
        return np.concatenate([fine[: _LATEST * _FINER + 1], fine[-_LATEST * _FINER :]])

    def _rest(self) -> Iterator[_Floats]:
        padded = np.pad(self._waiting, ((0, 0), (0, 2 * _LENGTH)))
        for start in range(0, self._waiting.shape[1] - _LATEST, _STEP):
            yield padded[:, start : start + _LENGTH]


def _cross(chunk: _Floats) -> _Spectrum:
    """The cross spectrum of the first channel's middle and all of the second: no delay wraps around."""
    middle = np.zeros(_LENGTH, np.float32)
    middle[_LATEST:-_LATEST] = chunk[0, _LATEST:-_LATEST]
    return np.conj(np.fft.rfft(middle)) * np.fft.rfft(chunk[1])
