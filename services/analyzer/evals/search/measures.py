"""Recall and mean reciprocal rank, by how was searched and by what kind of question."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from evals.gold import Query

How = Literal["words", "meaning", "both"]
HOWS: Final[tuple[How, ...]] = get_args(How)
FAR: Final = 10
"""Hits that count: a page."""


LEAST: Final[Mapping[str, Mapping[str, float]]] = {
    "all": {"recall": 0.79, "mrr": 0.60},
    "sample": {"recall": 0.80, "mrr": 0.60},
}
"""What both together have to reach, over all dialogues and over the part that ``make test`` asks about."""


@dataclass(frozen=True, slots=True)
class Row:
    """A question, how it was asked, and at which rank each of its answers was found."""

    query: Query
    how: How
    ranks: Sequence[int | None]

    @property
    def recall(self) -> float:
        """The share of its answers on the first page."""
        return sum(rank is not None and rank <= FAR for rank in self.ranks) / len(self.ranks)

    @property
    def reciprocal(self) -> float:
        """One, a half, a third … for the first answer's rank; 0 beyond the first page."""
        best = min((rank for rank in self.ranks if rank is not None), default=None)
        return 1 / best if best is not None and best <= FAR else 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """Of so many questions."""

    questions: int
    recall: float
    mrr: float


def figures(rows: Iterable[Row]) -> Figures:
    """Means over questions."""
    asked = list(rows)
    recall = sum(row.recall for row in asked) / len(asked)
    return Figures(len(asked), recall, sum(row.reciprocal for row in asked) / len(asked))


def by_how(rows: Sequence[Row], kind: str | None = None) -> Mapping[How, Figures]:
    """Figures of each way to search, over all questions or those of a kind."""
    return {
        how: figures(row for row in rows if row.how == how and kind in {None, row.query.kind}) for how in HOWS
    }


def shortfalls(rows: Sequence[Row], least: Mapping[str, float]) -> list[str]:
    """What falls short: both together of either alone, or of what was reached before."""
    found = by_how(rows)
    both = found["both"]
    told = [
        f"both: {name} {getattr(both, name):.3f} is below {how}'s {getattr(found[how], name):.3f}"
        for how in HOWS
        for name in ("recall", "mrr")
        if getattr(both, name) < getattr(found[how], name)
    ]
    return told + [
        f"both: {name} {getattr(both, name):.3f} is below {bound:.3f}"
        for name, bound in least.items()
        if getattr(both, name) < bound
    ]


def table(rows: Sequence[Row]) -> str:
    """Markdown: a line for each way to search, columns for all questions and for each kind."""
    kinds = (None, "words", "paraphrase")
    lines = [
        "| searched by | recall@10 | MRR | in its words: recall@10 | MRR | paraphrased: recall@10 | MRR |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    told = {kind: by_how(rows, kind) for kind in kinds}
    for how in HOWS:
        cells = [
            cell for kind in kinds for cell in (f"{told[kind][how].recall:.2f}", f"{told[kind][how].mrr:.2f}")
        ]
        lines.append(f"| {how} | {' | '.join(cells)} |")
    return "\n".join(lines)
