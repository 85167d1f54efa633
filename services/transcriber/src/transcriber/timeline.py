"""Where each decoded sound belongs: samples are counted, and silence stands for what is missing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from typing import Generic, TypeVar

from transcriber.losses import Loss, Losses, What

T = TypeVar("T")

_JITTER = 0.1  # seconds; clocks are rounded, and browsers stamp packets when they come
_LONGEST_JUMP = 3600.0  # seconds; what jumps further is a wrong stamp, not a pause


@dataclass(slots=True)
class Sound(Generic[T]):
    """Something decoded, of so many seconds, and when it begins by the container's clock."""

    content: T
    seconds: float
    stamp: float | None


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that could not be decoded, and how long it claims to be."""

    what: What
    seconds: float


@dataclass(frozen=True, slots=True)
class Silence:
    """Stands for what is missing up to *end*, in seconds of our timeline."""

    end: float


class Timeline:
    """Puts what was decoded in its place.

    The container's clock is followed from its first stamp on (encoder delay, or a start of 7.5 s, shifts
    nothing), and only where it jumps: between jumps, samples are counted.
    """

    def __init__(self, losses: Losses) -> None:
        self._losses = losses
        self._missing: Loss | None = None
        self._start: float | None = None
        self.position = 0.0
        self.cut_off: Loss | None = None

    def place(self, parts: Iterable[Sound[T] | Missing]) -> Iterator[T | Silence]:
        """The contents in order, with silence for what is missing between them and after them."""
        for part, following in pairwise(chain(parts, [None])):
            if isinstance(part, Missing):
                self._miss(part)
            elif part is not None:
                if self._is_off(part) and (gap := self._gap(part, following)):
                    yield self._silence(gap)
                self.position += part.seconds
                yield part.content
        yield from self._end()

    def _is_off(self, sound: Sound[T]) -> bool:
        """Whether *sound* does not simply follow what came before."""
        return (
            self._missing is not None
            or self._start is None
            or (sound.stamp is not None and abs(sound.stamp - self._start - self.position) > _JITTER)
        )

    def _gap(self, sound: Sound[T], following: Sound[T] | Missing | None) -> float:
        """Seconds of silence before *sound*; what they stand for is noted."""
        drift = self._drift(sound)
        if self._missing is not None:
            return self._replaced(self._missing, drift)
        if drift is None or abs(drift) <= _JITTER or self._is_single(sound, following):
            return 0.0
        return self._jump(drift)

    def _is_single(self, sound: Sound[T], following: Sound[T] | Missing | None) -> bool:
        """Whether only this stamp is out of line: the next one goes on as before, or goes back."""
        if not isinstance(following, Sound) or following.stamp is None or sound.stamp is None:
            return False
        expected = (self._start or 0.0) + self.position + sound.seconds
        return abs(following.stamp - expected) <= _JITTER or expected < following.stamp < sound.stamp

    def _drift(self, sound: Sound[T]) -> float | None:
        """How much later than the count of samples the clock says *sound* is."""
        if sound.stamp is None:
            return None
        if self._start is None:
            before = self._missing.seconds if self._missing else None
            self._start = sound.stamp - self.position - (before or 0.0)
        return sound.stamp - self._start - self.position

    def _replaced(self, missing: Loss, drift: float | None) -> float:
        """Silence for what could not be decoded: the clock knows best how much, if it can be believed."""
        self._missing = None
        gap = missing.seconds or 0.0
        if drift is not None and -_JITTER <= drift <= _LONGEST_JUMP:
            gap = max(drift, 0.0)
        elif drift is not None:
            self._forget(drift - gap)
        self._losses.note(replace(missing, seconds=gap))
        return gap

    def _jump(self, drift: float) -> float:
        """Kept as silence: a pause, or a page that is gone. Backwards or beyond belief it is only noted."""
        if 0 < drift <= _LONGEST_JUMP:
            self._losses.note(Loss("clock_jump", self.position, drift))
            return drift
        self._forget(drift)
        self._losses.note(Loss("clock_jump", self.position, 0.0 if drift < 0 else None))
        return 0.0

    def _forget(self, drift: float) -> None:
        """Follow the clock from where it now is."""
        self._start = (self._start or 0.0) + drift

    def _miss(self, part: Missing) -> None:
        if self._missing is None:
            self._missing = Loss(part.what, self.position, part.seconds)
        else:
            before, times = self._missing.seconds or 0.0, self._missing.times + 1
            what = part.what if part.seconds >= before else self._missing.what
            self._missing = replace(self._missing, what=what, seconds=before + part.seconds, times=times)

    def _end(self) -> Iterator[Silence]:
        """One broken piece at the very end is where the recording was cut off; several are lost sound."""
        if self._missing is None:
            return
        if self._missing.times == 1 and self._missing.what != "other_channels":
            self.cut_off = replace(self._missing, what="cut_off", seconds=self._missing.seconds or None)
            return
        self._losses.note(self._missing)
        if gap := min(self._missing.seconds or 0.0, _LONGEST_JUMP):
            yield self._silence(gap)

    def _silence(self, seconds: float) -> Silence:
        self.position += seconds
        return Silence(self.position)
