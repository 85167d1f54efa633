"""What of a recording was lost, where and how much: neighbouring losses are told as one."""

from dataclasses import dataclass
from typing import Literal

from common.model import Damage

What = Literal["undecodable", "cut_off", "clock_jump", "other_channels"]

_NEIGHBOURS = 2.0  # seconds between two losses that are told as one
_MOST = 200  # entries, and one more of each kind; whatever else is lost joins them


@dataclass(frozen=True, slots=True)
class Loss:
    """So many *times* something was lost from *at* on, in seconds; how much may be unknown."""

    what: What
    at: float
    seconds: float | None
    times: int = 1


class Losses:
    """All losses of one recording, in order."""

    def __init__(self) -> None:
        self._all: list[Loss] = []
        self._until = 0.0

    def note(self, loss: Loss) -> None:
        """Add a loss that comes after those before."""
        index = self._joins(loss)
        if index is None:
            self._all.append(loss)
        else:
            self._all[index] = _joined(self._all[index], loss)
        self._until = loss.at + (loss.seconds or 0.0)

    def _joins(self, loss: Loss) -> int | None:
        """Which loss before it is of the same kind, and near enough or one of too many."""
        last = len(self._all) - 1
        alike = (n for n in range(last, -1, -1) if self._all[n].what == loss.what)
        index = next(alike, None)
        near = index == last and loss.at - self._until < _NEIGHBOURS
        return index if near or len(self._all) >= _MOST else None

    @property
    def damage(self) -> tuple[Damage, ...]:
        """The same as nouns, in milliseconds."""
        return tuple(_damage(each) for each in self._all)


def _joined(one: Loss, other: Loss) -> Loss:
    known = [each.seconds for each in (one, other) if each.seconds is not None]
    return Loss(one.what, one.at, sum(known) if known else None, one.times + other.times)


def _damage(loss: Loss) -> Damage:
    lost = None if loss.seconds is None else round(loss.seconds * 1000)
    return Damage(what=loss.what, at_ms=round(loss.at * 1000), lost_ms=lost, times=loss.times)
