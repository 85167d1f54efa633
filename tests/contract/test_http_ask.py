"""Questions over HTTP: answers in sentences that cite what was said, whole or as events."""

import asyncio
import json
from typing import Any

import pytest
from asking_scene import ALSO, INVENTED, TRUE, cited, model_saying, statement
from common.errors import Permanent, Transient
from common.index import Filters, Hit
from common.model import CallKey, Transcript
from common.pipeline import TRANSCRIBE
from door_fakes import FakeLimiter
from door_scene import Door, opened, problem
from fakes import FakeModel
from ingest.api.event_stream import EventStream
from ingest_scene import ASKED, NOW, Outside, door_settings
from nouns import SPOKEN, transcript

LONG = SPOKEN + (("agent", "And so we went on and on about many things."),) * 60


def call(name: str, spoken: tuple[tuple[str, str], ...] = SPOKEN, tenant: str = "default") -> Transcript:
    return transcript(CallKey(tenant_id=tenant, call_id=name), spoken)


def hit(name: str, *ids: str, tenant: str = "default") -> Hit:
    """A chunk of a call."""
    where: dict[str, Any] = {"start_ms": 0, "end_ms": 1, "score": 1.0, "speakers": (), "text": ""}
    return Hit(call_id=name, chunk_id=f"{tenant}:{name}:1:0", utterance_ids=ids, **where)


async def told(outside: Outside, *calls: Transcript) -> None:
    """These calls are transcribed."""
    for each in calls:
        await outside.transcripts.keep(each)
        await outside.journal.begin(each.key, TRANSCRIBE, NOW)


@pytest.fixture
async def outside() -> Outside:
    """One call, which the index finds, and a model that answers truly, and untruly."""
    outside = Outside(door_settings())
    outside.answering = model_saying(TRUE, INVENTED, ALSO)
    outside.index.hits = [hit("c-1", "u2")]
    await told(outside, call("c-1"))
    return outside


async def ask(door: Door, accept: str | None = None, **asked: Any) -> Any:
    headers = {"Accept": accept} if accept else {}
    return await door.client.post("/api/v1/ask", json={"question": "The price?"} | asked, headers=headers)


def events(text: str) -> list[tuple[str, Any]]:
    """The events of a stream, comments left out."""
    blocks = [dict(line.split(": ", 1) for line in block.split("\n")) for block in text.strip().split("\n\n")]
    return [(block["event"], json.loads(block["data"])) for block in blocks if "event" in block]


async def test_a_question_is_answered_in_sentences_that_cite_the_calls(outside: Outside) -> None:
    """Call, utterance, words, speaker and times; what could not be verified is counted and not told."""
    async with opened(outside) as door:
        answer = (await ask(door)).json()

    first, second = answer["sentences"]
    assert [TRUE.text, ALSO.text] == [first["text"], second["text"]]
    assert first["citations"] == [
        {
            "call_id": "c-1",
            "utterance_ids": ["u2"],
            "quote": "your price is too high",
            "speaker": "customer",
            "start_ms": 5000,
            "end_ms": 10000,
        }
    ]
    assert ("The price?", True, 1) == (answer["question"], answer["answered"], answer["dropped"])
    assert ({"calls": 1, "utterances": 4}, 0.001) == (answer["retrieved"], answer["cost_usd"])


@pytest.mark.parametrize("how", [{"stream": True}, {"accept": "text/event-stream"}], ids=["body", "header"])
async def test_an_answer_comes_as_events(outside: Outside, how: Any) -> None:
    """What was retrieved, each sentence, and the totals."""
    async with opened(outside) as door:
        answer = await ask(door, **how)
        whole = (await ask(door)).json()

    (first, retrieved), *sentences, (last, totals) = events(answer.text)
    assert "text/event-stream; charset=utf-8" == answer.headers["content-type"]
    assert ("retrieved", {"calls": 1, "utterances": 4}, "done") == (first, retrieved, last)
    assert [("sentence", each) for each in whole["sentences"]] == sentences
    assert {**whole, **totals} == {**whole, "remembered": False, "cost_usd": 0.001}


