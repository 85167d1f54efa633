"""A chat model over HTTP: every answer a provider can give has exactly one outcome."""

import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Literal

import pytest
from common.account import Account, accounting
from common.completions import CutOff, read
from common.errors import Permanent, PipelineError, Transient
from common.gate import Gate, Patience
from common.language_model import LanguageModel
from common.metrics import metrics_on
from common.model import Citation, Insights, Work
from common.providers import MAX_RETRY_AFTER
from integration.provider import Desk, Reply, completion, open_client, open_desk, refusal
from nouns import citation, insights, objection
from prometheus_client import CollectorRegistry
from pydantic import BaseModel


class Mood(BaseModel):
    """A small shape."""

    mood: Literal["good", "bad"]
    reasons: tuple[str, ...]


GOOD = '{"mood": "good", "reasons": ["friday"]}'
NO_CHOICE = Reply({**json.loads(json.dumps(completion(GOOD).body)), "choices": []})


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with open_desk() as desk:
        yield desk


@pytest.fixture
async def model(desk: Desk) -> AsyncIterator[LanguageModel]:
    async with open_client(desk.url) as client:
        yield LanguageModel(
            client, Gate("openai", "gpt-6-luna", patience=Patience(hold=0)), max_output_tokens=500
        )


async def test_an_answer_has_the_shape_that_was_asked_for(desk: Desk, model: LanguageModel) -> None:
    """Content and cost come back; the model is the one that answered."""
    desk.replies = [completion(GOOD)]

    answer = await model.answer("Be brief.", "What mood?", Mood)

    assert Mood(mood="good", reasons=("friday",)) == answer.content
    assert answer.work == Work(
        provider="openai",
        model="gpt-6-luna-2026-09-01",
        cost_usd=0.0002,
        requests=1,
        input_tokens=1000,
        output_tokens=200,
    )


async def test_the_question_is_strict_and_limited(desk: Desk, model: LanguageModel) -> None:
    """Instructions apart from content, a strict schema, a token limit, no paid reasoning."""
    desk.replies = [completion(GOOD)]
    await model.answer("Be brief.", "What mood?", Mood)

    (asked,) = desk.asked
    assert [("system", "Be brief."), ("user", "What mood?")] == [
        (message["role"], message["content"]) for message in asked["messages"]
    ]
    assert asked["response_format"]["json_schema"]["strict"] is True
    assert (500, "none") == (asked["max_completion_tokens"], asked["reasoning_effort"])


async def test_a_seed_is_sent_where_one_is_chosen(desk: Desk) -> None:
    """And told with the other parameters, so that the same can be asked again."""
    desk.replies = [completion(GOOD)]
    async with open_client(desk.url) as client:
        model = LanguageModel(client, Gate("openai", "gpt-6-luna", patience=Patience(hold=0)), seed=7)
        await model.answer("", "", Mood)

    assert (7, 7) == (desk.asked[0]["seed"], model.seed)
    assert {"max_completion_tokens": "16000", "reasoning_effort": "none"} == model.parameters


async def test_a_cut_off_answer_says_what_it_took(desk: Desk, model: LanguageModel) -> None:
    """Whoever asks in smaller pieces has paid for the large one."""
    desk.replies = [completion('{"mood":', finish_reason="length")]

    with pytest.raises(CutOff) as error:
        await model.answer("Be brief.", "What mood?", Mood)

    assert (0.0002, 200) == (error.value.work.cost_usd, error.value.work.output_tokens)


async def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    """What a limited answer can hold is read, and a piece more."""
    read_so_far = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read_so_far
        while True:
            read_so_far += 65_536
            yield b"x" * 65_536

    with pytest.raises(Transient) as error:
        await read(endless(), most=200_000)

    assert ("provider_answer", 262_144) == (error.value.reason, read_so_far)


async def test_the_insights_make_the_trip(desk: Desk, model: LanguageModel) -> None:
    """The shape that analyzer asks for is one a strict provider takes and answers in."""
    said = insights(objections=(objection(citation("too high", "u2")),))
    desk.replies = [completion(said.model_dump_json())]

    answer = await model.answer("Analyse.", "BEGIN TRANSCRIPT", Insights[Citation])

    assert said == answer.content
    assert "Insights" == desk.asked[0]["response_format"]["json_schema"]["name"]
    schema = desk.asked[0]["response_format"]["json_schema"]["schema"]
    objects = [schema, *(part for part in schema["$defs"].values() if part.get("type") == "object")]
    assert all(part["additionalProperties"] is False for part in objects)
    assert all(sorted(part["properties"]) == sorted(part["required"]) for part in objects)


