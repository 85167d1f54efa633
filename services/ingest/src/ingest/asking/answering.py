"""A question asked of a model, its answer checked sentence by sentence while it is being written."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from common.account import current
from common.budget import Budget
from common.completions import CutOff
from common.errors import Transient, raising
from common.language_model import LanguageModel
from common.ledger import ASK
from common.model import CallKey
from common.work import Claims, WorkId

from ingest.asking.answer import Replied, Retrieved, Sentence, Totals
from ingest.asking.checking import Checker
from ingest.asking.growing import Growing
from ingest.asking.prompt import content, instructions, prompt_version
from ingest.asking.question import Prepared
from ingest.asking.shape import Statement, Statements

MOST_SENTENCES = 12

Tell = Callable[[Sentence], Awaitable[None]]


class _Telling:
    """Tells those of an answer's sentences that hold, each once and in their order."""

    def __init__(self, checker: Checker, tell: Tell) -> None:
        self._checker = checker
        self._tell = tell
        self._heard = 0
        self.told = 0

    @property
    def dropped(self) -> int:
        """How many were not told."""
        return self._heard - self.told

    async def hear(self, statements: Sequence[Statement]) -> None:
        """All sentences so far; those that were heard before are not heard again."""
        for statement in statements[self._heard :]:
            self._heard += 1
            sentence = self._checker.check(statement) if self.told < MOST_SENTENCES else None
            if sentence:
                await self._tell(sentence)
                self.told += 1


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers from excerpts; *room* is how many tokens of them it takes, *seconds* how long it may take."""

    model: LanguageModel
    claims: Claims
    budget: Budget
    room: int
    seconds: float

    async def answer(self, prepared: Prepared, tell: Tell) -> Totals:
        """Tell every sentence that holds as soon as it is known to, then what it all took.

        Where nothing was retrieved nobody is asked. The same question about the same words is asked once.

        Raises:
            Transient: the model's provider cannot answer now, or the same is being answered.
            Permanent: it refuses, or a budget is used up (reason ``budget_exceeded``).
        """
        if not prepared.excerpts.calls:
            return _nothing(prepared)
        telling = _Telling(Checker(prepared.question.text, prepared.excerpts), tell)
        asked: list[Replied] = []
        text = content(prepared.question.text, prepared.excerpts)

        async def ask() -> Replied:
            asked.append(await self._ask(prepared, text, telling))
            return asked[0]

        replied = await self.claims.once(self._work(prepared, text), Replied, ask)
        await telling.hear(replied.said.sentences)
        return _totals(prepared, replied, telling, remembered=not asked)

    async def _ask(self, prepared: Prepared, text: str, telling: _Telling) -> Replied:
        if account := current():
            account.key = prepared.key
        need = self.model.need(instructions() + text)
        async with self.budget.reserved(prepared.key, need.usd, once=True):
            with raising("asking the language model", {TimeoutError: Transient}):
                async with asyncio.timeout(self.seconds):
                    return await self._hear(text, telling)

    async def _hear(self, text: str, telling: _Telling) -> Replied:
        growing = Growing()

        async def heard(piece: str) -> None:
            if growing.grow(piece):
                await telling.hear(growing.complete)

        try:
            answer = await self.model.answer_in_pieces(instructions(), text, Statements, heard)
        except CutOff as error:
            said = Statements(sentences=growing.complete)
            return Replied(said=said, cut_off=True, work=error.work)
        return Replied(said=answer.content, cut_off=False, work=answer.work)

    def _work(self, prepared: Prepared, text: str) -> WorkId:
        """What is asked, of whom; kept with its call where it is about one, so that it is erased with it."""
        about = {call.transcript.call_id for call in prepared.excerpts.calls}
        key = CallKey(tenant_id=prepared.question.tenant_id, call_id=about.pop() if len(about) == 1 else ASK)
        calls = ",".join(call.transcript.id for call in prepared.excerpts.calls)
        return WorkId(key, ASK, (self.model.name, calls, instructions(), text))


def _nothing(prepared: Prepared) -> Totals:
    return Totals(
        answered=False,
        dropped=0,
        cut_off=False,
        remembered=False,
        retrieved=Retrieved(calls=0, utterances=0),
        model=None,
        prompt_version=prompt_version(),
        cost_usd=_cost(prepared, 0.0),
    )


def _totals(prepared: Prepared, replied: Replied, telling: _Telling, *, remembered: bool) -> Totals:
    return Totals(
        answered=telling.told > 0,
        dropped=telling.dropped,
        cut_off=replied.cut_off,
        remembered=remembered,
        retrieved=retrieved(prepared),
        model=replied.work.model,
        prompt_version=prompt_version(),
        cost_usd=_cost(prepared, 0.0 if remembered else replied.work.cost_usd),
    )


def retrieved(prepared: Prepared) -> Retrieved:
    """How much the model is shown."""
    return Retrieved(calls=len(prepared.excerpts.calls), utterances=prepared.excerpts.count)


def _cost(prepared: Prepared, usd: float | None) -> float | None:
    """With what embedding the question took; None where either is not known."""
    embedding = prepared.work.cost_usd if prepared.work else 0.0
    return None if usd is None or embedding is None else round(usd + embedding, 9)
