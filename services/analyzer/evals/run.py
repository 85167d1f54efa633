"""A model asked about one dialogue after the other, and what came of it held to the thresholds."""

from collections.abc import Callable, Sequence
from datetime import date
from itertools import groupby

from analyzer.prompt import prompt_version

from evals.asking import Asked, Asker
from evals.figures import figures
from evals.gold import Dialogue
from evals.report import SPLITS
from evals.results import Result, Row, row
from evals.thresholds import Shortfall, Thresholds, fallen


def chosen(dialogues: Sequence[Dialogue], shortest: int | None) -> Sequence[Dialogue]:
    """All dialogues, or so many of each half: the shortest, both halves in turn, for a slow model."""
    if shortest is None:
        return dialogues
    ordered = sorted(dialogues, key=lambda each: (each.split, _letters(each)))
    halves = groupby(ordered, key=lambda each: each.split)
    return sorted((each for _, half in halves for each in list(half)[:shortest]), key=_letters)


def _letters(dialogue: Dialogue) -> int:
    return sum(len(line.text) for line in dialogue.lines)


async def run(
    asker: Asker, asked: Asked, dialogues: Sequence[Dialogue], day: date, *, progress: Callable[[str], None]
) -> Result:
    """Ask about every dialogue.

    Raises:
        PipelineError: the model cannot be asked.
    """
    rows: list[Row] = []
    for n, dialogue in enumerate(dialogues, start=1):
        rows.append(row(dialogue, await asker.ask(dialogue)))
        progress(f"{n}/{len(dialogues)} {dialogue.name}: {rows[-1].failed or 'analysed'}")
    return Result(
        model=asked.model,
        prompt=prompt_version(),
        day=day.isoformat(),
        max_output_tokens=asked.max_output_tokens,
        timeout=asked.timeout,
        rows=tuple(sorted(rows, key=lambda each: each.dialogue)),
    )


def short_of(result: Result, held: Thresholds) -> list[Shortfall]:
    """What the result must not fall short of and does; empty is a pass."""
    return [
        one
        for split in SPLITS
        if result.of(split)
        for one in fallen(held, result.model, split, figures(result.of(split)))
    ]
