"""Who is asked what, how often, and what it costs."""

import asyncio
from typing import TypeVar

import pytest
from asking_scene import (
    ALSO,
    INVENTED,
    TRUE,
    answerer,
    cited,
    model_saying,
    prepared,
    said,
    statement,
    told_by,
)
from common.chunked import Told
from common.completions import CutOff
from common.errors import Transient
from common.language_model import Answer
from fakes import FakeClaims, FakeModel
from ingest.asking.answer import Retrieved, Sentence
from ingest.asking.answering import MOST_SENTENCES
from ingest.asking.prompt import prompt_version
from ingest.asking.question import Prepared
from nouns import transcript, work
from pydantic import BaseModel

A = TypeVar("A", bound=BaseModel)


async def test_what_holds_is_told_and_what_does_not_is_counted() -> None:
    """With what was read, who answered, and what it took."""
    told, totals = await told_by(answerer(model_saying(TRUE, INVENTED, ALSO)), prepared())

    assert [TRUE.text, ALSO.text] == [each.text for each in told]
    assert (True, 1, False, False) == (totals.answered, totals.dropped, totals.cut_off, totals.remembered)
    assert (Retrieved(calls=1, utterances=4), "gpt-6-luna", 0.001) == (
        totals.retrieved,
        totals.model,
        totals.cost_usd,
    )
    assert prompt_version() == totals.prompt_version


@pytest.mark.parametrize("model", [model_saying(), model_saying(INVENTED)], ids=["silent", "inventive"])
async def test_not_in_the_calls_is_an_answer(model: FakeModel) -> None:
    """Where the model finds nothing, and where nothing of what it finds holds."""
    told, totals = await told_by(answerer(model), prepared())

    assert ([], False) == (told, totals.answered)


async def test_where_nothing_was_found_nobody_is_asked() -> None:
    """It costs what embedding the question cost."""
    model = model_saying(TRUE)
    asked = prepared()
    embedded = work("text-embedding-3-small", cost_usd=0.000001)
    nothing = Prepared(asked.key, asked.question, type(asked.excerpts)(), embedded)
    told, totals = await told_by(answerer(model), nothing)

    assert ([], [], False, None) == (told, model.asked, totals.answered, totals.model)
    assert 0.000001 == totals.cost_usd


async def test_the_same_question_about_the_same_words_is_paid_for_once() -> None:
    """Another word in the calls, or in the question, is another question."""
    model, claims = model_saying(TRUE, ALSO), FakeClaims()
    once = answerer(model, claims=claims)
    first, paid = await told_by(once, prepared())
    second, remembered = await told_by(once, prepared())
    await told_by(once, prepared(question="And the offer?"))
    await told_by(once, prepared(transcript(spoken=(("customer", "Too high."),))))

    assert first == second
    assert (False, 0.001, True, 0.0) == (
        paid.remembered,
        paid.cost_usd,
        remembered.remembered,
        remembered.cost_usd,
    )
    assert 3 == len(model.asked)


async def test_an_answer_that_was_cut_off_is_told_as_far_as_it_went() -> None:
    """Of its last sentence nobody knows whether it is complete."""

    class CutModel(FakeModel):
        async def answer_in_pieces(
            self, instructions: str, content: str, shape: type[A], tell: Told
        ) -> Answer[A]:
            answer = await self.answer(instructions, content, shape)
            await tell(answer.content.model_dump_json()[:-3])
            raise CutOff(answer.work)

    model = CutModel(said(TRUE, ALSO), work=work("gpt-6-luna", cost_usd=0.001))
    told, totals = await told_by(answerer(model), prepared())

    assert ([TRUE.text], True, 0.001) == ([each.text for each in told], totals.cut_off, totals.cost_usd)


async def test_an_answer_has_an_end() -> None:
    """A model at a loss goes on and on."""
    many = [statement(TRUE.text, cited("too high", "u2"))] * (MOST_SENTENCES + 5)
    told, totals = await told_by(answerer(model_saying(*many)), prepared())

    assert (MOST_SENTENCES, 5) == (len(told), totals.dropped)


async def test_an_answer_that_does_not_come_is_not_waited_for() -> None:
    """The provider then counts as unavailable for this question."""
    model = model_saying(TRUE)
    model.workshop.together = 2

    with pytest.raises(Transient):
        await told_by(answerer(model, seconds=0.01), prepared())


async def test_sentences_are_told_while_the_answer_is_being_written() -> None:
    """The first is there before the model has said the second."""
    told = asyncio.Event()

    async def note(_: Sentence) -> None:
        told.set()

    class SlowModel(FakeModel):
        async def answer_in_pieces(
            self, instructions: str, content: str, shape: type[A], tell: Told
        ) -> Answer[A]:
            answer = await self.answer(instructions, content, shape)
            text = answer.content.model_dump_json()
            half = text.index(ALSO.text)
            await tell(text[:half])
            async with asyncio.timeout(5):
                await told.wait()
            await tell(text[half:])
            return answer

    model = SlowModel(said(TRUE, ALSO), work=work("gpt-6-luna"))
    totals = await answerer(model).answer(prepared(), note)

    assert (True, 0) == (totals.answered, totals.dropped)
