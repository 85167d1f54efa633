"""What an operator of the analyzer may choose."""

from common.app import StageSettings
from common.settings import (
    AnalysisSettings,
    AnalyzeQueueSettings,
    EmbedQueueSettings,
    LimiterSettings,
    PaidWorkSettings,
)
from pydantic import Field, PositiveInt


class Settings(
    StageSettings,
    PaidWorkSettings,
    LimiterSettings,
    AnalysisSettings,
    AnalyzeQueueSettings,
    EmbedQueueSettings,
):
    """Every field is in .env.example; a test says so."""

    analysis_timeout_seconds: PositiveInt = Field(120, description="Longest wait for one answer of the model")
    analysis_max_output_tokens: PositiveInt = Field(16_000, description="Longest answer, in tokens")
