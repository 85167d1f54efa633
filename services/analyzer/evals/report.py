"""A result as a page: what was reached, what falls short, and what moved since the result before."""

from collections.abc import Iterator, Sequence

from evals.figures import agreement, failures, figures, precision, recall, total, verdicts
from evals.labels import KINDS
from evals.results import Result, Row, Split
from evals.scoring import ATTRIBUTES
from evals.tables import compared, figures_table, shown, table
from evals.thresholds import Shortfall

SPLITS: tuple[Split, ...] = ("open", "held_out")
TITLES: dict[str, str] = {"open": "open half", "held_out": "held-out half"}


def report(result: Result, before: Result | None, short: Sequence[Shortfall]) -> str:
    """The page, in Markdown; of the held-out half it shows sums alone."""
    parts = [_heading(result, before), *_short(short), _figures(result, before)]
    for split in SPLITS:
        rows, earlier = result.of(split), before.of(split) if before else ()
        if rows:
            parts += [f"## {TITLES[split].capitalize()}", _kinds(rows, earlier), _attributes(rows, earlier)]
            parts += _failed(rows)
    return "\n\n".join([*parts, "## Call by call, open half", _calls(result.of("open"))]) + "\n"


def _heading(result: Result, before: Result | None) -> str:
    than = f", beside the result of {before.day} (prompt {before.prompt})" if before else ""
    return f"# {result.model}\n\n{result.day}, prompt {result.prompt}{than}."


def _short(short: Sequence[Shortfall]) -> Iterator[str]:
    if short:
        yield "## On the wrong side of its threshold"
        yield "\n".join(f"- {one}" for one in short)


def _figures(result: Result, before: Result | None) -> str:
    return figures_table(
        [
            (TITLES[split], figures(result.of(split)), figures(before.of(split)) if before else {})
            for split in SPLITS
        ]
    )


def _kinds(rows: Sequence[Row], before: Sequence[Row]) -> str:
    head = ("findings", "recall", "precision", "found", "missed", "wrong", "optional", "unverified")
    return table(head, (_kind(kind, rows, before) for kind in KINDS))


def _kind(kind: str, rows: Sequence[Row], before: Sequence[Row]) -> Sequence[str]:
    now, was = total(rows, [kind]), total(before, [kind])
    counts = (now.found, now.missed, now.wrong, now.optional, now.unverified)
    return (
        kind,
        compared("recall", recall(now), recall(was)),
        compared("precision", precision(now), precision(was)),
        *map(str, counts),
    )


def _attributes(rows: Sequence[Row], before: Sequence[Row]) -> str:
    names = [f"{kind}.{name}" for kind, attributes in ATTRIBUTES.items() for name in attributes]
    return table(
        ("of findings that have their label", "right", "compared"),
        (_attribute(n, rows, before) for n in names),
    )


def _attribute(name: str, rows: Sequence[Row], before: Sequence[Row]) -> Sequence[str]:
    given = verdicts(rows, name)
    right = compared("share", agreement(given), agreement(verdicts(before, name)))
    return (name, right, str(len(given)))


def _failed(rows: Sequence[Row]) -> Iterator[str]:
    counted = failures(rows)
    if counted:
        yield (
            "Without an analysis: "
            + ", ".join(f"{reason} {n}" for reason, n in sorted(counted.items()))
            + "."
        )


def _calls(rows: Sequence[Row]) -> str:
    head = ("call", "recall", "precision", "sentiment", "kind of call", "outcome", "failed")
    return table(head, map(_call, rows))


def _call(row: Row) -> Sequence[str]:
    counts = total([row], KINDS)
    said = [_verdict(row, name) for name in ("sentiment", "call_type", "call_outcome")]
    return (
        row.dialogue,
        shown("recall", recall(counts)),
        shown("precision", precision(counts)),
        *said,
        row.failed or "",
    )


def _verdict(row: Row, name: str) -> str:
    """What was said, and what is right where that is something else."""
    label, said = row.score.verdicts[name][0]
    return said if said == label else f"{said} ({label})"
