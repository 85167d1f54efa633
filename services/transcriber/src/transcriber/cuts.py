"""Where to cut each channel: from voice activity to pieces small enough to recognise, on our own timeline."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from common.model import Quarters
from numpy.typing import NDArray

SAMPLE_RATE = 16_000  # Hz; every time below is a count of samples at this rate
WINDOW = 512  # samples; 32 ms, what voice activity is judged by

_SPEECH = 0.5  # probability at which speech is certain enough to start
_MAYBE = 0.35  # probability down to which it goes on, and reaches back
_FADED = 0.0316  # of its loudest window, 30 dB below: there the model still hears what is over
_MOST_FADED = 6  # windows at either end, hardly more than padding gives back


@dataclass(frozen=True, slots=True)
class Activity:
    """One channel, window by window: the probability of speech, and the loudness (RMS, 0 to 1)."""

    speech: NDArray[np.float32]
    loudness: NDArray[np.float32]
    samples: int


@dataclass(frozen=True, slots=True)
class Span:
    """Samples from *start* up to, not including, *end*."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """In samples."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Cut:
    """A span of one channel that is recognised in one request."""

    channel: int
    start: int
    end: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end - self.start) / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Rules:
    """How speech becomes cuts; all in samples."""

    longest: int = 30 * SAMPLE_RATE
    merged_gap: int = round(0.8 * SAMPLE_RATE)
    padding: int = round(0.15 * SAMPLE_RATE)
    least_speech: int = round(0.1 * SAMPLE_RATE)

    @classmethod
    def within(cls, seconds: float) -> "Rules":
        """The usual rules, for requests of so many *seconds* at most."""
        return cls(longest=int(seconds * SAMPLE_RATE))

    @property
    def shortest_piece(self) -> int:
        """What a split leaves over at least: providers refuse less than 0.1 s."""
        return min(SAMPLE_RATE // 2, self.longest // 4)


def spans(activity: Activity) -> list[Span]:
    """Where there is speech: each run of windows that may be speech and somewhere surely is."""
    maybe = np.concatenate(([False], activity.speech >= _MAYBE, [False]))
    edges = np.flatnonzero(maybe[1:] != maybe[:-1])
    surely = np.concatenate(([0], np.cumsum(activity.speech >= _SPEECH)))
    runs = [(int(first), int(last)) for first, last in edges.reshape(-1, 2) if surely[last] > surely[first]]
    return [_heard(activity, first, last) for first, last in runs]


def _heard(activity: Activity, first: int, last: int) -> Span:
    """A run of windows without the faded ones at its ends."""
    loudness = activity.loudness[first:last]
    loud = np.flatnonzero(loudness >= loudness.max() * _FADED)
    start = first + min(int(loud[0]), _MOST_FADED)
    end = last - min(len(loudness) - 1 - int(loud[-1]), _MOST_FADED)
    return Span(start * WINDOW, min(end * WINDOW, activity.samples))


def loudness_by_quarter(activity: Activity) -> Quarters:
    """How loud speech is in each quarter of the call, in dBFS; None where nobody speaks."""
    bounds = np.linspace(0, len(activity.speech), 5).round().astype(int)
    first, second, third, fourth = (
        _level(activity, slice(int(begin), int(end))) for begin, end in pairwise(bounds)
    )
    return first, second, third, fourth


def _level(activity: Activity, quarter: slice) -> float | None:
    spoken = activity.loudness[quarter][activity.speech[quarter] >= _SPEECH].astype(np.float64)
    power = float(np.mean(spoken**2)) if spoken.size else 0.0
    return round(10 * math.log10(power), 1) if power > 0 else None


def cut(channel: int, activity: Activity, rules: Rules) -> tuple[Cut, ...]:
    """The cuts of one channel: in order, apart, none longer than allowed, no speech outside them."""
    phrases = list(_phrases(spans(activity), rules))
    padded = _padded(phrases, activity.samples, rules.padding)
    pieces = (piece for phrase in padded for piece in _pieces(phrase, activity.loudness, rules))
    return tuple(Cut(channel, piece.start, piece.end) for piece in pieces)


def _phrases(speech: Iterable[Span], rules: Rules) -> Iterator[Span]:
    """Speech joined over short gaps; what holds next to none is a click, not a phrase."""
    group: list[Span] = []
    for span in speech:
        if group and span.start - group[-1].end >= rules.merged_gap:
            yield from _phrase(group, rules)
            group = []
        group.append(span)
    yield from _phrase(group, rules)


def _phrase(group: list[Span], rules: Rules) -> Iterator[Span]:
    if group and sum(span.length for span in group) >= rules.least_speech:
        yield Span(group[0].start, group[-1].end)


def _padded(phrases: list[Span], samples: int, padding: int) -> Iterator[Span]:
    """Each with some room around it, halfway to its neighbour at most."""
    halves = [(before.end + after.start) // 2 for before, after in pairwise(phrases)]
    bounds = pairwise([0, *halves, samples])
    for phrase, (left, right) in zip(phrases, bounds, strict=False):
        yield Span(max(phrase.start - padding, left), min(phrase.end + padding, right))


def _pieces(span: Span, loudness: NDArray[np.float32], rules: Rules) -> Iterator[Span]:
    """*span* itself, or pieces of it split where it is quietest in the last third of what is allowed."""
    start = span.start
    while span.end - start > rules.longest:
        latest = min(start + rules.longest, span.end - rules.shortest_piece)
        middle = _quietest(loudness, start + rules.longest * 2 // 3, latest)
        yield Span(start, middle)
        start = middle
    yield Span(start, span.end)


def _quietest(loudness: NDArray[np.float32], earliest: int, latest: int) -> int:
    """The middle of the quietest window between two samples, the later of equals."""
    first, last = earliest // WINDOW, latest // WINDOW
    backwards = loudness[first : last + 1][::-1]
    if backwards.size == 0:
        return latest
    quietest = first + backwards.size - 1 - int(np.argmin(backwards))
    return min(max(quietest * WINDOW + WINDOW // 2, earliest), latest)
