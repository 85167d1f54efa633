"""Answers written by hand are scored for what they are; none of them shows a quote that nobody said."""

import pytest
from evals import gold
from evals.asking import Reply
from evals.figures import precision, recall, total
from evals.kept import Taken
from evals.labels import KINDS
from evals.results import Row, row
from evals.written import Written, answers

WRITTEN = answers()


@pytest.mark.parametrize("name", WRITTEN)
def test_an_answer_scores_what_it_is_worth(name: str) -> None:
    """Recall and precision are within what its writer expects, and so is what falls to the checks."""
    written = WRITTEN[name]

    reached = total([_row(written)], KINDS)

    found, right = recall(reached) or 0.0, precision(reached) or 0.0
    assert written.expected.recall[0] <= found <= written.expected.recall[1]
    assert written.expected.precision[0] <= right <= written.expected.precision[1]
    assert written.expected.unverified == reached.unverified


@pytest.mark.parametrize("name", WRITTEN)
def test_every_quote_that_is_shown_was_said(name: str) -> None:
    """The checks let none through that stands nowhere in the transcript."""
    quotes = _row(WRITTEN[name]).score.quotes

    assert quotes.shown == quotes.verbatim


@pytest.mark.parametrize("name", WRITTEN)
def test_nobody_takes_them_for_a_models(name: str) -> None:
    """Each says who wrote it, and is about a dialogue that anybody may read."""
    written = WRITTEN[name]

    assert "a person, not a model" == written.written_by
    assert "open" == gold.dialogue(gold.DIALOGUES / f"{written.dialogue}.yaml").split


def _row(written: Written) -> Row:
    dialogue = gold.dialogue(gold.DIALOGUES / f"{written.dialogue}.yaml")
    return row(dialogue, Reply(written.insights(dialogue), None, Taken()))
