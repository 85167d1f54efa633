"""A tenant's own questions and categories, answered by the words of the call."""

from onebox.models.rules.analyst import Analyst
from onebox.models.rules.criteria import Criterion, read_criteria
from onebox.models.rules.lines import Line

LINES = [
    Line("u1", "agent", "This call is being recorded for training."),
    Line("u2", "customer", "I want to cancel my subscription."),
]


def test_criteria_are_read_from_their_lists() -> None:
    """Under their titles, by their ids; other lines are none."""
    rows = [
        "- early: not listed yet",
        "Scorecard questions:",
        "- rec: Was it recorded?",
        "Categories:",
        "- out: He left",
    ]

    assert [
        Criterion("scorecard", "rec", "Was it recorded?"),
        Criterion("categories", "out", "He left"),
    ] == read_criteria(rows)


def test_what_is_plainly_said_is_answered_with_its_words(analyst: Analyst) -> None:
    """Yes and present come with a quote."""
    asked = [
        Criterion("scorecard", "rec", "Did the agent say that the call is recorded?"),
        Criterion("categories", "cancel", "The customer wants to cancel the subscription"),
    ]

    found = analyst.analyse(LINES, asked)

    (answer,), (match,) = found["scorecard"], found["categories"]
    assert ("rec", "yes", "u1") == (
        answer["question_id"],
        answer["answer"],
        answer["evidence"][0]["utterance_ids"][0],
    )
    assert ("cancel", True, "u2") == (
        match["category_id"],
        match["present"],
        match["evidence"][0]["utterance_ids"][0],
    )


def test_what_nobody_speaks_of_is_left_open(analyst: Analyst) -> None:
    """Neither yes nor no: a question does not apply, a category is left out."""
    asked = [
        Criterion("scorecard", "boat", "Did the agent mention the harbour fees?"),
        Criterion("categories", "rain", "Somebody talks about flooding in the cellar"),
    ]

    found = analyst.analyse(LINES, asked)

    assert ([("boat", "not_applicable", [])], []) == (
        [(one["question_id"], one["answer"], one["evidence"]) for one in found["scorecard"]],
        found["categories"],
    )


def test_a_question_about_the_agent_is_not_met_by_the_customer(analyst: Analyst) -> None:
    """The same words from the other side prove nothing."""
    asked = [Criterion("scorecard", "cancel", "Did the agent want to cancel the subscription?")]

    found = analyst.analyse(LINES, asked)

    assert ["not_applicable"] == [one["answer"] for one in found["scorecard"]]
