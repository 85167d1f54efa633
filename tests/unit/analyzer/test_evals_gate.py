"""The local rules understand a sample of the gold dialogues no worse than they have to."""

from datetime import date
from pathlib import Path

from evals import gold, thresholds
from evals.asking import open_asker
from evals.figures import figures
from evals.rules import MODEL, running_rules
from evals.run import chosen, run
from evals.thresholds import fallen

SAMPLE = 5  # dialogues of the open half, the shortest: what can be asked in a few seconds


async def test_the_local_rules_hold_their_thresholds(tmp_path: Path) -> None:
    """Findings, verdicts and quotes, asked and checked as the analyzer does it."""
    sample = [one for one in chosen(gold.dialogues(), SAMPLE) if one.split == "open"]

    async with running_rules() as asked, open_asker(asked, tmp_path) as asker:
        result = await run(asker, asked, sample, date(2026, 1, 1), progress=lambda _: None)

    reached = figures(result.rows)
    assert [] == [str(one) for one in fallen(thresholds.thresholds(), MODEL, "sample", reached)]
