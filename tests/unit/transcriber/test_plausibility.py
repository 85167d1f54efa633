"""What nobody can have said."""

import pytest
from transcriber.plausibility import refusal


@pytest.mark.parametrize(
    "text",
    [
        "no " * 9,
        "Thanks for watching! " * 9,
        "So. " + "I see, you know. " * 9 + "Bye",
        "ありがとう" * 9,
        "谢谢" * 9,
    ],
)
def test_a_loop_is_refused(text: str) -> None:
    """One to four words, more than eight times in a row, in any script."""
    assert "loop" == refusal(text, 60.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no " * 8,
        "I see, you know. " * 8,
        "one two three four five " * 20,
        "no yes " * 4 + "well " + "no yes " * 4,
        "Good morning, how can I help you?",
    ],
)
def test_plain_repetition_is_not(text: str) -> None:
    """Eight times is insistence; a refrain of five words is a refrain."""
    assert refusal(text, 60.0) is None


@pytest.mark.parametrize(("seconds", "why"), [(0.4, "too_fast"), (0.5, None)])
def test_six_words_take_half_a_second(seconds: float, why: str | None) -> None:
    """Nobody says more than twelve words a second."""
    assert why == refusal("thank you very much for watching", seconds)
