"""What an operator of the analyzer may choose."""

from common.app import StageSettings
from common.settings import (
    AnalysisSettings,
    AnalyzeQueueSettings,
    BudgetSettings,
    EmbedQueueSettings,
    LimiterSettings,
)
from pydantic import Field, PositiveFloat, PositiveInt


class Settings(
    StageSettings,
    BudgetSettings,
    LimiterSettings,
    AnalysisSettings,
    AnalyzeQueueSettings,
    EmbedQueueSettings,
):
    """Every field is in .env.example; a test says so."""

    analysis_timeout_seconds: PositiveInt = Field(120, description="Longest wait for one answer of the model")
    analysis_max_output_tokens: PositiveInt = Field(16_000, description="Longest answer, in tokens")
    budget_per_analyze_usd: PositiveFloat | None = Field(
        None, description="USD the analysis of one call may cost; 0.15 stops a prompt that runs away"
    )
