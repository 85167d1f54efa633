"""A model that keeps what it answered, so that a redelivered call is not paid for again."""

from collections.abc import Mapping

from common.budget import Budget
from common.language_model import CutOff, LanguageModel
from common.model import CallKey, Noun, Work
from common.work import Claims, WorkId

from analyzer.analysis import Asked


class Answered(Noun):
    """What the model concluded, and what it took; no insights: its answer was cut off at the token limit."""

    insights: Asked | None
    work: Work


class RememberedModel:
    """Asks about a transcript; the same question of the same model is asked once."""

    def __init__(self, model: LanguageModel, claims: Claims, budget: Budget) -> None:
        self._model = model
        self._claims = claims
        self._budget = budget

    @property
    def seed(self) -> int | None:
        """What the model is told to draw lots by."""
        return self._model.seed

    @property
    def parameters(self) -> Mapping[str, str]:
        """What else it is told."""
        return self._model.parameters

    async def ask(
        self, call: CallKey, instructions: str, content: str, at_most: Mapping[str, int]
    ) -> Answered:
        """The model's answer, now or from before; *at_most*: how long its lists can be.

        Raises:
            Transient: the provider cannot answer now, or another worker is asking.
            Permanent: it refuses, or the answer may cost more than is left of a budget.
            Parked: as the latter, where the operator would rather wait.
        """
        asked = (self._model.name, instructions, content, self._model.seed)

        async def ask() -> Answered:
            need = self._model.need(instructions + content)
            async with self._budget.reserved(call, need.usd):
                try:
                    answer = await self._model.answer(instructions, content, Asked, at_most)
                except CutOff as error:
                    return Answered(insights=None, work=error.work)
            return Answered(insights=answer.content, work=answer.work)

        return await self._claims.once(WorkId(call, "analyze", asked), Answered, ask)
