"""How much of the speech became text."""

import pytest
from common.model import Refused, Segment
from transcriber.coverage import added_up, coverage


def heard(ms: int) -> Segment:
    return Segment(channel=0, start_ms=1000, end_ms=1000 + ms, text="yes")


@pytest.mark.parametrize(
    ("speech_ms", "heard_ms", "refused_ms", "expected"),
    [
        (8_000, 10_000, 0, (8_000, 1.0, False)),
        (8_000, 9_800, 200, (7_840, 0.98, False)),
        (8_000, 9_790, 210, (7_832, 0.979, True)),
        (8_000, 0, 10_000, (0, 0.0, True)),
        (8_000, 0, 0, (0, 0.0, True)),
        (0, 0, 0, (0, 1.0, False)),
    ],
)
def test_below_98_percent_is_flagged(
    speech_ms: int, heard_ms: int, refused_ms: int, expected: tuple[int, float, bool]
) -> None:
    """Nothing to hear is all of it; speech of which nothing came is none of it."""
    segments = [heard(heard_ms)] if heard_ms else []
    refused = [Refused(reason="loop", ms=refused_ms, count=1)] if refused_ms else []
    found = coverage(speech_ms, segments, refused)

    assert expected == (found.transcribed_ms, found.share, found.flagged)


def test_pieces_are_added_up_by_reason() -> None:
    """How long, and how many."""
    assert (
        Refused(reason="loop", ms=300, count=2),
        Refused(reason="too_fast", ms=50, count=1),
    ) == added_up([("loop", 100), ("too_fast", 50), ("loop", 200)])
