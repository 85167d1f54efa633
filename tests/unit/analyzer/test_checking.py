"""What a model concludes is held against what was said."""

import pytest
from analyzer.bounds import bounded
from analyzer.checking import checked
from common.model import FINDINGS, Category, Criteria, Insights, ScorecardQuestion
from common.prompting import readable
from hypothesis import given
from hypothesis import strategies as st
from nouns import citation, competitor, insights, objection, transcript

PRICE = citation("your price is too high", "u2")
OFFER = citation("I'll send a new offer by Friday", "u3")


def pain(description: str) -> dict[str, object]:
    return {"description": description, "severity": "high", "category": "cost", "evidence": (PRICE,)}


def step(**given: object) -> dict[str, object]:
    return {"description": "Send a new offer.", "owner": None, "due": None, "evidence": (OFFER,)} | given


def entity(kind: str, text: str, normalized: str, *ids: str) -> dict[str, object]:
    return {"type": kind, "text": text, "normalized": normalized, "evidence": (citation(text, *ids),)}


def test_quotes_are_marked_found_or_invented() -> None:
    """Both are kept; only one of them is shown as fact."""
    found = checked(
        insights(
            objections=(objection(PRICE, citation("no budget until May", "u2")),),
            competitors=(competitor("Globex", citation("Globex is cheaper", "u2")),),
        ),
        transcript(),
    )

    assert [True, False] == [piece.verified for piece in found.objections[0].evidence]
    assert [True, False] == [found.objections[0].verified, found.competitors[0].verified]


def test_every_list_of_findings_is_checked() -> None:
    """A new kind of finding cannot be forgotten: the list names every field that holds evidence."""
    holding = [
        name
        for name, info in Insights.model_fields.items()
        if str(info.annotation).startswith("tuple[common.model")
    ]

    assert list(FINDINGS) == holding


@pytest.mark.parametrize(
    ("description", "issue"),
    [
        ("The price is too high.", None),
        ("Initech quoted $12,000.", None),
        ("Initech quoted thirteen thousand dollars.", "number_not_said"),
        ("It costs 3 times as much.", "number_not_said"),
        ("The quote of Globex is lower.", "name_not_said"),
        ("One of two concerns is the price.", None),
    ],
)
def test_numbers_and_names_have_to_be_in_the_utterances(description: str, issue: str | None) -> None:
    """In whatever spelling; a finding that names another is not verified, and says why."""
    (found,) = checked(insights(pain_points=(pain(description),)), transcript()).pain_points

    assert (issue is None, issue) == (found.verified, found.evidence[0].issue)


def test_a_sentence_may_begin_with_a_name_that_was_not_said() -> None:
    """What the answer itself takes for a name is one, wherever it stands."""
    answer = insights(pain_points=(pain("Globex is cheaper."),), competitors=(competitor("Globex", PRICE),))
    found = checked(answer, transcript())

    assert [False, False] == [found.pain_points[0].verified, found.competitors[0].verified]


@pytest.mark.parametrize(
    ("given", "verified"),
    [
        (entity("organization", "Initech", "Initech Inc.", "u2"), True),
        (entity("money", "twelve thousand dollars", "USD 12000.00", "u2"), True),
        (entity("money", "twelve thousand dollars", "USD 20000.00", "u2"), False),
        (entity("date", "Friday", "2026-11-27", "u3"), True),
        (entity("person", "Dana", "Dana", "u3"), False),
    ],
    ids=["a name", "an amount", "another amount", "a date", "nobody"],
)
def test_an_entity_is_what_was_said(given: dict[str, object], *, verified: bool) -> None:
    """Its words are there; an amount may be normalised, not changed."""
    assert [verified] == [
        each.verified for each in checked(insights(entities=(given,)), transcript()).entities
    ]


@pytest.mark.parametrize(
    ("text", "normalized", "told"),
    [
        ("Initech", "Initech Inc.", ("Initech", "u2", "Initech")),
        ("Initech, a rival", "Initech", ("Initech", "u2", "Initech")),
        ("Friday", "2026-11-27", ("Friday", "u3", "Friday")),
    ],
    ids=["a name", "as one would write it", "a date"],
)
def test_an_entity_quoted_beside_the_point_is_shown_where_it_is_said(
    text: str, normalized: str, told: tuple[str, ...]
) -> None:
    """Its name itself proves that it was named: the words and the place are mended."""
    kind = "date" if text == "Friday" else "organization"
    given = entity(kind, text, normalized) | {"evidence": (citation("what can I do for you", "u1"),)}
    (found,) = checked(insights(entities=(given,)), transcript()).entities
    (piece,) = found.evidence

    assert told == (found.text, *piece.utterance_ids, piece.quote)
    assert (True, "moved") == (piece.verified, piece.match)


@pytest.mark.parametrize(("cited", "verified"), [("u1", True), ("u4", False)])
def test_a_rival_has_to_be_named_near_what_is_cited(cited: str, *, verified: bool) -> None:
    """That a name was said somewhere makes nobody a competitor."""
    given = competitor("Initech", citation("they are our rivals", cited))

    assert [verified] == [
        each.verified for each in checked(insights(competitors=(given,)), transcript()).competitors
    ]


