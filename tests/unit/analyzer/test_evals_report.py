"""The report shows what moved, and of the held-out half nothing but sums."""

from datetime import date
from pathlib import Path

from evals import gold
from evals.asking import Asked, Reply
from evals.figures import figures
from evals.kept import Taken
from evals.readme import BEGIN, END, included
from evals.report import report
from evals.results import Result, changed, keep, kept, row
from evals.run import chosen
from evals.thresholds import read, shortfalls
from evals.written import answers


def result(day: date, *, careful: bool) -> Result:
    """Two calls of which one came to nothing, the other to what a person wrote."""
    dialogues = [
        gold.dialogue(gold.DIALOGUES / f"{name}.yaml") for name in ("pricing_review", "voicemail_quote")
    ]
    insights = answers()["careful" if careful else "inventive"].insights(dialogues[0])
    rows = (
        row(dialogues[0], Reply(insights, None, Taken(seconds=2.0, input_tokens=900))),
        row(dialogues[1], Reply(None, "answer_too_long", Taken(seconds=4.0))),
    )
    asked = Asked(model="some/model", base_url=None, api_key="k")
    return Result(
        model=asked.model,
        prompt="analysis.v0+0",
        day=day.isoformat(),
        max_output_tokens=asked.max_output_tokens,
        timeout=asked.timeout,
        rows=rows,
    )


NOW, BEFORE = result(date(2026, 2, 1), careful=True), result(date(2026, 1, 1), careful=False)


def test_figures_are_shown_beside_those_before() -> None:
    """What moved says from where; what did not says nothing."""
    page = report(NOW, BEFORE, [])

    assert "2026-02-01, prompt analysis.v0+0, beside the result of 2026-01-01 (prompt analysis.v0+0)." in page
    assert "| outcome | 100 % (was 0 %) | 0 % |" in page
    assert "| tokens read a call | 900 | 0 |" in page


def test_failures_are_told_by_reason() -> None:
    """A call without an analysis is counted, and why."""
    assert "Without an analysis: answer_too_long 1." in report(NOW, None, [])


def test_shortfalls_stand_first() -> None:
    """Whoever reads no further has read them."""
    held = read("some/model: {held_out: {recall: 0.5}}")
    page = report(NOW, None, list(shortfalls(held, "some/model", "held_out", figures(NOW.of("held_out")))))

    assert page.index("- some/model, held_out: recall is below 0.500: 0.000") < page.index("| calls |")


def test_held_out_calls_are_not_shown_one_by_one() -> None:
    """Whoever tunes a prompt reads this page."""
    page = report(NOW, None, [])

    assert ("pricing_review" in page, "voicemail_quote" in page) == (True, False)


def test_a_result_is_read_as_it_was_kept(tmp_path: Path) -> None:
    """A line a dialogue; a model's name with a slash is one file."""
    place = keep(NOW, tmp_path)

    assert ("some_model.json", NOW) == (place.name, kept("some/model", tmp_path))
    assert len(NOW.rows) + 2 == len(place.read_text("utf-8").splitlines())
    assert kept("another", tmp_path) is None


def test_a_dialogue_that_was_changed_since_is_known() -> None:
    """A score rests on the dialogue as it was."""
    dialogue = gold.dialogue(gold.DIALOGUES / "pricing_review.yaml")
    other = dialogue.model_copy(update={"language": "de"})

    assert [] == changed(BEFORE.model_copy(update={"rows": BEFORE.rows[:1]}), [dialogue])
    assert ["pricing_review"] == changed(BEFORE.model_copy(update={"rows": BEFORE.rows[:1]}), [other])


def test_the_readme_is_changed_between_its_markers_alone() -> None:
    """A column for each half that was asked about."""
    page = included(f"# Title\n{BEGIN}\nold\n{END}\nrest\n", [NOW])

    assert page.startswith(f"# Title\n{BEGIN}\n|  | some/model, open half | some/model, held-out half |")
    assert page.endswith(f"\n\nsome/model: 2026-02-01, prompt analysis.v0+0.\n{END}\nrest\n")


def test_the_shortest_of_each_half_are_chosen() -> None:
    """As many of one as of the other, so that both can be compared."""
    few = chosen(gold.dialogues(), 2)

    assert ["held_out", "held_out", "open", "open"] == sorted(one.split for one in few)
    assert "voicemail_quote" == few[0].name
