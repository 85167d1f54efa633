"""What a model costs."""

from collections.abc import Mapping
from datetime import date

import pytest
from common.models.embedding import EMBEDDING
from common.models.speech import SPEECH
from common.models.text import CHAT
from common.prices import chat_cost, embedding_cost, end_of_life, speech_cost


@pytest.mark.parametrize(
    ("cost", "usd"),
    [
        (speech_cost("gpt-transcribe", 90), 0.00675),
        (speech_cost("gpt-transcribe-2026-07-28", 60), 0.0045),
        (speech_cost("gpt-4o-mini-transcribe-2025-12-15", 60), 0.003),
        (speech_cost("local-whisper-large-v3-turbo", 3600), 0.0),
        (chat_cost("gpt-6-luna", 1_000_000, 0), 0.10),
        (chat_cost("gpt-6-luna", 2000, 1000), 0.0007),
        (embedding_cost("text-embedding-3-small", 500_000), 0.01),
    ],
)
def test_a_known_model_has_a_cost(cost: float | None, usd: float) -> None:
    """By minute of audio, or by token in and out."""
    assert usd == pytest.approx(cost)


@pytest.mark.parametrize(
    "cost",
    [speech_cost("new", 60), chat_cost("new", 1, 1), embedding_cost("new", 1), chat_cost("gpt-5", 1, 1)],
    ids=["speech", "chat", "text", "unpriced"],
)
def test_an_unknown_price_is_not_invented(cost: float | None) -> None:
    """None, not zero: zero would be a claim."""
    assert cost is None


@pytest.mark.parametrize("table", [SPEECH, CHAT, EMBEDDING], ids=["speech", "chat", "text"])
def test_no_default_model_is_about_to_be_shut_down(table: Mapping[str, object]) -> None:
    """The first of each table is what the settings name; it has no end yet."""
    first = next(iter(table.values()))

    assert None is getattr(first, "shutdown", date.min)


@pytest.mark.parametrize(
    ("model", "day"),
    [
        ("whisper-1", date(2027, 2, 26)),
        ("gpt-4o-transcribe-diarize", date(2027, 2, 26)),
        ("gpt-4o", date(2027, 1, 14)),
        ("gpt-4.1-mini", date(2027, 1, 14)),
        ("gpt-5", date(2026, 12, 11)),
        ("gpt-4o-mini-transcribe-2025-12-15", date(2027, 2, 26)),
        ("gpt-transcribe", None),
        ("text-embedding-3-small", None),
        ("somebody-elses", None),
    ],
)
def test_a_models_end_is_known_where_it_was_announced(model: str, day: date | None) -> None:
    """With or without a known price."""
    assert day == end_of_life(model)
