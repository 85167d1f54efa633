"""What the analyzer needs from outside, opened and closed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from common.budget import Budget
from common.clients import open_mongo, open_openai, open_redis, shared_gate
from common.journal import Journal
from common.language_model import LanguageModel
from common.ledger import Ledger
from common.model import Analysis
from common.pipeline import ANALYZE
from common.provider_settings import Provider
from common.settings import require_price
from common.store import Store
from common.transcripts import TranscriptStore, transcripts_in
from common.work import Claims
from faststream import Context

from analyzer.analyst import Analyst, Rules
from analyzer.criteria import Catalogue
from analyzer.remembered import RememberedModel
from analyzer.settings import Settings

Transcripts = Annotated[TranscriptStore, Context()]
Analyses = Annotated[Store[Analysis], Context()]
TheAnalyst = Annotated[Analyst, Context("analyst")]


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[dict[str, object]]:
    """The stores and the model, under the names handlers know them by."""
    provider = Provider(settings, "analysis")
    async with (
        open_mongo(settings) as db,
        open_redis(settings) as redis,
        open_openai(provider, read_timeout=settings.analysis_timeout_seconds) as client,
    ):
        ledger = Ledger(db["ledger"], ANALYZE.name, days=settings.ledger_days)
        await ledger.prepare()
        gate = shared_gate(settings, redis, provider, ledger=ledger)
        analyses = Store(db["analyses"], Analysis)
        await analyses.prepare()
        claims = Claims(db["work"], days=settings.paid_work_days)
        await claims.prepare()
        model = LanguageModel(
            client,
            gate,
            max_output_tokens=settings.analysis_max_output_tokens,
            row=settings.model_row,
            seed=settings.analysis_seed,
        )
        limits = settings.limits(settings.most_usd)
        require_price(limits, model.name, model.need("").usd)
        budget = Budget(db["budgets"], ledger, ANALYZE.name, limits)
        await budget.prepare()
        yield {
            "gate": gate,
            "journal": Journal(db["journal"]),
            "transcripts": transcripts_in(db),
            "analyses": analyses,
            "analyst": Analyst(
                RememberedModel(model, claims, budget),
                Rules(settings.room, settings.analysis_min_quality),
                Catalogue(settings.scorecards, settings.categories),
            ),
        }
