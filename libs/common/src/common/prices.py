"""What asking a model costs, as the registry has it; an unknown model has no known price."""

from datetime import date

from common.models.embedding import EMBEDDING
from common.models.speech import known_speech_model
from common.models.text import CHAT


def end_of_life(model: str) -> date | None:
    """The day the provider shuts the model down, where one is announced."""
    row = known_speech_model(model) or CHAT.get(model) or EMBEDDING.get(model)
    return row.shutdown if row else None


def speech_cost(model: str, audio_seconds: float) -> float | None:
    """USD, or None where the model's price is not known here."""
    row = known_speech_model(model)
    return None if row is None else row.cost(audio_seconds)


def chat_cost(model: str, tokens_in: int, tokens_out: int) -> float | None:
    """USD, or None where the model's price is not known here."""
    row = CHAT.get(model)
    return None if row is None else row.cost(tokens_in, tokens_out)


def embedding_cost(model: str, tokens: int) -> float | None:
    """USD, or None where the model's price is not known here."""
    row = EMBEDDING.get(model)
    return None if row is None else row.cost(tokens)
