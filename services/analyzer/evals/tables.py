"""Figures as Markdown tables, each beside what it was in the result before."""

from collections.abc import Iterable, Sequence

from evals.figures import Figures

Column = tuple[str, Figures, Figures]
"""A title, its figures, and those before."""

_DECIMALS = {"sentiment_kappa": 2, "cost_usd": 4}
_WHOLE = frozenset({"input_tokens", "output_tokens", "seconds"})

NAMES = {
    "calls": "calls",
    "failures": "without an analysis",
    "recall": "findings: recall",
    "precision": "findings: precision",
    "quote_validity": "shown quotes that are verbatim",
    "quotes_unverified": "quotes not verified, so not shown",
    "sentiment": "sentiment over all",
    "sentiment_kappa": "the same, Cohen's kappa",
    "sentiment.by_speaker": "sentiment of each speaker",
    "sentiment.by_quarter": "sentiment of each quarter",
    "sentiment.trend": "sentiment's trend",
    "call_type": "kind of call",
    "call_outcome": "outcome",
    "engagement_level": "engagement",
    "cost_usd": "USD a call",
    "input_tokens": "tokens read a call",
    "output_tokens": "tokens written a call",
    "seconds": "seconds a call",
}
"""Every figure, in the order in which it is shown."""


def shown(name: str, value: float | None) -> str:
    """A figure as a reader wants it: shares in per cent."""
    if value is None:
        return "–"
    if name in _WHOLE or name == "calls":
        return f"{value:.0f}"
    if name in _DECIMALS:
        return f"{value:.{_DECIMALS[name]}f}"
    return f"{100 * value:.0f} %"


def compared(name: str, value: float | None, before: float | None) -> str:
    """A figure and how far it moved, where it did: in points of a hundred for shares."""
    text, was = shown(name, value), shown(name, before)
    return text if before is None or text == was else f"{text} (was {was})"


def figures_table(columns: Sequence[Column], names: Iterable[str] = NAMES) -> str:
    """A row a figure."""
    head = ["", *(title for title, _, _ in columns)]
    rows = [
        [NAMES[name], *(compared(name, now.get(name), before.get(name)) for _, now, before in columns)]
        for name in names
    ]
    return table(head, rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, whatever is in its cells."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