async def test_a_failure_after_the_beginning_is_an_event(outside: Outside) -> None:
    """A problem as any other, with the time to wait in it."""
    outside.answering = FakeModel(Transient("down", reason="provider_unavailable", retry_after=9), work=ASKED)
    async with opened(outside) as door:
        answer = await ask(door, stream=True)

    assert ["retrieved", "error"] == [name for name, _ in events(answer.text)]
    failed = events(answer.text)[-1][1]
    assert (503, "provider_unavailable", 9) == (failed["status"], failed["reason"], failed["retry_after"])


@pytest.mark.parametrize(
    ("failure", "status", "reason"),
    [
        (Transient("down", reason="provider_unavailable", retry_after=9), 503, "provider_unavailable"),
        (Permanent("no room", reason="budget_exceeded"), 429, "budget_exceeded"),
        (Permanent("no", reason="provider_refused"), 422, "provider_refused"),
        (Permanent("no such model", reason="other"), 500, None),
    ],
)
async def test_every_failure_is_a_problem(
    outside: Outside, failure: Exception, status: int, reason: str | None
) -> None:
    """A provider that is down says when to come back."""
    outside.answering = FakeModel(failure, work=ASKED)
    async with opened(outside) as door:
        answer = await ask(door)

    assert status == problem(answer)[0]
    assert reason == answer.json().get("reason")
    assert ("9" if status == 503 else None) == answer.headers.get("retry-after")


@pytest.mark.parametrize(
    "asked",
    [
        {"question": ""},
        {"question": "  "},
        {"question": "x" * 1001},
        {"call_ids": ["no such id!"]},
        {"call_ids": ["c"] * 21},
        {"since": "yesterday"},
        {"finding_types": ["gossip"]},
        {"tenant_id": "other"},
    ],
)
async def test_what_is_not_understood_is_refused(outside: Outside, asked: dict[str, Any]) -> None:
    """A field nobody knows is a mistake, not a wish to be ignored."""
    async with opened(outside) as door:
        assert 422 == problem(await ask(door, **asked))[0]
    assert [] == outside.answering.asked


async def test_what_cannot_be_had_is_refused(outside: Outside) -> None:
    """A call that is not there, and a form that answers do not have."""
    async with opened(outside) as door:
        assert 404 == problem(await ask(door, call_ids=["c-1", "c-2"]))[0]
        assert 406 == problem(await ask(door, accept="text/html"))[0]


async def test_no_call_is_of_a_period_that_ends_before_it_begins(outside: Outside) -> None:
    """As a search refuses it, so that nobody takes it for an answer."""
    period = {"since": "2026-11-02T00:00:00Z", "until": "2026-11-01T00:00:00Z"}
    async with opened(outside) as door:
        assert 400 == problem(await ask(door, **period))[0]
    assert ([], []) == (outside.embedder.asked, outside.answering.asked)


async def test_what_was_searched_for_is_not_embedded_again(outside: Outside) -> None:
    """Its vector is the search's."""
    async with opened(outside) as door:
        await door.client.get("/api/v1/search", params={"q": "The price?"})
        await ask(door)

    assert ["The price?"] == outside.embedder.asked


async def test_an_embedder_that_is_away_is_waited_for(outside: Outside) -> None:
    """By words alone too little would be found to say that calls do not tell."""
    outside.embedder.fails = Transient("embedding: 503", reason="provider_unavailable")
    async with opened(outside) as door:
        answer = await ask(door)

    assert (503, True) == (problem(answer)[0], "retry-after" in answer.headers)
    assert [] == outside.answering.asked


