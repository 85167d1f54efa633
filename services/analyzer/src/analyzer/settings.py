"""What an operator of the analyzer may choose."""

from typing import Annotated, Any, Final

from common.app import StageSettings
from common.model import Category, ScorecardQuestion
from common.provider_settings import AnalysisSettings
from common.settings import AnalyzeQueueSettings, BudgetSettings, EmbedQueueSettings, LimiterSettings
from pydantic import Field, PositiveFloat, PositiveInt, ValidationInfo, field_validator

from analyzer.criteria import Catalogue

USUAL_CONTEXT: Final = 100_000  # tokens, of a model that nothing is known of
DEAREST_ABOVE: Final = 272_000  # tokens of input, from which on some providers charge twice as much


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
    analysis_context_tokens: PositiveInt | None = Field(
        None, description="Tokens the model takes, question and answer; none: what is known of the model"
    )
    analysis_seed: int | None = Field(
        None, description="Seed sent with each question, to models that take one; none: not sent"
    )
    analysis_min_quality: Annotated[float, Field(ge=0, le=1)] = Field(
        0.5, description="Score below which an analysis is asked for once more, and else kept as low quality"
    )
    scorecards: dict[str, Annotated[tuple[ScorecardQuestion, ...], Field(max_length=30)]] = Field(
        default_factory=dict,
        description="Questions put to every call, as JSON by tenant (* is every tenant), such as"
        ' {"acme": [{"id": "price", "text": "Did the agent name the price?"}]}',
    )
    categories: dict[str, Annotated[tuple[Category, ...], Field(max_length=30)]] = Field(
        default_factory=dict,
        description="Categories of calls, as JSON by tenant (* is every tenant), such as"
        ' {"*": [{"id": "recorded", "text": "The recording is announced", "rule": "absence"}]}',
    )
    budget_per_analyze_usd: PositiveFloat = Field(
        0.15, description="USD the analysis of one call may cost; the default holds where the price is known"
    )

    @field_validator("categories")
    @classmethod
    def _told_apart(cls, categories: Any, info: ValidationInfo) -> Any:
        """Every tenant's ids occur once, with everybody's among them."""
        Catalogue(info.data.get("scorecards", {}), categories)
        return categories

    @property
    def room(self) -> int:
        """Tokens a question may have."""
        context = self.analysis_context_tokens or self.model_row.context or USUAL_CONTEXT
        return max(1, min(context - self.analysis_max_output_tokens, DEAREST_ABOVE))

    @property
    def most_usd(self) -> float | None:
        """What the analysis of a call may cost; nobody can hold a model without a price to a default."""
        chosen = "budget_per_analyze_usd" in self.model_fields_set
        known = self.model_row.cost(1, 1) is not None
        return self.budget_per_analyze_usd if chosen or known else None
