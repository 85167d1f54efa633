"""What an operator may choose, and what is said of a bad choice."""

from typing import Any

import pytest
from analyzer.settings import DEAREST_ABOVE, USUAL_CONTEXT, Settings
from common.model import Category, ScorecardQuestion
from contract.harness import settings
from pydantic import ValidationError

QUESTION = {"id": "price", "text": "Did the agent name the price?"}


def chosen(**choices: Any) -> Settings:
    """The settings of the contract tests, and these."""
    return Settings.model_validate(settings() | choices)


@pytest.mark.parametrize(
    ("choices", "room"),
    [
        ({}, DEAREST_ABOVE),
        ({"analysis_model": "somebody's own"}, USUAL_CONTEXT - 16_000),
        ({"analysis_context_tokens": 32_000, "analysis_max_output_tokens": 4000}, 28_000),
        ({"analysis_context_tokens": 1000}, 1),
    ],
    ids=["the registry's", "unknown", "chosen", "too small"],
)
def test_a_question_leaves_room_for_its_answer(choices: dict[str, Any], room: int) -> None:
    """By the chosen context, else the registry's, else a usual one; never where input costs double."""
    assert room == chosen(**choices).room


@pytest.mark.parametrize(
    ("choices", "usd"),
    [
        ({}, 0.15),
        ({"analysis_model": "somebody's own"}, None),
        ({"analysis_model": "somebody's own", "analysis_usd_per_million": [0.1, 0.4]}, 0.15),
        ({"analysis_model": "somebody's own", "budget_per_analyze_usd": 0.5}, 0.5),
    ],
    ids=["known price", "unknown price", "told price", "chosen"],
)
def test_an_analysis_costs_fifteen_cents_at_most(choices: dict[str, Any], usd: float | None) -> None:
    """Unless somebody chose otherwise; without a price only a chosen limit is held against it."""
    assert usd == chosen(**choices).most_usd


def test_criteria_are_read_from_json() -> None:
    """By tenant, as the environment holds them."""
    category = {"id": "recorded", "text": "The recording is announced.", "rule": "absence"}
    read = chosen(scorecards={"acme": [QUESTION]}, categories={"*": [category]})

    assert {"acme": (ScorecardQuestion.model_validate(QUESTION),)} == read.scorecards
    assert {"*": (Category.model_validate(category),)} == read.categories


@pytest.mark.parametrize(
    "choices",
    [
        {"scorecards": {"acme": [QUESTION, QUESTION]}},
        {"scorecards": {"acme": [QUESTION | {"id": "Not An Id"}]}},
        {"scorecards": {"acme": [QUESTION | {"text": "x" * 999}]}},
        {"categories": {"acme": [QUESTION | {"rule": "perhaps"}]}},
        {"analysis_min_quality": 2},
    ],
    ids=["twice", "id", "long", "rule", "quality"],
)
def test_a_bad_choice_is_refused_at_the_start(choices: dict[str, Any]) -> None:
    """Not when the first call comes."""
    with pytest.raises(ValidationError):
        chosen(**choices)
