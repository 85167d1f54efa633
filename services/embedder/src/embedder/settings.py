"""What an operator of the embedder may choose."""

from common.app import StageSettings
from common.index import IndexSettings
from common.settings import (
    BudgetSettings,
    EmbeddingSettings,
    EmbedQueueSettings,
    LimiterSettings,
)
from pydantic import Field, PositiveInt


class Settings(
    StageSettings,
    BudgetSettings,
    LimiterSettings,
    EmbeddingSettings,
    IndexSettings,
    EmbedQueueSettings,
):
    """Every field is in .env.example; a test says so."""

    chunk_max_words: PositiveInt = Field(160, description="Longest chunk, in words")
    chunk_max_silence_seconds: PositiveInt = Field(30, description="A longer silence always ends a chunk")
    embedding_timeout_seconds: PositiveInt = Field(
        60, description="Longest wait for one answer of the provider"
    )
