"""A model that keeps what it answered, so that a redelivered call is not paid for again."""

from common.budget import Budget
from common.language_model import LanguageModel
from common.model import Noun, Transcript, Work
from common.work import Claims, WorkId

from analyzer.analysis import Asked, instructions, prompt_version, question


class Answered(Noun):
    """What the model concluded, and what it took."""

    insights: Asked
    work: Work


class RememberedModel:
    """Asks about a transcript; the same question of the same model is asked once."""

    def __init__(self, model: LanguageModel, claims: Claims, budget: Budget) -> None:
        self._model = model
        self._claims = claims
        self._budget = budget

    async def conclude(self, transcript: Transcript) -> Answered:
        """The model's answer, now or from before.

        Raises:
            Transient: the provider cannot answer now, or another worker is asking.
            Permanent: it refuses, or the answer may cost more than is left of a budget.
            Parked: as the latter, where the operator would rather wait.
        """
        content = question(transcript)
        work = WorkId(transcript.key, "analyze", (self._model.name, prompt_version(), content))

        async def ask() -> Answered:
            need = self._model.need(instructions() + content)
            async with self._budget.reserved(transcript.key, need.usd):
                answer = await self._model.answer(instructions(), content, Asked)
            return Answered(insights=answer.content, work=answer.work)

        return await self._claims.once(work, Answered, ask)