def test_what_is_found_twice_is_told_once_with_the_words_of_both() -> None:
    """A model at a loss says a thing again and quotes something else for it."""
    twice = (pain("Too dear."), pain("Too dear.") | {"evidence": (citation("your price", "u2"), PRICE)})
    (found,) = checked(insights(pain_points=twice), transcript()).pain_points

    assert ["your price is too high", "your price"] == [piece.quote for piece in found.evidence]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"owner": "agent", "due": "by Friday"}, ("agent", "by Friday")),
        ({"owner": "Robert", "due": "2026-11-27"}, (None, None)),
        ({"owner": None, "due": "next week"}, (None, "next week")),
    ],
    ids=["said", "not said", "said nearby"],
)
def test_owner_and_due_are_told_as_said_or_not_at_all(
    given: dict[str, object], kept: tuple[str | None, str | None]
) -> None:
    """Nobody is given a task that nobody named."""
    (found,) = checked(insights(next_steps=(step(**given),)), transcript()).next_steps

    assert (True, *kept) == (found.verified, found.owner, found.due)


def test_a_response_is_what_was_answered_after_the_objection() -> None:
    """A figure that nobody offered is left out with its sentence."""
    offered = objection(PRICE) | {"response": "A new offer by Friday."}
    invented = objection(PRICE) | {"response": "A discount of 20 %."}
    found = checked(insights(objections=(offered, invented)), transcript())

    assert ["A new offer by Friday.", None] == [each.response for each in found.objections]


def test_an_answer_comes_after_its_question() -> None:
    """Its id is repaired like any, and left out where it answers nothing."""
    asked = citation("what can I do for you", "u1")
    question = {"question": "What can I do?", "asked_by": "Robert", "answered": True, "evidence": (asked,)}
    answers = ("u2 00:05", "u1", "u99", None)
    asking = [insights(questions_raised=(question | {"answer_utterance_id": each},)) for each in answers]
    found = [each for answer in asking for each in checked(answer, transcript()).questions_raised]

    assert ["u2", None, None, None] == [each.answer_utterance_id for each in found]
    assert {"agent"} == {each.asked_by for each in found}


def test_a_summary_tells_nothing_that_nobody_said() -> None:
    """Sentences with foreign names or figures are left out."""
    told = "The customer finds the price too high. They told it to Globex for 99 dollars. An offer follows."

    assert (
        "The customer finds the price too high. An offer follows."
        == checked(insights(summary=told), transcript()).summary
    )


def test_nouns_are_capitalised_in_german() -> None:
    """A capital letter says nothing there; figures do."""
    told = insights(language="de", pain_points=(pain("Klage zum Preis."), pain("Der Preis von 99.")))
    german = transcript().model_copy(update={"language": "de"})

    assert [True, False] == [each.verified for each in checked(told, german).pain_points]
    assert [False, False] == [each.verified for each in checked(told, transcript()).pain_points]


ASKED = Criteria(
    scorecard=(
        ScorecardQuestion(id="price", text="Was it named?"),
        ScorecardQuestion(id="next", text="Next?"),
    ),
    categories=(Category(id="legal", text="Legal is mentioned."),),
)


def test_only_what_was_asked_is_answered_and_once() -> None:
    """Another tenant's questions, repeated answers and missing ones."""
    answer = {"question_id": "price", "answer": "yes", "evidence": (PRICE,)}
    within = bounded(
        insights(scorecard=(answer, answer | {"answer": "no"}, answer | {"question_id": "theirs"})),
        transcript(),
        ASKED,
    )

    assert [("price", "yes")] == [(each.question_id, each.answer) for each in within.insights.scorecard]
    assert ["scorecard.next", "categories.legal"] == [issue.where for issue in within.issues]


def test_an_answer_is_kept_within_bounds() -> None:
    """Lengths, numbers of findings, scores, speakers and ids are those of this call."""
    moods = [{"speaker": name, "label": "positive", "score": 7.0} for name in ("agent", "agent", "boss")]
    utterances = [{"utterance_id": each, "label": "negative", "score": -3} for each in ("u2", "u99")]
    base = insights().sentiment.model_dump() | {
        "score": float("nan"),
        "confidence": 12,
        "by_speaker": moods,
        "by_quarter": [{"quarter": each, "label": "neutral", "score": 0} for each in (0, 1, 1, 9)],
        "utterances": utterances,
    }
    large = insights(
        summary="x" * 9999,
        language="drop table",
        sentiment=base,
        pain_points=tuple(pain(f"{n} {'y' * 999}") for n in range(99)),
        objections=(objection(PRICE),) * 9,
    )
    within = bounded(large, transcript(), Criteria())
    kept, mood = within.insights, within.insights.sentiment

    assert (2000, "und", 50, 500) == (
        len(kept.summary),
        kept.language,
        len(kept.pain_points),
        len(kept.pain_points[0].description),
    )
    assert (0.0, 1.0, [("agent", 1.0)], [1]) == (
        mood.score,
        mood.confidence,
        [(each.speaker, each.score) for each in mood.by_speaker],
        [each.quarter for each in mood.by_quarter],
    )
    assert [("u2", -1.0)] == [(each.utterance_id, each.score) for each in mood.utterances]
    assert [("repeated", "objections"), ("too_many", "pain_points"), ("too_long", "summary")] == [
        (issue.issue, issue.where) for issue in within.issues
    ]


@given(st.text(max_size=100))
def test_what_is_shown_can_be_seen(text: str) -> None:
    """No control, bidirectional or private character comes through; what is readable stays so."""
    shown = readable(text)

    assert shown == readable(shown)
    assert [shown] == (shown.splitlines() or [""])
    assert not set("\u202e\u2066\x00\x1b\ufeff") & set(shown)
