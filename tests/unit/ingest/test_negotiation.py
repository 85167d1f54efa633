"""Which of several media types a client would rather have."""

import pytest
from ingest.negotiation import preferred

OFFERED = ("application/json", "text/csv", "text/vtt")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/vtt", "text/vtt"),
        ("TEXT/VTT ; charset=utf-8", "text/vtt"),
        ("text/*", "text/csv"),
        ("text/*, text/csv;q=0.1", "text/vtt"),
        ("application/json;q=0.5, text/csv;q=0.9, */*;q=0.1", "text/csv"),
        ("application/json;q=0, */*", "text/csv"),
        ("image/png", None),
        ("text/csv;q=0", None),
        ("text/csv;q=high", None),
        ("text/csv;q=nan", None),
        ("text/csv;q=7", "text/csv"),
        (";;,,/", None),
    ],
)
def test_the_best_that_will_do_is_taken(accept: str | None, expected: str | None) -> None:
    """By weight, the most particular range first, then our own order."""
    assert expected == preferred(accept, OFFERED)
