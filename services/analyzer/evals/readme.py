"""`python -m evals.readme`: the README's table, made from the results that are kept."""

from pathlib import Path

from evals.figures import figures
from evals.report import SPLITS, TITLES
from evals.results import RESULTS, Result
from evals.tables import Column, figures_table

README = Path(__file__).resolve().parents[3] / "README.md"
BEGIN, END = "<!-- evals -->", "<!-- /evals -->"
SHOWN = (
    "calls",
    "failures",
    "recall",
    "precision",
    "quote_validity",
    "quotes_unverified",
    "sentiment",
    "sentiment_kappa",
    "call_type",
    "call_outcome",
    "cost_usd",
)


def included(readme: str, results: list[Result]) -> str:
    """The README with the results' figures between its markers; ValueError where it has none."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the README needs {BEGIN} and, behind it, {END}")
    return f"{before}{BEGIN}\n{summary(results)}\n{END}{after}"


def summary(results: list[Result]) -> str:
    """A column for each model and half, and what they rest on."""
    columns: list[Column] = [
        (f"{result.model}, {TITLES[split]}", figures(result.of(split)), {})
        for result in results
        for split in SPLITS
        if result.of(split)
    ]
    rests = "; ".join(f"{one.model}: {one.day}, prompt {one.prompt}" for one in results)
    return f"{figures_table(columns, SHOWN)}\n\n{rests}."


def results(folder: Path = RESULTS) -> list[Result]:
    """Every result that is kept, the local rules' first."""
    return [Result.model_validate_json(place.read_bytes()) for place in sorted(folder.glob("*.json"))]


def main() -> None:
    """Rewrite the README."""
    README.write_text(included(README.read_text("utf-8"), results()), "utf-8")


if __name__ == "__main__":
    main()
