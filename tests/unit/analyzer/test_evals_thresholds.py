"""Thresholds are only ever raised, and what is committed holds them."""

import shutil
import subprocess
from itertools import pairwise

import pytest
from evals import readme, thresholds
from evals.figures import figures
from evals.results import Result
from evals.run import short_of
from evals.thresholds import THRESHOLDS, Thresholds, fallen, lowered, read, shortfalls

HELD = read("m: {open: {recall: 0.5, failures: 0.1}}\nnot_yet: {m: {open: [failures]}}")


def git(*words: str) -> str:
    """What git answers in this folder; empty where there is no history."""
    program = shutil.which("git")
    if program is None:
        return ""
    asked = (program, "-C", str(THRESHOLDS.parent), *words)
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout  # noqa: S603 - our own words


def test_the_file_was_never_lowered() -> None:
    """Each version in the history is at least as strict as the ones before it."""
    commits = git("log", "--format=%h", "--reverse", "--", THRESHOLDS.name).split()
    if not commits:
        pytest.skip("NOT TESTED: no git history here, so thresholds cannot be compared with earlier ones")
    versions = [read(git("show", f"{commit}:./{THRESHOLDS.name}")) for commit in commits]
    versions.append(thresholds.thresholds())

    steps = pairwise(versions)

    assert [] == [loosened for before, after in steps for loosened in lowered(before, after)]


@pytest.mark.parametrize(
    ("text", "loosened"),
    [
        ("m: {open: {recall: 0.5, failures: 0.1}}\nnot_yet: {m: {open: [failures]}}", []),
        ("m: {open: {recall: 0.6, failures: 0.0}}\nnot_yet: {}", []),
        ("m: {open: {recall: 0.4, failures: 0.1}}\nnot_yet: {}", ["m.open.recall"]),
        ("m: {open: {recall: 0.5, failures: 0.2}}\nnot_yet: {}", ["m.open.failures"]),
        ("m: {open: {recall: 0.5}}\nnot_yet: {}", ["m.open.failures"]),
        (
            "m: {open: {recall: 0.5, failures: 0.1}}\nnot_yet: {m: {open: [failures, recall]}}",
            ["not_yet.m.open.recall"],
        ),
    ],
    ids=["the same", "raised", "lowered", "more failures", "removed", "excused anew"],
)
def test_loosening_is_seen(text: str, loosened: list[str]) -> None:
    """By value, by removal and by excuse."""
    assert loosened == lowered(HELD, read(text))


def test_a_figure_that_was_not_measured_falls_short() -> None:
    """Nothing measured is nothing reached; an excuse holds for its own figure alone."""
    missed = [one.figure for one in shortfalls(HELD, "m", "open", {})]

    assert ["recall", "failures"] == missed
    assert ["m, open: recall is below 0.500: nothing measured"] == [
        str(one) for one in fallen(HELD, "m", "open", {})
    ]


def test_a_reached_threshold_is_no_shortfall() -> None:
    """Reaching it exactly is enough, at most as at least."""
    assert [] == list(shortfalls(HELD, "m", "open", {"recall": 0.5, "failures": 0.1}))


@pytest.fixture
def held() -> Thresholds:
    """The thresholds in force."""
    return thresholds.thresholds()


@pytest.mark.parametrize("result", readme.results(), ids=lambda result: result.model)
def test_committed_results_hold_the_thresholds(held: Thresholds, result: Result) -> None:
    """No result is committed that fell below; every quote that was shown had been said."""
    assert [] == [str(one) for one in short_of(result, held)]
    assert 1.0 == held.of(result.model, "open")["quote_validity"]
    assert 1.0 == held.of(result.model, "held_out")["quote_validity"]


@pytest.mark.parametrize("result", readme.results(), ids=lambda result: result.model)
@pytest.mark.parametrize("split", ["open", "held_out"])
def test_what_is_reached_is_excused_no_more(held: Thresholds, result: Result, split: str) -> None:
    """An excuse that is not needed is to be taken out of the file."""
    rows = [row for row in result.rows if row.split == split]
    missed = {one.figure for one in shortfalls(held, result.model, split, figures(rows))}

    assert set() == set(held.excused(result.model, split)) - missed


def test_the_readme_shows_the_committed_results() -> None:
    """``make evals KEEP=1`` was run, or ``python -m evals.readme``."""
    page = readme.README.read_text("utf-8")

    assert readme.included(page, readme.results()) == page


def test_a_page_without_markers_is_refused() -> None:
    """One is told what it lacks."""
    with pytest.raises(ValueError, match=readme.BEGIN):
        readme.included("# Callstream", [])
