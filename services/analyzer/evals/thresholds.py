"""What no change may fall below, and what it is that falls short."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from common.model import Noun

from evals.figures import Figures

THRESHOLDS = Path(__file__).with_name("thresholds.yaml")
AT_MOST = frozenset({"failures"})
"""Figures that are better when they are smaller."""


class Thresholds(Noun):
    """By model, part of the dialogues and figure; ``not_yet`` names those that were never reached.

    ``not_yet`` is None where the file does not speak of it: it could not before anything was scored.
    """

    required: dict[str, dict[str, dict[str, float]]]
    not_yet: dict[str, dict[str, tuple[str, ...]]] | None

    def of(self, model: str, part: str) -> Mapping[str, float]:
        """Every figure's threshold, those not reached yet included."""
        return self.required.get(model, {}).get(part, {})

    def excused(self, model: str, part: str) -> tuple[str, ...]:
        """The figures that a change need not reach, since none has."""
        return (self.not_yet or {}).get(model, {}).get(part, ())


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A figure on the wrong side of its threshold."""

    model: str
    part: str
    figure: str
    value: float | None
    threshold: float

    def __str__(self) -> str:
        value = "nothing measured" if self.value is None else f"{self.value:.3f}"
        side = "above" if self.figure in AT_MOST else "below"
        return f"{self.model}, {self.part}: {self.figure} is {side} {self.threshold:.3f}: {value}"


def read(text: str) -> Thresholds:
    """Thresholds as they are written."""
    written = yaml.safe_load(text)
    not_yet = written.pop("not_yet", None)
    return Thresholds(required=written, not_yet=not_yet)


def thresholds(path: Path = THRESHOLDS) -> Thresholds:
    """The thresholds in force."""
    return read(path.read_text("utf-8"))


def shortfalls(held: Thresholds, model: str, part: str, reached: Figures) -> Iterator[Shortfall]:
    """Every figure that misses its threshold, whether excused or not."""
    for figure, threshold in held.of(model, part).items():
        value = reached.get(figure)
        if value is None or not _reaches(figure, value, threshold):
            yield Shortfall(model, part, figure, value, threshold)


def fallen(held: Thresholds, model: str, part: str, reached: Figures) -> list[Shortfall]:
    """What a change must not do: the shortfalls that nothing excuses."""
    excused = held.excused(model, part)
    return [one for one in shortfalls(held, model, part, reached) if one.figure not in excused]


def lowered(before: Thresholds, after: Thresholds) -> list[str]:
    """Thresholds that were loosened or removed, and excuses that were added."""
    return [*_loosened(before, after), *([] if before.not_yet is None else _excused_anew(before, after))]


def _loosened(before: Thresholds, after: Thresholds) -> Iterator[str]:
    for model, parts in before.required.items():
        for part, values in parts.items():
            for figure, threshold in values.items():
                now = after.of(model, part).get(figure, _worst(figure))
                if not _reaches(figure, now, threshold):
                    yield f"{model}.{part}.{figure}"


def _excused_anew(before: Thresholds, after: Thresholds) -> Iterator[str]:
    for model, parts in (after.not_yet or {}).items():
        for part, figures in parts.items():
            added = set(figures) - set(before.excused(model, part))
            yield from (f"not_yet.{model}.{part}.{figure}" for figure in sorted(added))


def _reaches(figure: str, value: float, threshold: float) -> bool:
    return value <= threshold if figure in AT_MOST else value >= threshold


def _worst(figure: str) -> float:
    return float("inf") if figure in AT_MOST else float("-inf")
