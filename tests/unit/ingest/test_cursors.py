"""A cursor leads back to its place, in the answer to its question and nowhere else."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ingest.api.cursors import cursor_at, page_after, place_at
from ingest.problems import Problem

places = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=6,
)


@given(places, st.text())
def test_a_cursor_leads_back(place: Any, asked: str) -> None:
    """To exactly the place it was made for."""
    assert place == place_at(cursor_at(place, asked), asked)


@given(places, st.text(), st.text())
def test_a_cursor_of_another_question_is_none(place: Any, asked: str, other: str) -> None:
    """Even if the place would do."""
    if asked != other:
        with pytest.raises(Problem, match="for this very question"):
            place_at(cursor_at(place, asked), other)


@given(places, st.text(), st.data())
def test_a_changed_cursor_is_none(place: Any, asked: str, data: st.DataObject) -> None:
    """One letter more, less or other: there is one spelling of each."""
    cursor = cursor_at(place, asked)
    at = data.draw(st.integers(0, len(cursor) - 1))
    letter = data.draw(st.sampled_from("ABCDEFabcdef0123456789-_="))
    changed = data.draw(
        st.sampled_from([cursor[:at] + cursor[at + 1 :], cursor[:at] + letter + cursor[at:], cursor + letter])
        | st.just(cursor[:at] + letter + cursor[at + 1 :])
    )
    if changed != cursor:
        with pytest.raises(Problem):
            place_at(changed, asked)


@given(st.text() | st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))
def test_whatever_is_no_cursor_is_a_problem(text: str) -> None:
    """And never a fault."""
    with pytest.raises(Problem):
        place_at(text, "asked")
    with suppress(Problem):
        page_after(text)


def test_a_deep_cursor_is_a_problem() -> None:
    """Brackets without an end are no reason to fall over."""
    with pytest.raises(Problem):
        place_at(cursor_at(0, "asked")[:-1] + "W" * 400_000, "asked")
