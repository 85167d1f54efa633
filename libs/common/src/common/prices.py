"""What models cost and until when they live (November 2026); an unknown model has no known price."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class SpeechPrice:
    """USD for a minute of audio sent."""

    usd_per_minute: float
    shutdown: date | None = None

    def cost(self, audio_seconds: float) -> float:
        """USD for so many seconds."""
        return audio_seconds / 60 * self.usd_per_minute


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """USD for a million tokens in and out."""

    usd_per_million_in: float
    usd_per_million_out: float = 0.0
    shutdown: date | None = None

    def cost(self, tokens_in: int, tokens_out: int = 0) -> float:
        """USD for so many tokens."""
        return (tokens_in * self.usd_per_million_in + tokens_out * self.usd_per_million_out) / 1_000_000


_WHISPER_ERA_ENDS = date(2027, 2, 26)
_GPT4O_ERA_ENDS = date(2027, 1, 14)

SPEECH = {
    "gpt-transcribe": SpeechPrice(0.0045),
    "whisper-1": SpeechPrice(0.006, _WHISPER_ERA_ENDS),
    "gpt-4o-transcribe": SpeechPrice(0.006, _WHISPER_ERA_ENDS),
    "gpt-4o-mini-transcribe": SpeechPrice(0.003, _WHISPER_ERA_ENDS),
    "local-whisper-base": SpeechPrice(0.0),
}
CHAT = {
    "gpt-6-luna": TokenPrice(0.10, 0.50),
    "gpt-6.1-terra": TokenPrice(1.0, 5.0),
    "gpt-6-sol": TokenPrice(2.0, 10.0),
    "gpt-6.1-sol": TokenPrice(2.0, 10.0),
    "gpt-4o": TokenPrice(2.50, 10.0, _GPT4O_ERA_ENDS),
    "local-rules": TokenPrice(0.0, 0.0),
}
EMBEDDING = {
    "text-embedding-3-small": TokenPrice(0.02),
    "text-embedding-3-large": TokenPrice(0.13),
    "local-minilm": TokenPrice(0.0),
}


_UNPRICED = {
    "gpt-4o-transcribe-diarize": _WHISPER_ERA_ENDS,
    **dict.fromkeys(("gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini"), _GPT4O_ERA_ENDS),
    **dict.fromkeys(("gpt-5", "gpt-5-mini", "gpt-5-nano", "o3"), date(2026, 12, 11)),
    **dict.fromkeys(("gpt-5.1", "gpt-5.4-nano"), date(2027, 4, 1)),
}


def end_of_life(model: str) -> date | None:
    """The day the provider shuts the model down, where one is announced."""
    priced = SPEECH.get(model) or CHAT.get(model) or EMBEDDING.get(model)
    return priced.shutdown if priced else _UNPRICED.get(model)


def speech_cost(model: str, audio_seconds: float) -> float | None:
    """USD, or None where the model's price is not known here."""
    price = SPEECH.get(model)
    return None if price is None else price.cost(audio_seconds)


def chat_cost(model: str, tokens_in: int, tokens_out: int) -> float | None:
    """USD, or None where the model's price is not known here."""
    price = CHAT.get(model)
    return None if price is None else price.cost(tokens_in, tokens_out)


def embedding_cost(model: str, tokens: int) -> float | None:
    """USD, or None where the model's price is not known here."""
    price = EMBEDDING.get(model)
    return None if price is None else price.cost(tokens)
