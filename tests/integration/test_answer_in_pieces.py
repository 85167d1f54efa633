"""A chat model whose answer comes in pieces: however the stream goes, it has exactly one outcome."""

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import pytest
from asking_scene import ALSO, TRUE, Reciter, answerer, prepared, reciting, said, told_by
from common.budget import Budget
from common.chunked import listen
from common.completions import CutOff
from common.errors import Permanent, Transient
from common.gate import Gate, Patience
from common.language_model import LanguageModel
from common.ledger import Ledger
from common.limits import Limits
from common.work import Claims
from ingest.api.event_stream import EventStream
from ingest.asking.shape import Statements
from integration.provider import Desk, Reply, completion, open_client, open_desk, refusal
from waiting import until

WHOLE = said(TRUE, ALSO).model_dump_json()
PIECES = [WHOLE[at : at + 11] for at in range(0, len(WHOLE), 11)]


async def asked(model: LanguageModel) -> tuple[Any, str]:
    """The answer, and all that was told of it while it came."""
    told: list[str] = []

    async def tell(piece: str) -> None:
        told.append(piece)

    return await model.answer_in_pieces("Be brief.", "What?", Statements, tell), "".join(told)


async def test_an_answer_is_told_as_it_comes_and_counted_at_its_end() -> None:
    """The pieces are the whole; cost and model are the provider's; usage was asked for."""
    async with reciting(desk := Reciter(*PIECES)) as model:
        answer, told = await asked(model)

    assert (said(TRUE, ALSO), WHOLE) == (answer.content, told)
    assert ("gpt-6-luna-2026-09-01", 0.0002) == (answer.work.model, answer.work.cost_usd)
    assert (True, {"include_usage": True}) == (desk.asked[0]["stream"], desk.asked[0]["stream_options"])


async def test_an_uncounted_answer_counts_as_the_most_it_can_be() -> None:
    """A byte is no less than a token."""
    async with reciting(Reciter(*PIECES, usage=False)) as model:
        answer, _ = await asked(model)

    assert (len("Be brief.What?"), len(WHOLE)) == (answer.work.input_tokens, answer.work.output_tokens)


async def test_a_cut_off_answer_says_what_it_took() -> None:
    """What was told of it was told."""
    async with reciting(Reciter(*PIECES[:-3], finish_reason="length")) as model:
        with pytest.raises(CutOff) as error:
            await asked(model)

    assert 200 == error.value.work.output_tokens


@pytest.mark.parametrize(
    ("pieces", "finish_reason"),
    [(("no", " JSON"), "stop"), (PIECES[:-3], "stop"), (PIECES, None), ((), "stop")],
    ids=["words", "half of it", "broken off", "nothing"],
)
async def test_what_is_no_answer_is_refused(pieces: tuple[str, ...], finish_reason: str | None) -> None:
    """Reason ``provider_answer``, whatever was told of it."""
    async with reciting(Reciter(*pieces, finish_reason=finish_reason)) as model:
        with pytest.raises(Transient) as error:
            await asked(model)

    assert "provider_answer" == error.value.reason


@pytest.mark.parametrize(
    ("reply", "failure", "reason"),
    [
        (refusal(429, after="7"), Transient, "provider_busy"),
        (refusal(503), Transient, "provider_unavailable"),
        (refusal(400), Permanent, "provider_refused"),
        (completion(WHOLE), Transient, "provider_answer"),
        (Reply('data: {"error": {"message": "my pin is 1234"}}\n\n'), Transient, "provider_answer"),
    ],
    ids=["busy", "down", "refused", "in one piece", "an error in the stream"],
)
async def test_what_the_provider_refuses_is_told_apart(reply: Reply, failure: Any, reason: str) -> None:
    """As for answers in one piece, and without its words."""
    desk = Desk()
    desk.replies = [reply]
    async with open_desk(desk), open_client(desk.url) as client:
        with pytest.raises(failure) as error:
            await asked(LanguageModel(client, Gate("openai", "gpt-6-luna", patience=Patience(hold=0))))

    assert reason == error.value.reason
    assert "1234" not in str(error.value)


async def test_a_stream_without_end_is_not_read_to_its_end() -> None:
    """Neither in pieces nor in one line."""

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65_536

    async def tell(_: str) -> None:
        pytest.fail("nothing was said")

    with pytest.raises(Transient) as error:
        await listen(endless(), 200_000, tell)

    assert "provider_answer" == error.value.reason


async def test_an_answer_is_in_the_ledger_and_the_budget(database: Any) -> None:
    """As stage ``ask``, for its tenant's day; what was reserved and not needed is there for others."""
    ledger = Ledger(database["ledger"], "ask", days=1)
    budget = Budget(database["budgets"], ledger, "ask", Limits(tenant_day=1.0))
    claims = Claims(database["work"], days=1)
    async with open_desk(Reciter(*PIECES)) as desk, open_client(desk.url) as client:
        gate = Gate("openai", "gpt-6-luna", patience=Patience(hold=0), ledger=ledger)
        model = LanguageModel(client, gate, max_output_tokens=500)
        once = answerer(model, claims=claims, budget=budget)
        answers = [await told_by(once, prepared()) for _ in range(2)]

    assert [0.0002, 0.0] == [totals.cost_usd for _, totals in answers]
    (row,) = [row async for row in database["ledger"].find({})]
    assert ("ask", "ok", 0.0002) == (row["stage"], row["outcome"], row["usd"])
    assert 1 == len(desk.asked)
    assert [{}] == [row["open"] async for row in database["budgets"].find({})]


async def test_a_question_that_does_not_fit_into_the_budget_is_not_asked(database: Any) -> None:
    """Nothing is spent on it."""
    ledger = Ledger(database["ledger"], "ask", days=1)
    budget = Budget(database["budgets"], ledger, "ask", Limits(tenant_day=0.000001))
    async with reciting(desk := Reciter(*PIECES)) as model:
        with pytest.raises(Permanent) as error:
            await told_by(answerer(model, budget=budget), prepared())

    assert ("budget_exceeded", []) == (error.value.reason, desk.asked)


async def test_a_client_that_goes_away_stops_the_provider(database: Any) -> None:
    """Its connection is closed, and nothing stays reserved for an answer nobody waits for."""
    budget = Budget(database["budgets"], Ledger(database["ledger"], "ask", days=1), "ask", Limits(day=1.0))
    gone, sent = asyncio.Event(), asyncio.Queue[bytes]()
    reciter = Reciter(*PIECES)
    reciter.hold = True

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.put_nowait(message.get("body", b""))

    async with reciting(reciter) as model:
        asks = answerer(model, budget=budget)

        async def work(emit: Any) -> None:
            async def tell(sentence: Any) -> None:
                emit(sentence.text.encode())

            await asks.answer(prepared(), tell)

        answering: Any = EventStream(work)({"type": "http"}, receive, send)
        task = asyncio.create_task(answering)
        async with asyncio.timeout(10):
            while await sent.get() != TRUE.text.encode():
                pass
            gone.set()
            await task
            await reciter.left.wait()

    await until(lambda: _settled(database), 10, what="the reservation is settled")


async def _settled(database: Any) -> bool:
    return [{}] == [row.get("open") async for row in database["budgets"].find({})]
