"""What an operator of the embedder may choose."""

from typing import Final

from common.app import StageSettings
from common.index import IndexSettings
from common.models.embedding import EMBEDDING, USUAL
from common.settings import (
    BudgetSettings,
    EmbedQueueSettings,
    LimiterSettings,
)
from common.vectors.settings import EmbeddingSettings
from pydantic import Field, NonNegativeInt, PositiveInt, ValidationInfo, field_validator

from embedder.chunks import Limits

LEAST_CHUNK: Final = 64
"""Tokens: a speaker's name and a sentence."""


class Settings(
    StageSettings,
    BudgetSettings,
    LimiterSettings,
    EmbeddingSettings,
    IndexSettings,
    EmbedQueueSettings,
):
    """Every field is in .env.example; a test says so."""

    chunk_max_tokens: NonNegativeInt = Field(
        0, description="Longest chunk, in tokens, counted rather too high; 0: what suits the model"
    )
    chunk_overlap_utterances: NonNegativeInt = Field(
        1, description="Utterances a chunk repeats of the one before it, where they are short"
    )
    chunk_max_silence_seconds: PositiveInt = Field(30, description="A longer silence always ends a chunk")
    embedding_timeout_seconds: PositiveInt = Field(
        60, description="Longest wait for one answer of the provider"
    )
    provider_concurrency: PositiveInt = Field(
        16, description="Requests one process has open at a time, all calls together; tenants take turns"
    )

    @field_validator("chunk_max_tokens")
    @classmethod
    def _taken(cls, tokens: int, info: ValidationInfo) -> int:
        model = info.data.get("embedding_model", "")
        most = EMBEDDING.get(model, USUAL).max_input
        if tokens and not LEAST_CHUNK <= tokens <= most:
            raise ValueError(f"{model} takes up to {most} tokens; choose from {LEAST_CHUNK} to {most}, or 0")
        return tokens

    @property
    def chunk_limits(self) -> Limits:
        """How calls are cut."""
        row = self.embedding_row
        return Limits(
            max_tokens=self.chunk_max_tokens or row.chunk,
            max_silence_ms=self.chunk_max_silence_seconds * 1000,
            overlap=self.chunk_overlap_utterances,
            most_tokens=row.max_input,
        )
