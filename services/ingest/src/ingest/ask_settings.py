"""What an operator may choose about questions to the calls: who answers them, and what that may take."""

from common.models.text import ChatModel
from common.provider_settings import AnalysisSettings, Prices, priced
from common.settings import BudgetSettings
from pydantic import Field, PositiveFloat, PositiveInt

from ingest.auth_settings import Rate


class AskSettings(AnalysisSettings, BudgetSettings):
    """The provider is that of analyses; the model may be another one."""

    ask_model: str | None = Field(
        None, description="Model that answers questions, at the provider of ANALYSIS_…; none: ANALYSIS_MODEL"
    )
    ask_usd_per_million: Prices | None = Field(
        None, description="Price of a million of ASK_MODEL's tokens in and out, if not the registry's"
    )
    ask_max_usd: PositiveFloat = Field(
        0.05, description="USD one question may cost; what a model is shown is bounded by it"
    )
    ask_context_tokens: PositiveInt = Field(
        8000, description="Most tokens of transcripts a model is shown for one question"
    )
    ask_max_output_tokens: PositiveInt = Field(1500, description="Longest answer to a question, in tokens")
    ask_timeout_seconds: PositiveInt = Field(60, description="Longest wait for the answer to a question")
    ask_rate_limit: Rate = Field("10/minute", description="Questions one tenant may ask, such as 10/minute")
    ask_remembered_days: PositiveInt = Field(
        1, description="Days in which the same question about the same words is not paid for again"
    )

    @property
    def chat_model(self) -> str:
        """The model that answers."""
        return self.ask_model or self.analysis_model

    @property
    def chat_row(self) -> ChatModel:
        """What is known of it."""
        if self.ask_model is None or self.ask_model == self.analysis_model:
            return priced(self.chat_model, self.ask_usd_per_million or self.analysis_usd_per_million)
        return priced(self.ask_model, self.ask_usd_per_million)
