"""Whoever answers questions, opened and closed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from common.budget import Budget
from common.clients import open_openai, shared_gate
from common.language_model import LanguageModel
from common.ledger import ASK, Ledger
from common.prompting import BYTES_PER_TOKEN
from common.provider_settings import Provider
from common.settings import SettingsError, require_price
from common.work import Claims
from redis.asyncio import Redis

from ingest.asking.answering import Answerer
from ingest.asking.prompt import instructions
from ingest.settings import DoorSettings

HOLD: Final = 3.0  # seconds a question waits for leave to ask
AROUND: Final = 5000  # bytes of a question beside its excerpts and instructions: what was asked, delimiters
LEAST_ROOM: Final = 500  # tokens of excerpts, with fewer of which there is little to answer from


@asynccontextmanager
async def open_answerer(settings: DoorSettings, database: Any, redis: Redis) -> AsyncIterator[Answerer]:
    """The model with its gate, its ledger and its purse.

    Raises:
        SettingsError: no answer fits into the limits that are set, or a price is needed and not known.
    """
    provider = Provider(settings, "analysis")
    ledger = Ledger(database["ledger"], ASK, days=settings.ledger_days)
    async with open_openai(provider, read_timeout=settings.ask_timeout_seconds) as client:
        gate = shared_gate(settings, redis, provider, model=settings.chat_model, hold=HOLD, ledger=ledger)
        model = LanguageModel(
            client, gate, max_output_tokens=settings.ask_max_output_tokens, row=settings.chat_row
        )
        limits = replace(settings.limits(), call=None, park=False)  # who asks waits for an answer
        chosen = settings.ask_max_usd if "ask_max_usd" in settings.model_fields_set else None
        require_price(replace(limits, call=chosen), model.name, model.need("").usd)
        budget = Budget(database["budgets"], ledger, ASK, limits)
        await budget.prepare()
        claims = Claims(database["work"], days=settings.ask_remembered_days)
        yield Answerer(model, claims, budget, room(settings, model), settings.ask_timeout_seconds)


def room(settings: DoorSettings, model: LanguageModel) -> int:
    """Tokens of excerpts that a question may hold: by its own limit, the model's context, and its price.

    Raises:
        SettingsError: hardly any.
    """
    beside = len(instructions().encode()) + AROUND
    most = [settings.ask_context_tokens]
    if context := settings.chat_row.context:
        most.append(context - settings.ask_max_output_tokens - beside // BYTES_PER_TOKEN)
    if (affordable := model.affordable(settings.ask_max_usd)) is not None:
        most.append((affordable - beside) // BYTES_PER_TOKEN)
    if min(most) < LEAST_ROOM:
        raise SettingsError(
            f"  ASK_MAX_USD, ASK_CONTEXT_TOKENS: leave {max(0, min(most))} tokens of transcripts for"
            f" {model.name}, {LEAST_ROOM} are needed; raise what is lower, or choose another ASK_MODEL"
        )
    return min(most)
