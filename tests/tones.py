"""Sound that says which moment of which channel it is: a tone code that survives codecs, gain and any cut.

Every tenth of a second, a slot, is a chord of eight tones: its channel, its number and a checksum.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

SLOT_MS = 100
CHANNELS, SLOTS = 4, 2**17  # what a chord can name: three and a half hours of four channels

_TONES = 430.0 + 45.0 * np.arange(64).reshape(8, 8)  # Hz; a tone of each row sounds, all pass a telephone
_RATE = 8000  # Hz at which sound is read
_HOP, _FRAME = _RATE // 100, _RATE // 20  # samples: looked at every 10 ms, 50 ms at a time
_LOUD = 0.01  # RMS, of 1; quieter frames are silence
_CLEAR = 1.3  # times a tone stands above its row's second
_LEAST_FRAMES = 4  # alike, in a row: fewer may be chance

Sound = NDArray[np.float32]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Heard:
    """A slot as it was found: whose, which, and the instant in the sound (ms) at which its middle lies."""

    channel: int
    slot: int
    middle_ms: float

    @property
    def shift_ms(self) -> float:
        """When the sound begins on the recording's own clock, as this slot tells."""
        return (self.slot + 0.5) * SLOT_MS - self.middle_ms


def sound(channel: int, slots: Numbers, rate: int) -> Sound:
    """The chords of *slots*, one after the other, between -1 and 1."""
    sounding = np.zeros((len(slots), 8, 8), np.float32)
    sounding[np.arange(len(slots))[:, np.newaxis], np.arange(8), _symbols(channel, slots)] = 1
    return np.asarray((sounding.reshape(-1, 64) @ _table(rate)).reshape(-1), np.float32)


def read(samples: Sound, rate: int) -> tuple[Heard, ...]:
    """Every slot that can be told, in the order of the sound, which is 8 or 16 kHz."""
    step = rate // _RATE
    if rate % _RATE or len(samples) < _FRAME * step:
        return ()
    numbers = _decoded(np.ascontiguousarray(samples[::step], np.float32))
    return tuple(_runs(numbers))


def _runs(numbers: Numbers) -> Iterator[Heard]:
    """Frames alike in a row are one slot, whose middle is theirs."""
    first = 0
    for number, frames in groupby(numbers.tolist()):
        count = len(list(frames))
        if number >= 0 and count >= _LEAST_FRAMES:
            middle = (first + (count - 1) / 2) * _HOP + _FRAME / 2
            yield Heard(number // SLOTS, number % SLOTS, middle * 1000 / _RATE)
        first += count


def _symbols(channel: int, slots: Numbers) -> Numbers:
    """Which tone of each row sounds, shape (slots, 8); channels differ in every row: none correlate."""
    named = channel * SLOTS + slots
    word = named << 5 | _checksum(named)
    return (word[:, np.newaxis] >> 3 * np.arange(8)) % 8 ^ channel


def _checksum(numbers: Numbers) -> Numbers:
    return np.asarray((numbers * 2654435761) % 2**32 >> 27, np.int64)


def _decoded(samples: Sound) -> Numbers:
    """For each frame ``channel * SLOTS + slot``, or -1."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::_HOP]
    found = np.full(len(frames), -1, np.int64)
    for start in range(0, len(frames), 4096):
        block = frames[start : start + 4096]
        rows, certain = _loudest(block)
        found[start : start + 4096] = np.where(certain, _named(rows), -1)
    return found


def _loudest(frames: Sound) -> tuple[Numbers, NDArray[np.bool_]]:
    """The loudest tone of each row, and whether it is clearly the loudest in all of them."""
    cosines, sines = _probes()
    power = ((frames @ cosines) ** 2 + (frames @ sines) ** 2).reshape(len(frames), 8, 8)
    ranked = np.sort(power, axis=2)
    clear = (ranked[:, :, -1] > _CLEAR**2 * ranked[:, :, -2]).all(axis=1)
    loud = np.sqrt((frames**2).mean(axis=1)) > _LOUD
    return power.argmax(axis=2), clear & loud


def _named(rows: Numbers) -> Numbers:
    """What chords name: the one channel whose word, read for it, holds together."""
    found = np.full(len(rows), -1, np.int64)
    for channel in range(CHANNELS):
        word = ((rows ^ channel) << 3 * np.arange(8)).sum(axis=1)
        named = word >> 5
        holds = (named // SLOTS == channel) & (_checksum(named) == word % 32)
        found[holds] = named[holds]
    return found


@cache
def _probes() -> tuple[Sound, Sound]:
    turns = 2 * np.pi * np.outer(np.arange(_FRAME) / _RATE, _TONES.reshape(-1))
    window = np.hanning(_FRAME)[:, np.newaxis]
    return (np.cos(turns) * window).astype(np.float32), (np.sin(turns) * window).astype(np.float32)


@cache
def _table(rate: int) -> Sound:
    """Each tone for a slot's length, with soft edges and phases that keep a chord's peaks low."""
    time = np.arange(rate * SLOT_MS // 1000) / rate
    edge = np.minimum(1.0, np.minimum(time, time[-1] - time) / 0.004)  # seconds
    phases = np.random.default_rng(8).uniform(0, 2 * np.pi, _TONES.shape)[:, :, np.newaxis]
    chords = np.sin(2 * np.pi * _TONES[:, :, np.newaxis] * time + phases) * edge / 8
    return np.asarray(chords.reshape(64, -1), np.float32)
