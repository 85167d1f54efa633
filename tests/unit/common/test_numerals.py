"""A number is the same number in whatever way it is written."""

from itertools import pairwise

import pytest
from common.numerals import claimed, in_figures, numbers
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("twelve thousand dollars", "12000 dollars"),
        ("$12,000", "12000"),
        ("12 000 Ft", "12000 ft"),
        ("12.000,50 EUR", "12000.5 eur"),
        ("12k", "12000"),
        ("1.2 million", "1200000"),
        ("twelve hundred", "1200"),
        ("one hundred and five", "105"),
        ("a hundred or two", "a 100 or 2"),
        ("twenty-five percent", "25 percent"),
        ("twenty twenty six", "20 26"),
        ("five five one two", "5 5 1 2"),
        ("two hundred and we", "200 and we"),
        ("version 1.2.3", "version 1.2 3"),
        ("call 06301234567890123", "call 06301234567890123"),
        ("no number at all", "no number at all"),
    ],
)
def test_numbers_are_told_in_figures(text: str, words: str) -> None:
    """Grouped, spelled out, abbreviated; codes are left alone."""
    assert words == " ".join(in_figures(text).words)


@given(st.integers(0, 10**9))
def test_grouping_changes_no_number(number: int) -> None:
    """However its thousands are parted."""
    for written in (f"{number}", f"{number:,}", f"{number:,}".replace(",", " ")):
        assert frozenset({str(number)}) == numbers(written)


@given(st.text(max_size=80))
def test_whatever_is_written_can_be_read(text: str) -> None:
    """Each word comes from a place of its own in the text, in order."""
    spans = in_figures(text).spans

    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))


def test_a_figure_of_speech_claims_no_number() -> None:
    """One of two concerns is no figure; twenty seats and 2 seats are."""
    assert frozenset({"2", "20"}) == claimed("One of three concerns: twenty seats, or 2 of them.")
