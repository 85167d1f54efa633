"""A model asked about dialogues as the analyzer asks: its prompt, its way to the model, its checks."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from analyzer import analysis
from common.gate import Gate
from common.language_model import LanguageModel
from common.model import Evidence, Insights
from common.work import WorkId
from openai import AsyncOpenAI

from evals.gold import Dialogue
from evals.kept import KeptAnswers, Taken, UselessAnswerError

SHAPE = sha256(json.dumps(analysis.Asked.model_json_schema()).encode()).hexdigest()
"""An answer in another shape answers another question."""


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
        loopback = urlsplit(self.base_url or "").hostname in {"127.0.0.1", "localhost", "::1"}
        return "local" if loopback else "openai"


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of one dialogue: insights with checked quotes, or the reason why there are none."""

    insights: Insights[Evidence] | None
    failed: str | None
    taken: Taken


class Asker:
    """Asks one model about dialogues."""

    def __init__(self, model: LanguageModel, kept: KeptAnswers) -> None:
        self._model = model
        self._kept = kept

    async def ask(self, dialogue: Dialogue) -> Reply:
        """What the product would keep of this call.

        Raises:
            PipelineError: the model cannot be asked; an answer of no use is a reply that failed.
        """
        transcript = dialogue.transcript()
        content = analysis.question(transcript)
        work = WorkId(
            transcript.key, "analyze", (self._model.name, SHAPE, analysis.prompt_version(), content)
        )

        async def ask() -> analysis.Asked:
            return (await self._model.answer(analysis.instructions(), content, analysis.Asked)).content

        try:
            answered = await self._kept.once(work, analysis.Asked, ask)
        except UselessAnswerError as error:
            return Reply(None, error.reason, self._kept.taken.pop(dialogue.name))
        return Reply(analysis.checked(answered, transcript), None, self._kept.taken.pop(dialogue.name))


@asynccontextmanager
async def open_asker(asked: Asked, cache: Path) -> AsyncIterator[Asker]:
    """An asker whose answers are kept below *cache*, by model and prompt."""
    kept = KeptAnswers(cache / asked.model.replace("/", "_") / analysis.prompt_version())
    async with AsyncOpenAI(
        base_url=asked.base_url, api_key=asked.api_key, timeout=asked.timeout, max_retries=0
    ) as client:
        gate = Gate(asked.provider, asked.model)
        yield Asker(LanguageModel(client, gate, max_output_tokens=asked.max_output_tokens), kept)
