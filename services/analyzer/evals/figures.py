"""Shares and averages over the dialogues of a result."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import add

from evals.labels import KINDS
from evals.results import Row
from evals.scoring import Counts, Verdict

Figures = Mapping[str, float | None]
"""By name; None where there was nothing to measure."""


def figures(rows: Sequence[Row]) -> Figures:
    """Everything that a threshold may be set for, and what a call took on average."""
    every = total(rows, KINDS)
    quotes = [row.score.quotes for row in rows]
    shown = sum(each.shown for each in quotes)
    given = sum(each.given for each in quotes)
    return {
        "calls": len(rows),
        "failures": share(sum(row.failed is not None for row in rows), len(rows)),
        "recall": recall(every),
        "precision": precision(every),
        "quote_validity": share(sum(each.verbatim for each in quotes), shown),
        "quotes_unverified": share(given - shown, given),
        **{name: agreement(verdicts(rows, name)) for name in VERDICTS},
        "sentiment_kappa": kappa(verdicts(rows, "sentiment")),
        "cost_usd": share(sum(row.taken.cost_usd for row in rows), len(rows)),
        "input_tokens": share(sum(row.taken.input_tokens for row in rows), len(rows)),
        "output_tokens": share(sum(row.taken.output_tokens for row in rows), len(rows)),
        "seconds": share(sum(row.taken.seconds for row in rows), len(rows)),
    }


VERDICTS = (
    "sentiment",
    "sentiment.by_speaker",
    "sentiment.by_quarter",
    "sentiment.trend",
    "call_type",
    "call_outcome",
    "engagement_level",
)


def share(part: float, whole: float) -> float | None:
    """*part* of *whole*; None of nothing."""
    return part / whole if whole else None


def total(rows: Iterable[Row], kinds: Iterable[str]) -> Counts:
    """The counts of these kinds, all dialogues together."""
    wanted = tuple(kinds)
    counts = [row.score.kinds[kind] for row in rows for kind in wanted if kind in row.score.kinds]
    return reduce(add, counts, Counts())


def recall(counts: Counts) -> float | None:
    """The share of what had to be found that was."""
    return share(counts.found, counts.found + counts.missed)


def precision(counts: Counts) -> float | None:
    """The share of what was shown that had to be found; what may be named counts neither way."""
    return share(counts.found, counts.found + counts.wrong)


def verdicts(rows: Iterable[Row], name: str) -> list[Verdict]:
    """All labels with their answers of this name, of verdicts or attributes."""
    return [verdict for row in rows for verdict in (row.score.verdicts | row.score.attributes).get(name, ())]


def agreement(given: Sequence[Verdict]) -> float | None:
    """The share of answers that are the label's."""
    return share(sum(label == said for label, said in given), len(given))


def kappa(given: Sequence[Verdict]) -> float | None:
    """Cohen's kappa: agreement beyond what the two would reach by chance; 0 is chance, 1 is always."""
    agreed = agreement(given)
    if agreed is None:
        return None
    labels, said = Counter(label for label, _ in given), Counter(answer for _, answer in given)
    chance = sum(labels[name] * said[name] for name in labels) / len(given) ** 2
    return 1.0 if chance == 1.0 else (agreed - chance) / (1 - chance)


def failures(rows: Iterable[Row]) -> Mapping[str, int]:
    """How often which failure."""
    return Counter(row.failed for row in rows if row.failed is not None)