async def test_another_model_is_asked_in_its_own_words(desk: Desk) -> None:
    """Only models that reason are told not to."""
    desk.replies = [completion(GOOD)]
    async with open_client(desk.url) as client:
        answer = await LanguageModel(client, Gate("local", "local-rules", patience=Patience(hold=0))).answer(
            "", "", Mood
        )

    assert "reasoning_effort" not in desk.asked[0]
    assert 0.0 == answer.work.cost_usd


@pytest.mark.parametrize(
    "reply",
    [
        completion(GOOD),
        completion('{"mood":', finish_reason="length"),
        completion(None, refusal="I cannot."),
    ],
    ids=["an answer", "too long", "refusal"],
)
async def test_what_comes_back_is_accounted_for(desk: Desk, model: LanguageModel, reply: Reply) -> None:
    """Paid is paid, of use or not."""
    desk.replies = [reply]
    account = Account("analyze", metrics_on(CollectorRegistry()).providers, {})

    with suppress(PipelineError), accounting(account):
        await model.answer("Be brief.", "What mood?", Mood)

    spent = (account.requests, account.input_tokens, account.output_tokens, round(account.cost_usd, 6))
    assert (1, 1000, 200, 0.0002) == spent


SOON = "Sun, 06 Nov 1994 08:49:37 GMT"

OUTCOMES = {
    "busy, seconds": (refusal(429, after="7"), Transient, "provider_busy", 7.0),
    "busy, date": (refusal(429, after=SOON), Transient, "provider_busy", 0.0),
    "busy, absurd": (refusal(429, after="1e9"), Transient, "provider_busy", MAX_RETRY_AFTER),
    "busy, silent": (refusal(429), Transient, "provider_busy", None),
    "quota": (refusal(429, code="insufficient_quota"), Transient, "provider_quota", MAX_RETRY_AFTER),
    "down": (refusal(500), Transient, "provider_unavailable", None),
    "overloaded": (refusal(503, after="3"), Transient, "provider_unavailable", 3.0),
    "key refused": (refusal(401), Transient, "provider_denied", MAX_RETRY_AFTER),
    "not allowed": (refusal(403), Transient, "provider_denied", MAX_RETRY_AFTER),
    "bad request": (refusal(400, code="context_length_exceeded"), Permanent, "provider_refused", None),
    "no such model": (refusal(404), Transient, "provider_denied", MAX_RETRY_AFTER),
    "a page of HTML": (Reply("<html>502</html>", 502), Transient, "provider_unavailable", None),
    "garbage": (Reply("{{{"), Transient, "provider_answer", None),
    "not even an answer": (Reply({}), Transient, "provider_answer", None),
    "cut-off content": (completion('{"mood": "goo'), Transient, "provider_answer", None),
    "wrong schema": (completion('{"mood": "sunny"}'), Transient, "provider_answer", None),
    "no content": (completion(None), Transient, "provider_answer", None),
    "no choice": (NO_CHOICE, Transient, "provider_answer", None),
    "refusal": (completion(None, refusal="I cannot."), Permanent, "provider_refused", None),
    "too long": (completion('{"mood":', finish_reason="length"), CutOff, "answer_too_long", None),
    "ten megabytes": (completion("x" * 10_000_000), Transient, "provider_answer", None),
    "filtered": (completion("", finish_reason="content_filter"), Permanent, "provider_refused", None),
}


@pytest.mark.parametrize(("reply", "kind", "reason", "wait"), OUTCOMES.values(), ids=OUTCOMES.keys())
async def test_each_answer_has_exactly_one_outcome(
    desk: Desk,
    model: LanguageModel,
    reply: Reply,
    kind: type[PipelineError],
    reason: str,
    wait: float | None,
) -> None:
    """One request, one typed failure, and no word of the call in it."""
    desk.replies = [reply]

    with pytest.raises(PipelineError) as error:
        await model.answer("Be brief.", "my pin is 1234", Mood)

    assert isinstance(error.value, kind)
    assert reason == error.value.reason
    assert wait == getattr(error.value, "retry_after", None)
    assert "1234" not in str(error.value)
    assert 1 == len(desk.asked)


async def test_a_provider_out_of_reach_is_worth_another_try() -> None:
    """Nothing listens there."""
    async with open_client("http://127.0.0.1:9/v1") as client:
        with pytest.raises(Transient) as error:
            await LanguageModel(client, Gate("openai", "gpt-6-luna", patience=Patience(hold=0))).answer(
                "", "", Mood
            )

    assert "provider_unavailable" == error.value.reason
