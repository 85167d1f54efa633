"""What a model is asked to answer is what a strict provider takes, and what was kept is read for good."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from common.model import (
    Analysis,
    Category,
    CategoryMatch,
    Citation,
    Criteria,
    Evidence,
    Insights,
    ScorecardAnswer,
    ScorecardQuestion,
)
from openai.lib._pydantic import to_strict_json_schema
from pydantic import ValidationError

FIRST = json.loads(Path(__file__).with_name("documents").joinpath("analysis.first.json").read_text("utf-8"))
DEEPEST = 5  # levels of objects, and of lists of them, that a strict provider takes


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The shape of an answer, as the SDK sends it."""
    return to_strict_json_schema(Insights[Citation])


def objects(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every object of a schema."""
    yield from (each for each in (schema, *schema["$defs"].values()) if each.get("type") == "object")


def depth(part: dict[str, Any], defs: dict[str, Any]) -> int:
    """Levels of nesting below and with *part*; a list of plain values is none."""
    if "$ref" in part:
        return depth(defs[part["$ref"].rpartition("/")[2]], defs)
    if part.get("type") == "array":
        inner = depth(part["items"], defs)
        return inner + 1 if inner else 0
    below = [*part.get("properties", {}).values(), *part.get("anyOf", ())]
    return max((depth(each, defs) for each in below), default=0) + (part.get("type") == "object")


def keys(part: Any) -> Iterator[str]:
    """Every key of a schema that is not a property's name."""
    if isinstance(part, dict):
        for name, value in part.items():
            yield name
            yield from (
                key
                for each in (value.values() if name in {"properties", "$defs"} else [value])
                for key in keys(each)
            )
    elif isinstance(part, list):
        yield from (key for each in part for key in keys(each))


def test_every_field_of_an_answer_is_required_and_no_other_is_taken(schema: dict[str, Any]) -> None:
    """Strict structured output: nothing optional, nothing additional."""
    assert all(each["additionalProperties"] is False for each in objects(schema))
    assert all(list(each["properties"]) == each["required"] for each in objects(schema))


def test_an_answers_shape_has_no_defaults_and_no_open_ends(schema: dict[str, Any]) -> None:
    """What strict output does not take is not sent."""
    assert set() == {"default", "oneOf", "allOf", "patternProperties"} & set(keys(schema))


def test_an_answers_shape_is_shallow(schema: dict[str, Any]) -> None:
    """Providers refuse what is nested deeper than five levels."""
    assert depth(schema, schema["$defs"]) <= DEEPEST


def test_what_was_found_of_a_quote_is_not_asked_of_the_model(schema: dict[str, Any]) -> None:
    """A model cites; only we verify."""
    assert ["utterance_ids", "quote"] == schema["$defs"]["Citation"]["required"]
    assert "Evidence" not in schema["$defs"]


def test_an_analysis_kept_by_the_first_version_is_read() -> None:
    """What it did not know of is told as unknown or as nothing, and what it knew stays."""
    analysis = Analysis.model_validate(FIRST)

    assert analysis.insights is not None
    assert ((), (), "unknown") == (
        analysis.insights.scorecard,
        analysis.insights.sentiment.utterances,
        analysis.insights.sentiment.trend,
    )
    assert [True, False] == [piece.verified for piece in analysis.insights.objections[0].evidence]
    assert (None, None) == (
        analysis.insights.objections[0].response,
        analysis.insights.questions_raised[0].answer_utterance_id,
    )
    assert analysis == Analysis.model_validate_json(analysis.model_dump_json())


def test_an_answer_of_a_model_has_to_be_whole() -> None:
    """Only kept analyses may lack what is new."""
    with pytest.raises(ValidationError):
        Insights[Citation].model_validate(FIRST["insights"])


def test_what_did_not_happen_needs_no_quote() -> None:
    """A yes has to be shown; a no cannot be."""
    answers = [
        ScorecardAnswer[Evidence](question_id="price", answer=answer, evidence=())
        for answer in ("yes", "partly", "no", "not_applicable")
    ]
    found = [
        CategoryMatch[Evidence](category_id="legal", present=present, evidence=())
        for present in (True, False)
    ]

    assert [False, False, True, True] == [answer.verified for answer in answers]
    assert [False, True] == [match.verified for match in found]


def test_a_tenants_questions_are_told_apart() -> None:
    """An id that occurs twice could be answered twice."""
    twice = ScorecardQuestion(id="price", text="Was the price named?")
    with pytest.raises(ValidationError, match="an id of its own"):
        Criteria(scorecard=(twice, twice))
    with pytest.raises(ValidationError):
        Category(id="Not an id", text="Something happens.")
