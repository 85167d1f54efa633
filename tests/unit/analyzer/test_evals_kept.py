"""A slow model's run goes on where it stopped: every answer is asked for once, useless ones included."""

from collections.abc import Callable
from pathlib import Path

import pytest
from common.account import current
from common.errors import Permanent, PipelineError, Transient
from common.model import Noun, Work
from common.work import WorkId
from evals.kept import KeptAnswers
from nouns import KEY, work


class Said(Noun):
    """An answer."""

    text: str


class SaidOtherwise(Noun):
    """An answer of another shape."""

    text: str
    loud: bool = False


class Model:
    """Answers or fails, and counts how often it is asked."""

    def __init__(self, failure: PipelineError | None = None) -> None:
        self.asked = 0
        self._failure = failure

    async def answer(self) -> Said:
        """Each answer takes seven tokens, one without use as well."""
        self.asked += 1
        account = current()
        assert account is not None
        account.paid("m", _taken())
        if self._failure:
            raise self._failure
        return Said(text="yes")

    async def answer_otherwise(self) -> SaidOtherwise:
        """The same in another shape."""
        return SaidOtherwise(text=(await self.answer()).text)


def _taken() -> Work:
    return work("m", input_tokens=5, output_tokens=2, cost_usd=0.25)


QUESTION = WorkId(KEY, "analyze", ("m", "what was said?"))


@pytest.fixture
def reopened(tmp_path: Path) -> Callable[[], KeptAnswers]:
    """The answers of one folder, as each run opens them."""
    return lambda: KeptAnswers(tmp_path / "m")


async def test_an_answer_is_asked_for_once(reopened: Callable[[], KeptAnswers]) -> None:
    """The next run reads it, with what it took when it was given."""
    model = Model()
    first, second = reopened(), reopened()

    answers = [
        await first.once(QUESTION, Said, model.answer),
        await second.once(QUESTION, Said, model.answer),
    ]

    assert [Said(text="yes")] * 2 == answers
    assert 1 == model.asked
    taken = second.taken[KEY.call_id]
    assert (5, 2, 0.25) == (taken.input_tokens, taken.output_tokens, taken.cost_usd)
    assert first.taken == second.taken


@pytest.mark.parametrize("reason", ["provider_answer", "provider_refused", "answer_too_long"])
async def test_an_answer_of_no_use_is_not_asked_for_again(
    reopened: Callable[[], KeptAnswers], reason: str
) -> None:
    """It fails in the same way again, and what it took is counted."""
    model = Model(Permanent("no", reason=reason))

    reasons = []
    for answers in (reopened(), reopened()):
        with pytest.raises(PipelineError) as failed:
            await answers.once(QUESTION, Said, model.answer)
        reasons.append((failed.value.reason, answers.taken[KEY.call_id].output_tokens))

    assert [(reason, 2)] * 2 == reasons
    assert 1 == model.asked


async def test_a_model_that_could_not_be_asked_is_asked_again(reopened: Callable[[], KeptAnswers]) -> None:
    """That it was down says nothing of it."""
    down, up = Model(Transient("no", reason="provider_unavailable")), Model()

    with pytest.raises(Transient):
        await reopened().once(QUESTION, Said, down.answer)

    assert Said(text="yes") == await reopened().once(QUESTION, Said, up.answer)


async def test_another_question_or_shape_is_asked_anew(reopened: Callable[[], KeptAnswers]) -> None:
    """What was answered to one prompt is no answer to another."""
    model, answers = Model(), reopened()

    await answers.once(QUESTION, Said, model.answer)
    await answers.once(WorkId(KEY, "analyze", ("m", "who spoke?")), Said, model.answer)
    await answers.once(QUESTION, SaidOtherwise, model.answer_otherwise)

    assert 3 == model.asked