async def test_a_tenant_may_ask_so_often(outside: Outside) -> None:
    """Questions have a limit of their own, counted before anything is asked."""
    outside.ask_limiter = FakeLimiter(1)
    async with opened(outside) as door:
        answers = [await ask(door), await ask(door, stream=True)]

    assert [200, 429] == [answer.status_code for answer in answers]
    assert "ASK_RATE_LIMIT" in problem(answers[1])[1]
    assert "7" == answers[1].headers["retry-after"]
    assert 1 == len(outside.answering.asked)


async def test_a_short_call_is_read_whole(outside: Outside) -> None:
    """Nothing is searched for; a long one, or a narrower question, is."""
    await told(outside, call("c-long", LONG))
    async with opened(outside) as door:
        await ask(door, call_ids=["c-1"])
        searched = [len(outside.index.asked)]
        await ask(door, call_ids=["c-1"], speakers=["customer"])
        await ask(door, call_ids=["c-long"])
        searched.append(len(outside.index.asked))

    assert [0, 2] == searched
    assert Filters(call_ids=("c-1",), speakers=("customer",)) == outside.index.asked[0].filters


async def test_filters_reach_the_index(outside: Outside) -> None:
    """With the words, their meaning, and whose calls they are."""
    filters: dict[str, Any] = {
        "call_ids": ["c-1"],
        "agents": ["Dana"],
        "sentiments": ["negative"],
        "finding_types": ["objection"],
        "since": "2026-11-01T00:00:00Z",
        "until": "2026-12-01T00:00:00Z",
    }
    async with opened(outside) as door:
        await ask(door, **filters)

    (asked,) = outside.index.asked
    assert ("default", "The price?", [1.0, 0.0]) == (asked.tenant_id, asked.text, list(asked.vector or ()))
    assert Filters.model_validate(filters) == asked.filters


async def test_the_same_question_is_paid_for_once(outside: Outside) -> None:
    """And says that it was."""
    async with opened(outside) as door:
        first, second = (await ask(door)).json(), (await ask(door)).json()

    assert ([False, True], [0.001, 0.0]) == (
        [first["remembered"], second["remembered"]],
        [first["cost_usd"], second["cost_usd"]],
    )
    assert first["sentences"] == second["sentences"]
    assert 1 == len(outside.answering.asked)


async def test_nothing_found_is_an_answer(outside: Outside) -> None:
    """Without asking a model."""
    outside.index.hits = []
    async with opened(outside) as door:
        answer = (await ask(door)).json()

    assert (False, [], None) == (answer["answered"], answer["sentences"], answer["model"])
    assert [] == outside.answering.asked


async def test_a_tenants_question_is_answered_from_its_own_calls(outside: Outside) -> None:
    """Though the index named another's, and the model cited it: its words are not even shown."""
    secret = "Our secret price is seven."
    theirs = call("c-9", (("agent", secret),), tenant="globex")
    await told(outside, theirs)
    outside.index.hits += [hit("c-9", "u1", tenant="globex")]
    outside.answering = model_saying(TRUE, statement(secret, cited(secret, "u1", call="c2")))
    async with opened(outside) as door:
        answer = await ask(door)
        named = await ask(door, call_ids=["c-9"])

    assert ([TRUE.text], 1) == (
        [each["text"] for each in answer.json()["sentences"]],
        answer.json()["dropped"],
    )
    assert 404 == problem(named)[0]
    assert "secret" not in "".join(content for _, content in outside.answering.asked)
    assert "globex" not in answer.text + "".join(content for _, content in outside.answering.asked)


async def test_a_connection_without_events_is_kept_alive() -> None:
    """A comment now and then, until something happens."""
    sent, go_on = [], asyncio.Event()

    async def work(emit: Any) -> None:
        await go_on.wait()
        emit(b"event: done\n\n")

    async for piece in EventStream(work, beat=0.01).body_iterator:
        sent.append(bytes(piece) if not isinstance(piece, str) else piece.encode())
        go_on.set()

    assert b": ping\n\n" == sent[0]
    assert b"event: done\n\n" == sent[-1]
