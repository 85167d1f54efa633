"""How much a model is shown follows from what a question may cost; what cannot be is told at start."""

from typing import Any

import pytest
from common.clients import open_redis
from common.gate import Gate
from common.language_model import LanguageModel
from common.settings import SettingsError
from ingest.asking.opening import LEAST_ROOM, open_answerer, room
from ingest.asking.prompt import instructions
from ingest.settings import DoorSettings
from ingest_scene import door_settings
from openai import AsyncOpenAI


def model(settings: DoorSettings) -> LanguageModel:
    client = AsyncOpenAI(api_key="none", base_url="http://127.0.0.1:1")
    gate = Gate("openai", settings.chat_model)
    return LanguageModel(
        client, gate, max_output_tokens=settings.ask_max_output_tokens, row=settings.chat_row
    )


def test_a_cheap_model_is_shown_what_it_is_allowed() -> None:
    """By default 8000 tokens, which cost far less than may be spent."""
    settings = door_settings()

    assert (8000, "gpt-6-luna") == (room(settings, model(settings)), settings.chat_model)


@pytest.mark.parametrize("usd", [0.04, 0.05])
def test_a_dear_model_is_shown_what_a_question_may_cost(usd: float) -> None:
    """The longest question and the longest answer together stay below the limit, and not far below."""
    settings = door_settings(ask_model="gpt-6-sol", ask_max_usd=usd)
    dear = model(settings)
    tokens = room(settings, dear)
    most = dear.need(instructions() + "x" * (2 * tokens + 5000)).usd

    assert LEAST_ROOM < tokens < 8000
    assert most is not None
    assert 0.99 * usd < most <= usd


@pytest.mark.parametrize(
    "choice",
    [
        {"ask_model": "gpt-6-sol", "ask_max_usd": 0.01},
        {"ask_model": "qwen2.5-coder-1.5b-instruct", "ask_max_output_tokens": 16_000},
        {"ask_context_tokens": 100},
    ],
)
def test_what_leaves_no_room_is_told(choice: dict[str, Any]) -> None:
    """Naming the limits, the model and the remedy."""
    settings = door_settings(**choice)

    with pytest.raises(SettingsError, match=r"ASK_MAX_USD, ASK_CONTEXT_TOKENS: leave \d+ tokens"):
        room(settings, model(settings))


async def test_a_limit_of_money_needs_a_price() -> None:
    """Nobody can hold a model without a price to it; the default is no such wish."""
    settings = door_settings(ask_model="somebody's own", ask_max_usd=0.05)
    unpriced = door_settings(ask_model="somebody's own")
    priced = door_settings(ask_model="somebody's own", ask_usd_per_million=(1.0, 2.0))
    nobody: Any = dict.fromkeys(("ledger", "work", "budgets"))

    async with open_redis(settings) as redis:
        with pytest.raises(SettingsError, match="somebody's own"):
            async with open_answerer(settings, nobody, redis):
                pass
    assert (8000, 8000) == (room(unpriced, model(unpriced)), room(priced, model(priced)))


def test_the_model_of_analyses_answers_unless_another_is_named() -> None:
    """At its own price."""
    same = door_settings(analysis_model="mine", analysis_usd_per_million=(1.0, 2.0))
    other = door_settings(analysis_model="mine", analysis_usd_per_million=(1.0, 2.0), ask_model="gpt-6-luna")

    assert ("mine", 3.0) == (same.chat_model, same.chat_row.cost(1_000_000, 1_000_000))
    assert ("gpt-6-luna", 0.6) == (other.chat_model, other.chat_row.cost(1_000_000, 1_000_000))
