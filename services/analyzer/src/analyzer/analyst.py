"""Which questions are put about a call, in which order: one, or one for each part, and one repair at most."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from common.errors import Permanent
from common.model import Asking, CallKey, Criteria, Transcript, Work, total
from common.prompting import Line, tokens

from analyzer import prompt
from analyzer.analysis import Asked, Concluded, Draft, better, drafted, faulty, grounded
from analyzer.criteria import Catalogue
from analyzer.prompt import CONSOLIDATION, consolidation, instructions, question, repair
from analyzer.remembered import Answered, RememberedModel
from analyzer.windows import cut, halved

MOST_OF_A_PART: Final = 50  # findings of a kind that a part hands on


@dataclass(frozen=True, slots=True)
class Rules:
    """``room``: tokens of a question, instructions included; ``least``: quality below which is repaired."""

    room: int
    least: float


@dataclass(slots=True)
class _Inquiry:
    """What is asked about one call, and what was paid so far."""

    transcript: Transcript
    criteria: Criteria
    sign: str
    works: list[Work] = field(default_factory=list)

    @property
    def call(self) -> CallKey:
        return self.transcript.key

    def paid(self, answered: Answered) -> Asked | None:
        """Note what an answer took."""
        self.works.append(answered.work)
        return answered.insights


@dataclass(frozen=True, slots=True)
class _Question:
    """One question, and in how many windows its call was read."""

    instructions: str
    content: str
    windows: int = 1


class Analyst:
    """Concludes from transcripts in which something was said."""

    def __init__(self, model: RememberedModel, rules: Rules, catalogue: Catalogue) -> None:
        self._model = model
        self._rules = rules
        self.catalogue = catalogue

    async def conclude(self, transcript: Transcript) -> Concluded:
        """Ask once, in parts if need be, and once more if the answer is not good enough.

        Raises:
            Transient: the provider cannot answer now, or another worker is asking.
            Permanent: it refuses, its answers are cut off at the token limit, or a budget is used up.
        """
        criteria = self.catalogue.of(transcript.tenant_id)
        inquiry = _Inquiry(transcript, criteria, prompt.mark(transcript))
        answer, asked = await self._answer(inquiry)
        first = self._draft(inquiry, answer)
        draft = await self._repaired(inquiry, asked, first)
        asking = Asking(
            seed=self._model.seed,
            parameters=dict(self._model.parameters),
            windows=asked.windows,
            repaired=draft is not first,
        )
        return Concluded(draft, asking, total(inquiry.works))

    async def _answer(self, inquiry: _Inquiry) -> tuple[Asked, _Question]:
        """About the whole call in one piece, if question and answer fit; else about its windows."""
        windows = self._windows(inquiry)
        if len(windows) > 1:
            return await self._in_parts(inquiry, windows)
        asked = _Question(instructions(), question(windows[0], inquiry.criteria, inquiry.sign))
        answer = await self._ask(inquiry, asked)
        return (answer, asked) if answer else await self._in_parts(inquiry, halved(windows[0]))

    def _windows(self, inquiry: _Inquiry) -> Sequence[tuple[Line, ...]]:
        around = tokens(instructions()) + tokens(question((), inquiry.criteria, inquiry.sign))
        return cut(prompt.lines(inquiry.transcript), max(1, self._rules.room - around))

    async def _in_parts(
        self, inquiry: _Inquiry, windows: Sequence[tuple[Line, ...]]
    ) -> tuple[Asked, _Question]:
        """What follows from each window, and then from what followed."""
        parts = []
        for window in windows:
            asked = _Question(instructions(), question(window, inquiry.criteria, inquiry.sign))
            parts.append(self._draft(inquiry, _whole(await self._ask(inquiry, asked))))
        summed = _Question(instructions(CONSOLIDATION), self._summing(inquiry, parts), len(windows))
        return _whole(await self._ask(inquiry, summed)), summed

    def _summing(self, inquiry: _Inquiry, parts: Sequence[Draft]) -> str:
        """The parts' conclusions, as many of them as there is room for."""
        most = MOST_OF_A_PART
        while True:
            content = consolidation([grounded(part, most) for part in parts], inquiry.criteria, inquiry.sign)
            if most == 1 or tokens(content) + tokens(instructions(CONSOLIDATION)) <= self._rules.room:
                return content
            most //= 2

    async def _repaired(self, inquiry: _Inquiry, asked: _Question, draft: Draft) -> Draft:
        """The better of this draft and of one that was told what is wrong with it."""
        if draft.quality.level != "low":
            return draft
        content = repair(asked.content, draft.quality.issues, faulty(draft), inquiry.sign)
        if tokens(asked.instructions) + tokens(content) > self._rules.room:
            return draft
        answer = await self._ask(inquiry, _Question(asked.instructions, content))
        return better(draft, self._draft(inquiry, answer)) if answer else draft

    async def _ask(self, inquiry: _Inquiry, asked: _Question) -> Asked | None:
        answered = await self._model.ask(
            inquiry.call, asked.instructions, asked.content, answerable(inquiry.criteria)
        )
        return inquiry.paid(answered)

    def _draft(self, inquiry: _Inquiry, answer: Asked) -> Draft:
        return drafted(answer, inquiry.transcript, inquiry.criteria, least=self._rules.least)


def answerable(criteria: Criteria) -> dict[str, int]:
    """How many answers of a tenant's own questions there can be: what nobody asked has none."""
    return {"scorecard": len(criteria.scorecard), "categories": len(criteria.categories)}


def _whole(answer: Asked | None) -> Asked:
    if answer is None:
        raise Permanent("the answer was cut off at the token limit, in parts too", reason="answer_too_long")
    return answer
