"""A model asked about dialogues as the analyzer asks: its prompt, its way to the model, its checks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from analyzer.analyst import Analyst, Rules
from analyzer.criteria import Catalogue
from analyzer.prompt import prompt_version
from analyzer.remembered import RememberedModel
from analyzer.settings import DEAREST_ABOVE, USUAL_CONTEXT, Settings
from common.addresses import is_loopback
from common.budget import Budget
from common.errors import PipelineError
from common.gate import Gate
from common.language_model import LanguageModel
from common.model import CallKey, Evidence, Insights
from common.models.text import CHAT
from openai import AsyncOpenAI

from evals.gold import Dialogue
from evals.kept import USELESS, KeptAnswers, Taken

LEAST_QUALITY: Final[float] = Settings.model_fields["analysis_min_quality"].default
"""Below it the analyzer asks once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which model, where, and how long (seconds, tokens) one answer of it may be."""

    model: str
    base_url: str | None
    api_key: str
    timeout: float = 600.0
    max_output_tokens: int = 16_000

    @property
    def provider(self) -> Literal["local", "openai"]:
        """Who is paid; on this machine nobody is."""
        return "local" if is_loopback(urlsplit(self.base_url or "").hostname or "") else "openai"

    @property
    def room(self) -> int:
        """Tokens a question may have, as the analyzer's settings find it."""
        row = CHAT.get(self.model)
        context = (row and row.context) or USUAL_CONTEXT
        return min(context - self.max_output_tokens, DEAREST_ABOVE)


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of one dialogue: insights with checked quotes, or the reason why there are none."""

    insights: Insights[Evidence] | None
    failed: str | None
    taken: Taken


class NoBudget(Budget):
    """Whoever measures a model has decided to pay for it."""

    def __init__(self) -> None:
        """Nothing is counted."""

    @asynccontextmanager
    async def reserved(self, key: CallKey, usd: float | None, *, once: bool = False) -> AsyncIterator[None]:
        """Room for everything."""
        _ = (key, usd, once)
        yield


class Asker:
    """Asks one model about dialogues."""

    def __init__(self, analyst: Analyst, kept: KeptAnswers) -> None:
        self._analyst = analyst
        self._kept = kept

    async def ask(self, dialogue: Dialogue) -> Reply:
        """What the product would keep of this call.

        Raises:
            PipelineError: the model cannot be asked; an answer of no use is a reply that failed.
        """
        self._kept.taken.pop(dialogue.name, None)
        try:
            concluded = await self._analyst.conclude(dialogue.transcript())
        except PipelineError as error:
            if error.reason not in USELESS:
                raise
            return Reply(None, error.reason, self._kept.taken[dialogue.name])
        return Reply(concluded.draft.insights, None, self._kept.taken[dialogue.name])


@asynccontextmanager
async def open_asker(asked: Asked, cache: Path) -> AsyncIterator[Asker]:
    """An asker whose answers are kept below *cache*, by model and prompt."""
    kept = KeptAnswers(cache / asked.model.replace("/", "_") / prompt_version())
    async with AsyncOpenAI(
        base_url=asked.base_url, api_key=asked.api_key, timeout=asked.timeout, max_retries=0
    ) as client:
        gate = Gate(asked.provider, asked.model)
        model = LanguageModel(client, gate, max_output_tokens=asked.max_output_tokens)
        remembered = RememberedModel(model, kept, NoBudget())
        yield Asker(Analyst(remembered, Rules(asked.room, LEAST_QUALITY), Catalogue({}, {})), kept)
