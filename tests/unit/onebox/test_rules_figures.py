"""Figures in any spelling, with the words that were said."""

import pytest
from onebox.models.rules.figures import figures


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is $1,200 in all", ("money", "$1,200", "USD 1200.00")),
        ("two hundred and forty dollars, then", ("money", "two hundred and forty dollars", "USD 240.00")),
        ("That makes one pound eighty.", ("money", "one pound eighty", "1 pound 80")),
        ("It costs nineteen hundred a month.", ("money", "nineteen hundred a month", "1900")),
        ("about ten grand", ("money", "ten grand", "10 grand")),
        ("The third of November suits me.", ("date", "The third of November", "The third of November")),
        ("Come next Tuesday at eight.", ("date", "next Tuesday at eight", "next Tuesday at eight")),
        ("It was built in nineteen eighty.", ("date", "nineteen eighty", "nineteen eighty")),
        ("Write to anna.b@example.com.", ("email", "anna.b@example.com", "anna.b@example.com")),
        ("sales at blue sky dot com", ("email", "sales at blue sky dot com", "sales@bluesky.com")),
        ("Ring 0 5 5 5, 4 1 8, 7 0 3.", ("phone", "0 5 5 5, 4 1 8, 7 0 3", "0555418703")),
        ("oh five five, double two one three", ("phone", "oh five five, double two one three", "0552213")),
        ("four hundred and twelve trucks", ("number", "four hundred and twelve trucks", "412 trucks")),
        ("Nine percent less", ("number", "Nine percent", "9%")),
        ("A loan of half a million is too much.", ("number", "half a million", "500000")),
        ("The limit is a quarter of a million.", ("number", "a quarter of a million", "250000")),
        ("From about nineteen oh eight.", ("date", "nineteen oh eight", "nineteen oh eight")),
        ("It is due the twenty eighth.", ("date", "the twenty eighth", "the twenty eighth")),
    ],
)  # fmt: skip
def test_a_figure_keeps_its_words(text: str, expected: tuple[str, str, str]) -> None:
    """The words are the speaker's; the written form adds nothing that they did not say."""
    assert [expected] == [(one.kind, one.text, one.normalized) for one in figures(text)]


@pytest.mark.parametrize(
    "text",
    ["One thing is sure.", "That one.", "You may march on.", "Look at the dots.", "The second question.",
     "Sixty four's enough.", "On the twenty first floor."],
)  # fmt: skip
def test_figures_of_speech_are_none(text: str) -> None:
    """Small numbers without a unit, and words that only look like months, say nothing."""
    assert [] == figures(text)
