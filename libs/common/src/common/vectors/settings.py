"""Who turns text into vectors, as an operator chooses it."""

from typing import Final, Literal

from pydantic import Field, NonNegativeInt, SecretStr, ValidationInfo, field_validator

from common.models.embedding import EMBEDDING, USUAL, EmbeddingModel, EmbeddingProvider
from common.provider_settings import OpenAISettings, Provider, is_here
from common.settings import AwsSettings

OF_BEDROCK: Final = tuple(name for name, row in EMBEDDING.items() if row.provider == "bedrock")


class EmbeddingSettings(OpenAISettings):
    """Who turns text into vectors."""

    embedding_provider: EmbeddingProvider = Field(
        "openai", description="Who embeds: openai, or whoever speaks as it does, or bedrock"
    )
    embedding_model: str = Field(
        "text-embedding-3-small",
        description="Model that embeds chunks and questions",
        validate_default=True,
    )
    embedding_dimensions: NonNegativeInt = Field(
        0, description="Numbers of a vector; 0: as many as the model gives by itself"
    )
    embedding_base_url: str | None = Field(
        None, description="Its address where it differs from OPENAI_BASE_URL"
    )
    embedding_api_key: SecretStr = Field(SecretStr(""), description="Its key where it differs")
    embedding_requests_per_minute: NonNegativeInt = Field(
        0, description="Requests all of us make of it in a minute; 0: as its answers tell"
    )
    embedding_tokens_per_minute: NonNegativeInt = Field(
        0, description="Tokens it may be sent in a minute; 0: as its answers tell"
    )
    aws_endpoint_url_bedrock_runtime: str | None = Field(
        None, description="Endpoint of Bedrock's models alone"
    )

    @field_validator("embedding_model")
    @classmethod
    def _offered(cls, model: str, info: ValidationInfo) -> str:
        row, provider = EMBEDDING.get(model), info.data.get("embedding_provider")
        if provider == "bedrock" and model not in OF_BEDROCK:
            raise ValueError(f"{model} is no model we know on Bedrock; set {' or '.join(OF_BEDROCK)}")
        if provider == "openai" and row and row.provider == "bedrock":
            raise ValueError(f"{model} is Bedrock's; set EMBEDDING_PROVIDER=bedrock, or another model")
        return model

    @field_validator("embedding_dimensions")
    @classmethod
    def _given(cls, dimensions: int, info: ValidationInfo) -> int:
        model = info.data.get("embedding_model", "")
        row = EMBEDDING.get(model)
        if dimensions and row and not row.gives(dimensions):
            raise ValueError(
                f"{model} gives {_told(row)} numbers, not {dimensions}; choose one of these, or 0"
            )
        return dimensions

    @property
    def embedding_row(self) -> EmbeddingModel:
        """What is known of the model, or usual."""
        return EMBEDDING.get(self.embedding_model, USUAL)

    @property
    def vector_size(self) -> int | None:
        """Numbers of a vector; None where only the first answer tells."""
        return self.embedding_dimensions or next(iter(self.embedding_row.dimensions), None)


def _told(row: EmbeddingModel) -> str:
    if row.shortens:
        return f"from 1 to {row.dimensions[0]}"
    return " or ".join(map(str, row.dimensions))


class Bedrock:
    """Bedrock as a provider; what is not said of it is asked of AWS itself."""

    def __init__(self, settings: EmbeddingSettings, aws: AwsSettings) -> None:
        self.endpoint = settings.aws_endpoint_url_bedrock_runtime or aws.aws_endpoint_url
        self.base_url: str | None = self.endpoint or f"bedrock.{aws.aws_region}"
        self.model = settings.embedding_model
        self.requests_per_minute = settings.embedding_requests_per_minute
        self.units_per_minute = settings.embedding_tokens_per_minute

    @property
    def name(self) -> Literal["local", "aws.bedrock"]:
        """Who is paid; on this machine nobody is."""
        return "local" if is_here(self.endpoint) else "aws.bedrock"


def embedding_provider(settings: EmbeddingSettings, aws: AwsSettings) -> Provider | Bedrock:
    """Who is asked.

    Raises:
        SettingsError: it asks for a key, and none is set.
    """
    return (
        Bedrock(settings, aws)
        if settings.embedding_provider == "bedrock"
        else Provider(settings, "embedding")
    )
