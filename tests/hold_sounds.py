"""What a line carries while nobody speaks, made on the spot: silence, noise, signals, music."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

RATE = 8000  # Hz, as on the telephone
SECONDS = 12
Sound = NDArray[np.float64]

_TIME = np.arange(SECONDS * RATE) / RATE
_CHORDS = ((220.0, 261.6, 329.6), (174.6, 220.0, 261.6), (261.6, 329.6, 392.0), (196.0, 246.9, 293.7))  # Hz


def silence() -> Sound:
    """Nothing at all."""
    return np.zeros_like(_TIME)


def comfort_noise() -> Sound:
    """What a telephone makes so that nobody thinks the line is dead: soft, -50 dBFS, rather dull."""
    white = np.random.default_rng(5).normal(0, 1, len(_TIME))
    dull = np.convolve(white, np.ones(6) / 6, "same")
    return np.asarray(dull / dull.std() * 0.003)


def hiss() -> Sound:
    """A bad line, -30 dBFS."""
    return np.random.default_rng(6).normal(0, 0.03, len(_TIME))


def ringing() -> Sound:
    """Two seconds of 440 and 480 Hz, four of silence."""
    return np.where(_TIME % 6 < 2, _tone(440) + _tone(480), 0) * 0.1


def chords() -> Sound:
    """Four held chords, three seconds each, with overtones."""
    swell = _beat(3.0, 0.02)
    parts = [np.asarray(np.sum([_note(pitch, swell) for pitch in chord], axis=0)) for chord in _CHORDS]
    return _by_turns(parts, 3.0) * 0.08


def arpeggio() -> Sound:
    """The chords' notes plucked one by one, four a second."""
    notes = [pitch * octave for chord in _CHORDS for octave in (1, 2) for pitch in chord]
    return _by_turns([_note(pitch, np.exp(-6 * (_TIME % 0.25))) for pitch in notes], 0.25) * 0.2


def band() -> Sound:
    """Chords, a plucked tune and a drum."""
    drum = np.random.default_rng(7).normal(0, 0.2, len(_TIME)) * np.exp(-30 * (_TIME % 0.5))
    return chords() + arpeggio() * 0.7 + drum * 0.5


SOUNDS: Mapping[str, Callable[[], Sound]] = {
    each.__name__: each for each in (silence, comfort_noise, hiss, ringing, chords, arpeggio, band)
}
"""Each between -1 and 1, at ``RATE``."""


def _tone(pitch: float) -> Sound:
    return np.asarray(np.sin(2 * np.pi * pitch * _TIME))


def _note(pitch: float, loudness: Sound) -> Sound:
    overtones = [_tone(pitch * n) / n**2 for n in (1, 2, 3, 4)]
    return np.asarray(np.sum(overtones, axis=0) * loudness)


def _beat(length: float, attack: float) -> Sound:
    """Loudness that rises quickly and falls slowly, again and again."""
    since = _TIME % length
    return np.asarray(np.minimum(since / attack, 1) * (1 - 0.6 * since / length))


def _by_turns(parts: list[Sound], length: float) -> Sound:
    turn = (_TIME / length).astype(int) % len(parts)
    heard: Sound = np.stack(parts)[turn, np.arange(len(turn))]
    return heard
