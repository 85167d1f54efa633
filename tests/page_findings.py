"""What rules do not find in the bundled samples: how they went, what hurts, what stands against a deal."""

from typing import Any


def _cited(quote: str, utterance: str) -> tuple[dict[str, Any], ...]:
    return ({"utterance_ids": (utterance,), "quote": quote},)


def _pain(description: str, severity: str, category: str, quote: str, utterance: str) -> dict[str, Any]:
    return {
        "description": description,
        "severity": severity,
        "category": category,
        "evidence": _cited(quote, utterance),
    }


def _objection(
    kind: str, description: str, status: str, quote: str, utterance: str, response: str | None = None
) -> dict[str, Any]:
    return {
        "type": kind,
        "description": description,
        "resolution_status": status,
        "response": response,
        "evidence": _cited(quote, utterance),
    }


def _sentiment(overall: str, trend: str, *quarters: float, **moments: float) -> dict[str, Any]:
    """*quarters* are scores, *moments* those of single utterances."""
    return {
        "overall": overall,
        "score": round(sum(quarters) / len(quarters), 2),
        "confidence": 0.8,
        "reasoning": "By what the customer says of it.",
        "by_speaker": (
            {"speaker": "agent", "label": "positive", "score": 0.4},
            {"speaker": "customer", "label": overall, "score": quarters[-1]},
        ),
        "by_quarter": tuple(
            {"quarter": n, "label": _label(score), "score": score}
            for n, score in enumerate(quarters, start=1)
        ),
        "trend": trend,
        "utterances": tuple(
            {"utterance_id": name, "label": _label(score), "score": score} for name, score in moments.items()
        ),
    }


def _label(score: float) -> str:
    return "positive" if score > 0.2 else "negative" if score < -0.2 else "neutral"


FELT: dict[str, dict[str, Any]] = {
    "pricing_review": {
        "summary": "Finance spends two days a month on reports nobody trusts. The team plan at $1,200 is"
        " above their budget of $900, and Bluebird is cheaper; ten percent off for a year may settle it."
        " A proposal follows by Friday, a call on Tuesday.",
        "sentiment": _sentiment("mixed", "improving", -0.5, 0.1, -0.3, 0.6, u4=-0.7, u10=-0.6, u16=0.5),
        "pain_points": (
            _pain(
                "Reports are copied by hand",
                "high",
                "manual work",
                "We spend two days every month copying numbers by hand",
                "u4",
            ),
            _pain("The numbers never match", "medium", "data quality", "the numbers never match", "u4"),
        ),
        "objections": (
            _objection(
                "price",
                "The team plan costs more than the budget",
                "deferred",
                "That is too expensive for us",
                "u10",
                "Ten percent off for a year",
            ),
            _objection(
                "authority",
                "The boss decides",
                "unresolved",
                "I need to talk to my boss before we decide",
                "u14",
            ),
        ),
    },
    "delivery_renewal": {
        "summary": "Late deliveries and a website that crashes put the renewal at risk, and Bluewater offers"
        " $3,000 a month. A refund, an account manager and weekend delivery are promised.",
        "sentiment": _sentiment("negative", "improving", -0.6, -0.7, -0.1, 0.3, u2=-0.6, u6=-0.8, u16=0.7),
        "pain_points": (
            _pain(
                "Deliveries are late",
                "high",
                "delivery",
                "The deliveries were late three times in December",
                "u4",
            ),
            _pain("The website crashes", "medium", "reliability", "it keeps crashing", "u6"),
        ),
        "objections": (
            _objection(
                "trust", "Promises were made before", "resolved", "I have heard that before", "u8", "A refund"
            ),
            _objection(
                "timing", "Not before the holidays", "deferred", "It is not a good time to sign", "u14"
            ),
        ),
    },
    "product_demo": {
        "summary": "Missed appointments cost the clinic about $500 a week. Reminders by text message please,"
        " training worries; a free trial starts today.",
        "sentiment": _sentiment("positive", "improving", -0.1, 0.5, 0.2, 0.7, u6=0.7, u12=-0.4, u16=0.6),
        "pain_points": (
            _pain(
                "Patients miss their appointments",
                "high",
                "no-shows",
                "Many patients miss their appointments",
                "u4",
            ),
        ),
        "objections": (
            _objection(
                "other",
                "No time to learn another tool",
                "resolved",
                "My staff do not have time to learn another tool",
                "u12",
                "Two short training sessions",
            ),
        ),
    },
}
