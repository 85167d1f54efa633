"""A long call in windows of time that fit into the model's context, cut where nobody speaks."""

from collections.abc import Sequence
from typing import Final

from common.prompting import Line, tokens

LATE: Final = 0.75  # of a window, from which on a pause ends it


def cut(lines: Sequence[Line], room: int) -> tuple[tuple[Line, ...], ...]:
    """Windows of at most *room* tokens, or a line, cut at the longest pause of their last quarter."""
    rest, windows = tuple(lines), []
    while rest:
        fits = _fitting(rest, room)
        end = fits if fits == len(rest) else _pause(rest, fits)
        windows.append(rest[:end])
        rest = rest[end:]
    return tuple(windows)


def halved(window: Sequence[Line]) -> tuple[tuple[Line, ...], ...]:
    """The same in two windows."""
    total = sum(tokens(line.text) for line in window)
    return cut(window, max(1, total * 2 // 3))


def _fitting(lines: Sequence[Line], room: int) -> int:
    used = 0
    for n, line in enumerate(lines):
        used += tokens(line.text)
        if used > room:
            return max(1, n)
    return len(lines)


def _pause(lines: Sequence[Line], fits: int) -> int:
    """Before which of the late lines that fit the longest pause is."""
    places = range(max(1, int(fits * LATE)), fits + 1)
    return max(places, key=lambda n: (lines[n].start_ms - lines[n - 1].end_ms, n))
