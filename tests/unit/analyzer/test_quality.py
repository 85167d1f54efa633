"""An analysis says how far it can be relied on, and why not further."""

from typing import Any

import pytest
from analyzer.checking import checked
from analyzer.quality import HIGH, judged
from common.model import QualityIssue, QualityValidation
from nouns import citation, competitor, insights, objection, transcript

PRICE = citation("your price is too high", "u2")
SENTIMENT = insights().sentiment.model_dump()
LONG = transcript(spoken=tuple(("customer", f"This is remark number {n} of the call.") for n in range(40)))


def quality(*, least: float = 0.5, **found: Any) -> QualityValidation:
    """Of an answer that finds this."""
    told = {"call_outcome": "unknown"} | found
    return judged(checked(insights(**told), transcript()), transcript(), least=least)


def codes(judgement: QualityValidation) -> list[tuple[str, str | None]]:
    """Every issue, and where."""
    return [(issue.issue, issue.where) for issue in judgement.issues]


def test_a_sound_analysis_has_a_high_quality() -> None:
    """Nothing speaks against it."""
    assert QualityValidation(score=1.0, level="high", issues=()) == quality(objections=(objection(PRICE),))


def test_what_is_not_grounded_is_named() -> None:
    """Finding by finding, with the reason."""
    found = quality(
        objections=(
            objection(PRICE),
            objection() | {"description": "Unquoted."},
            objection(citation("no budget", "u2")) | {"description": "Invented."},
        ),
        competitors=(competitor("Globex", PRICE),),
    )

    assert [
        ("no_evidence", "objections[1]"),
        ("not_said", "objections[2]"),
        ("name_not_said", "competitors[0]"),
    ] == codes(found)
    assert (0.625, "medium") == (found.score, found.level)


def test_below_the_threshold_quality_is_low() -> None:
    """The operator says where."""
    invented = (objection(citation("no budget", "u2")),)

    assert ["low", "medium"] == [quality(least=least, objections=invented).level for least in (0.6, 0.4)]


@pytest.mark.parametrize(
    ("found", "issue"),
    [
        ({"sentiment": SENTIMENT | {"overall": "positive", "score": -0.5}}, "label_contradicts_score"),
        (
            {
                "sentiment": SENTIMENT
                | {
                    "overall": "positive",
                    "score": 0.5,
                    "utterances": [{"utterance_id": "u2", "label": "negative", "score": -0.8}],
                }
            },
            "sentiment_contradicts_utterances",
        ),
        (
            {
                "sentiment": SENTIMENT | {"overall": "positive", "score": 0.5},
                "objections": (objection(PRICE),),
                "pain_points": tuple(
                    {"description": said, "severity": "high", "category": "cost", "evidence": (PRICE,)}
                    for said in ("Price.", "Cost.")
                ),
            },
            "sentiment_contradicts_evidence",
        ),
        ({"call_outcome": "next_step_agreed"}, "outcome_without_next_step"),
        ({"call_outcome": "resolved", "objections": (objection(PRICE),)}, "outcome_contradicts_objections"),
        ({"summary": ""}, "too_short"),
    ],
    ids=["label", "utterances", "evidence", "next step", "objections", "summary"],
)
def test_contradictions_are_named(found: dict[str, Any], issue: str) -> None:
    """What an analysis says of the whole has to agree with what it says of the parts."""
    judgement = quality(**found)

    assert [issue] == [issue for issue, _ in codes(judgement)]
    assert judgement.score < 1


def test_a_quarter_in_which_much_is_said_needs_evidence() -> None:
    """A model that read the beginning alone is found out."""
    early = insights(
        call_outcome="unknown",
        summary="Remarks are made.",
        objections=tuple(objection(citation("remark number", f"u{n}")) for n in (1, 2, 12)),
    )
    judgement = judged(checked(early, LONG), LONG, least=0.5)

    assert [("quarter_without_evidence", "quarter 3"), ("quarter_without_evidence", "quarter 4")] == codes(
        judgement
    )
    assert (0.9, "high") == (judgement.score, judgement.level)


def test_a_long_call_without_findings_is_suspicious() -> None:
    """Something follows from every conversation."""
    nothing = insights(call_outcome="unknown")
    judgement = judged(checked(nothing, LONG), LONG, least=0.5)

    assert ("no_findings", None) == codes(judgement)[0]
    assert judgement.score < HIGH


def test_what_had_to_be_mended_counts() -> None:
    """Bounds tell what they cut."""
    cut = QualityIssue(issue="too_long", where="summary")
    judgement = judged(
        checked(insights(call_outcome="unknown"), transcript()), transcript(), [cut], least=0.5
    )

    assert (0.95, [("too_long", "summary")]) == (judgement.score, codes(judgement))
