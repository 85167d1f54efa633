"""Which providers an operator may choose, by purpose, and what one is told of the chosen one."""

from dataclasses import replace
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, NonNegativeFloat, NonNegativeInt, SecretStr

from common.models.text import CHAT, ChatModel
from common.settings import ServiceSettings, SettingsError


class OpenAISettings(ServiceSettings):
    """The OpenAI-compatible provider, unless one purpose names its own."""

    openai_api_key: SecretStr = Field(SecretStr(""), description="Key of the OpenAI-compatible provider")
    openai_base_url: str | None = Field(None, description="Its address; none is OpenAI itself")


class TranscriptionSettings(OpenAISettings):
    """Who recognises speech."""

    transcription_model: str = Field("gpt-transcribe", description="Model that recognises speech")
    transcription_base_url: str | None = Field(
        None, description="Its address where it differs from OPENAI_BASE_URL"
    )
    transcription_api_key: SecretStr = Field(SecretStr(""), description="Its key where it differs")
    transcription_requests_per_minute: NonNegativeInt = Field(
        0, description="Requests all of us make of it in a minute; 0: as its answers tell"
    )
    transcription_audio_seconds_per_minute: NonNegativeInt = Field(
        0, description="Seconds of audio it may be sent in a minute; 0: no limit of ours"
    )


Prices = tuple[NonNegativeFloat, NonNegativeFloat]


def priced(model: str, usd_per_million: Prices | None) -> ChatModel:
    """The registry's row of a chat model, at a price that an operator may know better."""
    row = CHAT.get(model) or ChatModel(usd_per_million_in=None, usd_per_million_out=None)
    if usd_per_million is None:
        return row
    return replace(row, usd_per_million_in=usd_per_million[0], usd_per_million_out=usd_per_million[1])


class AnalysisSettings(OpenAISettings):
    """Who draws conclusions."""

    analysis_model: str = Field("gpt-6-luna", description="Model that analyses a transcript")
    analysis_base_url: str | None = Field(
        None, description="Its address where it differs from OPENAI_BASE_URL"
    )
    analysis_api_key: SecretStr = Field(SecretStr(""), description="Its key where it differs")
    analysis_requests_per_minute: NonNegativeInt = Field(
        0, description="Requests all of us make of it in a minute; 0: as its answers tell"
    )
    analysis_tokens_per_minute: NonNegativeInt = Field(
        0, description="Tokens it may read and write in a minute; 0: as its answers tell"
    )
    analysis_usd_per_million: Prices | None = Field(
        None,
        description="Price of a million tokens in and out, as JSON such as [0.1, 0.5], if not the registry's",
    )

    @property
    def model_row(self) -> ChatModel:
        """What is known of the model, and what the operator knows better."""
        return priced(self.analysis_model, self.analysis_usd_per_million)


class Provider:
    """One purpose's provider: the purpose's own address and key, else the common ones."""

    def __init__(
        self, settings: OpenAISettings, purpose: Literal["transcription", "analysis", "embedding"]
    ) -> None:
        own_key: SecretStr = getattr(settings, f"{purpose}_api_key")
        self.base_url: str | None = getattr(settings, f"{purpose}_base_url") or settings.openai_base_url
        self.api_key: str = own_key.get_secret_value() or settings.openai_api_key.get_secret_value()
        units = "audio_seconds" if purpose == "transcription" else "tokens"
        self.model: str = getattr(settings, f"{purpose}_model", "")
        self.requests_per_minute: int = getattr(settings, f"{purpose}_requests_per_minute", 0)
        self.units_per_minute: int = getattr(settings, f"{purpose}_{units}_per_minute", 0)
        if not self.api_key:
            raise SettingsError(
                f"  OPENAI_API_KEY or {purpose.upper()}_API_KEY: is not set (any text if none is asked)"
            )

    @property
    def name(self) -> Literal["local", "openai"]:
        """Who is paid; on this machine nobody is."""
        return "local" if is_here(self.base_url) else "openai"


def is_here(url: str | None) -> bool:
    """Whether an address is this machine's own."""
    return urlsplit(url or "").hostname in {"127.0.0.1", "localhost", "::1"}
