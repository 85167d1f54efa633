"""How a call felt, and how that changed."""

from onebox.models.rules.lines import Line, sentences
from onebox.models.rules.mood import sentiment, unheard

GLAD, SORRY, FLAT = "I love it, it is wonderful.", "I hate it, it is terrible.", "It is on the table."


def call(*texts: str) -> list[Line]:
    """A customer's turns, ten seconds apart."""
    return [Line(f"u{n}", "customer", text, 10.0 * n) for n, text in enumerate(texts)]


def test_a_mood_is_told_by_quarter_and_trend() -> None:
    """Four quarters in order, and whether the last is better than the first."""
    lines = call(SORRY, SORRY, FLAT, FLAT, FLAT, FLAT, GLAD, GLAD)

    felt = sentiment(lines, sentences(lines), set())

    labels = [one["label"] for one in felt["by_quarter"]]
    assert ("negative", "positive", "improving") == (labels[0], labels[-1], felt["trend"])
    assert [1, 2, 3, 4] == [one["quarter"] for one in felt["by_quarter"]]


def test_only_what_is_plainly_felt_is_listed() -> None:
    """An utterance without a word of feeling is not."""
    lines = call(GLAD, FLAT, SORRY)

    felt = sentiment(lines, sentences(lines), set())

    listed = [(one["utterance_id"], one["label"]) for one in felt["utterances"]]
    assert [("u0", "positive"), ("u2", "negative")] == listed


def test_a_complaint_is_negative_in_whatever_words() -> None:
    """A word list cannot know what hurts; what was found to hurt counts."""
    lines = call(FLAT)

    assert ["neutral", "negative"] == [
        sentiment(lines, sentences(lines), complaints)["overall"] for complaints in (set[str](), {FLAT})
    ]


def test_what_is_not_heard_is_not_claimed() -> None:
    """No confidence, no quarters, no trend."""
    assert (0.0, [], "unknown") == (unheard()["confidence"], unheard()["by_quarter"], unheard()["trend"])
