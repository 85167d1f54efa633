"""How speech is recognised, as far as an operator may choose."""

from typing import Annotated, Literal

from common.provider_settings import TranscriptionSettings
from pydantic import Field, PositiveFloat, PositiveInt, field_validator

from transcriber.vocabulary import MOST_TERMS, faults


class RecognitionSettings(TranscriptionSettings):
    """What is asked of the speech model, and what a model that is not in the registry can do."""

    transcription_language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] | None = Field(
        None,
        description="ISO 639 code of the calls' language; none lets the model find out",
    )
    transcription_words: bool | None = Field(
        None,
        description="Times of single words: true needs a model that has them, false asks for none;"
        " none: where the model's usual answer holds them",
    )
    transcription_response_format: Literal["json", "verbose_json"] | None = Field(
        None, description="Answer of a model of your own: json, or verbose_json for one that tells times"
    )
    transcription_max_seconds: PositiveFloat | None = Field(
        None, description="Longest audio in seconds that your server takes in one request"
    )
    transcription_vocabulary_field: Literal["keywords", "prompt"] | None = Field(
        None, description="Where a model of your own takes VOCABULARY; none: nowhere"
    )
    transcription_usd_per_minute: Annotated[float, Field(ge=0)] | None = Field(
        None, description="Price of a minute where it is not the registry's"
    )
    vocabulary: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description=f"Names and terms to expect, at most {MOST_TERMS} a tenant, as JSON by tenant (* is every"
        ' tenant), such as {"*": ["Callstream"], "acme": ["Kovács Éva"]}',
    )
    diarization_model: str | None = Field(
        None, description="Model that tells speakers apart on a single channel; none: one unknown speaker"
    )
    provider_concurrency: PositiveInt = Field(
        16, description="Requests one process has open at a time, all calls together; tenants take turns"
    )

    @field_validator("vocabulary")
    @classmethod
    def _usable(cls, vocabulary: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if found := faults(vocabulary):
            raise ValueError("; ".join(found))
        return vocabulary
