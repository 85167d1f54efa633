"""Findings as chunks: every kind told, only what is proven, with its words, times and speakers."""

from typing import Any

import pytest
from common.model import CallFacts, Chunk, Criteria
from embedder.findings import findings
from nouns import KEY, analysis, evidence, objection, transcript

FACTS = CallFacts(agent="Ann")
QUOTE = evidence("your price is too high", "u2", speaker="customer")


def found(criteria: Criteria | None = None, **kinds: Any) -> list[Chunk]:
    """The chunks of an analysis that concludes this."""
    made = analysis(**kinds).model_copy(update={"criteria": criteria or Criteria()})
    return findings(KEY, made, transcript(), FACTS, first=5)


def one(**what: Any) -> dict[str, Any]:
    return {"evidence": (QUOTE,), **what}


KINDS: dict[str, tuple[str, dict[str, Any], str, str, str | None]] = {
    "entity": (
        "entities",
        one(type="money", text="twelve thousand dollars", normalized="12000 USD"),
        "Money named: 12000 USD",
        "money:12000 USD",
        "money",
    ),
    "pain point": (
        "pain_points",
        one(description="Manual reports.", severity="high", category="Reporting_Effort"),
        "Pain point (reporting effort, high): Manual reports.",
        "reporting effort",
        "high",
    ),
    "objection": (
        "objections",
        objection(QUOTE) | {"response": "A discount."},
        "Objection (price, unresolved): Too expensive.\nAnswered: A discount.",
        "price",
        "unresolved",
    ),
    "competitor": ("competitors", one(name="Initech"), "Competitor named: Initech", "Initech", None),
    "topic": ("key_topics", one(topic="pricing"), "Topic: pricing", "pricing", None),
    "next step": (
        "next_steps",
        one(description="Send the offer.", owner="agent", due="Friday"),
        "Next step (agent, due Friday): Send the offer.",
        "agent",
        "Friday",
    ),
    "nobody's step": (
        "next_steps",
        one(description="Decide.", owner=None, due=None),
        "Next step (unknown): Decide.",
        "unknown",
        None,
    ),
    "question": (
        "questions_raised",
        one(question="How much?", asked_by="customer", answered=False, answer_utterance_id=None),
        "Question of customer (open): How much?",
        "open",
        "customer",
    ),
    "commitment": (
        "commitments",
        one(description="An offer by Friday.", by="agent"),
        "Commitment of agent: An offer by Friday.",
        "agent",
        None,
    ),
    "scorecard": (
        "scorecard",
        one(question_id="price", answer="partly"),
        "Did the agent name the price? Partly",
        "price",
        "partly",
    ),
    "category": (
        "categories",
        one(category_id="recorded", present=True),
        "The recording is announced: present",
        "recorded",
        "present",
    ),
    "forgotten criterion": ("scorecard", one(question_id="gone", answer="yes"), "gone Yes", "gone", "yes"),
}
CRITERIA = Criteria.model_validate(
    {
        "scorecard": [{"id": "price", "text": "Did the agent name the price?"}],
        "categories": [{"id": "recorded", "text": "The recording is announced"}],
    }
)


@pytest.mark.parametrize(("field", "finding", "text", "subject", "state"), KINDS.values(), ids=KINDS.keys())
def test_each_kind_is_told_and_counted_by(
    field: str, finding: dict[str, Any], text: str, subject: str, state: str | None
) -> None:
    """A sentence, its quote, and what becomes of it."""
    (chunk,) = found(CRITERIA, **{field: (finding,)})

    assert f"{text}\n“your price is too high”" == chunk.text
    assert chunk.finding
    assert (subject, state) == (chunk.finding.subject, chunk.finding.state)
    assert QUOTE.quote == chunk.finding.quote


def test_a_finding_stands_where_its_words_were_said() -> None:
    """Its number follows the call's other chunks, its times are those of all its verified quotes."""
    later = evidence("Friday works", "u4", start_ms=15_100, end_ms=15_900)
    unproven = evidence("never said", "u3", verified=False, start_ms=None, end_ms=None)
    (chunk,) = found(key_topics=(one(topic="pricing", evidence=(unproven, later, QUOTE)),))

    assert (5, 5000, 15_900) == (chunk.n, chunk.start_ms, chunk.end_ms)
    assert (("u4", "u2"), ("customer",)) == (chunk.utterance_ids, chunk.speakers)
    assert "never said" not in chunk.text
    assert FACTS == chunk.facts


def test_what_has_no_verified_quote_is_not_indexed() -> None:
    """Nor what needs none, such as that something did not happen: there is nothing to hear."""
    unproven = one(topic="pricing", evidence=(evidence("x", "u1", verified=False),))
    absent = {"evidence": (), "question_id": "price", "answer": "no"}

    assert [] == found(key_topics=(unproven,), scorecard=(absent,))


def test_times_of_an_older_analysis_are_its_utterances() -> None:
    """Where quotes have none of their own."""
    (chunk,) = found(
        key_topics=(one(topic="x", evidence=(evidence("q", "u3", start_ms=None, end_ms=None),)),)
    )

    assert (10_000, 15_000) == (chunk.start_ms, chunk.end_ms)


def test_a_call_without_conclusions_has_no_findings() -> None:
    """As one in which nothing was said."""
    nothing = analysis().model_copy(update={"insights": None})

    assert [] == findings(KEY, nothing, transcript(), FACTS, first=0)
