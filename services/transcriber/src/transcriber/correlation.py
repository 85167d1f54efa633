"""How alike two channels are, from running sums: two that are one recording must be transcribed once."""

import numpy as np
from numpy.typing import NDArray


class Correlation:
    """Pearson's correlation of two channels over everything that was added."""

    def __init__(self) -> None:
        self._count = 0
        self._sums = np.zeros(2)
        self._products = np.zeros((2, 2))

    def add(self, channels: NDArray[np.int16]) -> None:
        """Take in a block of the shape (2, samples)."""
        block = channels.astype(np.float64)
        self._count += block.shape[1]
        self._sums += block.sum(axis=1)
        self._products += block @ block.T

    @property
    def value(self) -> float:
        """From -1 (one is the other inverted) to 1 (the same); 0 where a channel says nothing."""
        scatter = self._count * self._products - np.outer(self._sums, self._sums)
        left, right = float(scatter[0, 0]), float(scatter[1, 1])
        if left <= 0 or right <= 0:
            return 0.0
        return float(np.clip(scatter[0, 1] / np.sqrt(left) / np.sqrt(right), -1.0, 1.0))
