"""What a search promises: calls with their best passages, pages, walls, and words while meaning is away."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from common.errors import Transient
from common.index import Filters, Hit, Query
from common.model import CallFacts, CallKey, Transcript, Utterance
from common.pipeline import EMBED, INGEST
from door_scene import WORK, Door, problem
from ingest.api import search
from ingest.api.cursors import cursor_at
from ingest.api.found import SearchAnswer
from ingest.api.sought import Sought
from ingest_scene import NOW

VECTOR = [1.0, 0.0]


def hit(call_id: str, n: int = 0, **more: Any) -> Hit:
    """A passage of one utterance, the n-th."""
    given = {
        "call_id": call_id,
        "chunk_id": f"default:{call_id}:1:{n}",
        "score": 0.5,
        "text": "it is slow",
        "speakers": ("agent",),
        "utterance_ids": (f"u{n}",),
        "start_ms": n * 1000,
        "end_ms": n * 1000 + 900,
    }
    return Hit.model_validate(given | more)


async def asked(door: Door, query: str) -> Any:
    answer = await door.get(f"/search?{query}")
    assert 200 == answer.status_code
    return answer.json()


def calls(answer: Any) -> list[str]:
    return [call["call_id"] for call in answer["calls"]]


async def test_a_search_asks_by_words_and_by_meaning_for_the_tenant(door: Door) -> None:
    """Everything that it is narrowed by reaches the index."""
    query = (
        "q=slow&since=2026-11-01T00:00:00Z&until=2026-12-01T00:00:00Z&speaker=agent&speaker=customer"
        "&agent=Dana&sentiment=negative&type=objection&call_id=c-1"
    )
    await asked(door, query)

    filters = Filters(
        call_ids=("c-1",),
        since=datetime(2026, 11, 1, tzinfo=UTC),
        until=datetime(2026, 12, 1, tzinfo=UTC),
        speakers=("agent", "customer"),
        agents=("Dana",),
        sentiments=("negative",),
        finding_types=("objection",),
    )
    wanted = Query(tenant_id="default", text="slow", vector=VECTOR, filters=filters, limit=search.DEPTH)
    assert [wanted] == door.outside.index.asked


@pytest.mark.parametrize(
    ("mode", "text", "vector"),
    [("words", "slow", None), ("meaning", None, VECTOR), ("hybrid", "slow", VECTOR)],
)
async def test_a_mode_is_what_is_asked(door: Door, mode: str, text: str | None, vector: Any) -> None:
    """Words cost nothing: no vector is asked for."""
    answer = await asked(door, f"q=slow&mode={mode}")

    (query,) = door.outside.index.asked
    assert (text, vector, mode, None) == (query.text, query.vector, answer["mode"], answer["degraded"])
    assert bool(vector) == bool(door.outside.embedder.asked)


async def test_passages_are_told_by_call(door: Door) -> None:
    """In the order of each call's best one, with what is known of it; the rest is counted."""
    facts = CallFacts(agent="Dana", sentiment="negative")
    door.outside.index.hits += [
        hit("c-1", 3, facts=facts, highlights=("it is <em>slow</em>",)),
        hit("c-2", score=0.4),
        hit("c-1", 1, score=0.3),
        hit("c-1", 2, score=0.2),
    ]
    answer = await asked(door, "q=slow&passages=2")

    first, second = answer["calls"]
    assert (["c-1", "c-2"], 3, 0.5, "Dana") == (
        calls(answer),
        first["passages"],
        first["score"],
        first["facts"]["agent"],
    )
    assert [3000, 1000] == [each["start_ms"] for each in first["hits"]]
    assert ["it is <em>slow</em>"] == first["hits"][0]["highlights"]
    assert [0] == [each["start_ms"] for each in second["hits"]]
    assert (True, None) == (answer["complete"], answer["next"])


async def test_a_passage_is_told_with_the_words_around_it(door: Door) -> None:
    """Of the very revision it is of; as many utterances as are asked for."""
    key = CallKey(tenant_id="default", call_id="c-1")
    said = tuple(
        Utterance(id=f"u{n}", speaker="agent", channel=0, start_ms=n, end_ms=n, text=f"said {n}")
        for n in range(5)
    )
    await door.outside.transcripts.keep(Transcript(**dict(key), duration_ms=9, utterances=said, work=WORK))
    later = key.model_copy(update={"revision": 2})
    await door.outside.transcripts.keep(Transcript(**dict(later), duration_ms=9, utterances=(), work=WORK))
    door.outside.index.hits += [hit("c-1", 1, utterance_ids=("u1", "u2")), hit("c-9")]

    told = {width: (await asked(door, f"q=x&around={width}"))["calls"][0]["hits"][0] for width in (0, 1, 5)}
    texts = {
        n: [[each["text"] for each in one[side]] for side in ("before", "after")] for n, one in told.items()
    }
    assert {
        0: [[], []],
        1: [["said 0"], ["said 3"]],
        5: [["said 0"], ["said 3", "said 4"]],
    } == texts
    assert {0: [], 1: [1, 2], 5: [1, 2]} == {n: one["starts_ms"] for n, one in told.items()}


async def test_pages_show_every_call_once(door: Door) -> None:
    """Each call is on exactly one page, however many passages it has; the vector is paid for once."""
    door.outside.index.hits += [hit(f"c-{n % 5}", n) for n in range(12)]
    answer = await asked(door, "q=slow&limit=2")
    seen = [calls(answer)]
    while answer["next"]:
        answer = await asked(door, f"q=slow&limit=2&cursor={answer['next']}")
        seen.append(calls(answer))

    assert [["c-0", "c-1"], ["c-2", "c-3"], ["c-4"]] == seen
    assert ["slow"] == door.outside.embedder.asked


async def test_a_search_that_is_not_complete_says_so(door: Door) -> None:
    """There may be more than the passages that were looked at."""
    door.outside.index.hits += [hit("c-1", n) for n in range(search.DEPTH + 1)]
    answer = await asked(door, "q=slow")

    assert (False, search.DEPTH) == (answer["complete"], answer["calls"][0]["passages"])


@pytest.mark.parametrize(
    "changed", ["q=fast", "q=slow&mode=words", "q=slow&agent=Dana", "q=slow&call_id=c-1"]
)
async def test_a_cursor_is_of_one_question(door: Door, changed: str) -> None:
    """Another question, or a filter more, has pages of its own."""
    door.outside.index.hits += [hit("c-1"), hit("c-2")]
    cursor = (await asked(door, "q=slow&limit=1"))["next"]

    status, detail = problem(await door.get(f"/search?{changed}&limit=1&cursor={cursor}"))
    assert (400, True) == (status, "leave it out" in detail)


async def test_another_tenants_cursor_is_none(door: Door) -> None:
    """It is sealed with whose it is."""
    theirs = cursor_at(1, Sought().asked("globex", "search", "slow", "hybrid"))
    ours = cursor_at(1, Sought().asked("default", "search", "slow", "hybrid"))

    assert 400 == problem(await door.get(f"/search?q=slow&cursor={theirs}"))[0]
    assert 200 == (await door.get(f"/search?q=slow&cursor={ours}")).status_code


@pytest.mark.parametrize("place", [search.DEPTH, -1, 10**9, "1", None, [1], 1.5])
async def test_a_cursor_leads_no_deeper_than_we_look(door: Door, place: Any) -> None:
    """400 says what helps."""
    cursor = cursor_at(place, Sought().asked("default", "search", "slow", "hybrid"))

    status, detail = problem(await door.get(f"/search?q=slow&cursor={cursor}"))
    assert (400, True) == (status, "narrow it" in detail)


async def test_the_same_question_is_paid_for_once(door: Door) -> None:
    """However it is typed; another one is another."""
    for q in ("it  is%20slow", "it is slow", "cafe%CC%81", "caf%C3%A9"):
        await asked(door, f"q={q}")

    assert ["it is slow", "café"] == door.outside.embedder.asked


@pytest.mark.parametrize("mode", ["hybrid", "meaning"])
async def test_without_the_provider_words_are_searched_and_that_is_said(door: Door, mode: str) -> None:
    """A search is worth more than its ranking; nothing is remembered of it."""
    door.outside.embedder.fails = Transient("embedding: 503", reason="provider_unavailable")
    door.outside.index.hits.append(hit("c-1"))
    answer = await asked(door, f"q=slow&mode={mode}")

    assert (["c-1"], mode, {"mode": "words", "reason": "provider_unavailable"}) == (
        calls(answer),
        answer["mode"],
        answer["degraded"],
    )
    assert [("slow", None)] == [(each.text, each.vector) for each in door.outside.index.asked]
    door.outside.embedder.fails = None
    assert (await asked(door, f"q=slow&mode={mode}"))["degraded"] is None


async def test_what_is_not_the_providers_fault_is_a_problem(door: Door) -> None:
    """A ledger that cannot be written is told as what it is."""
    door.outside.embedder.fails = Transient("writing the ledger", reason="unavailable")

    assert 503 == problem(await door.get("/search?q=slow"))[0]


async def begun(door: Door, call_id: str, revision: int, stage: Any, tenant: str = "default") -> CallKey:
    key = CallKey(tenant_id=tenant, call_id=call_id, revision=revision)
    await door.outside.journal.begin(key, stage, NOW)
    return key


async def test_a_status_is_that_of_the_calls_newest_revision(door: Door) -> None:
    """Completed leaves out who is on the way again; any other names who is; without chunks none counts."""
    await begun(door, "c-new", 1, INGEST)
    await begun(door, "c-last", 1, EMBED)
    for revision in (1, 2):
        through = await begun(door, "c-done", revision, EMBED)
    await door.outside.journal.finish(through, EMBED, NOW, 1.0, WORK)
    done = await begun(door, "c-again", 1, EMBED)
    await door.outside.journal.finish(done, EMBED, NOW, 1.0, WORK)
    await begun(door, "c-again", 2, INGEST)
    await begun(door, "c-theirs", 1, EMBED, "globex")

    for status in ("completed", "embedding", "uploaded"):
        await asked(door, f"q=slow&status={status}")

    filters = [query.filters for query in door.outside.index.asked]
    assert [{"c-last", "c-again"}, set(), set()] == [set(each.without_call_ids) for each in filters]
    assert [(), ("c-last",), ("c-again",)] == [each.call_ids for each in filters]


async def test_a_status_that_no_call_has_finds_nothing(door: Door) -> None:
    """And asks nobody."""
    answer = await asked(door, "q=slow&status=analyzing&call_id=c-1")

    assert ([], True, None) == (answer["calls"], answer["complete"], answer["next"])
    assert ([], []) == (door.outside.index.asked, door.outside.embedder.asked)


async def test_too_many_calls_on_their_way_are_a_problem(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index takes no list without an end; naming calls helps."""
    monkeypatch.setattr("ingest.standings.MOST", 1)
    for n in range(2):
        await begun(door, f"c-{n}", 1, EMBED)

    status, detail = problem(await door.get("/search?q=slow&status=completed"))
    assert (400, True) == (status, "call_id" in detail)
    assert 200 == (await door.get("/search?q=slow&status=completed&call_id=c-1")).status_code


BAD = {
    "": 422,
    "q=": 422,
    "q=%20": 422,
    f"q={'x' * 1001}": 422,
    "q=x&limit=51": 422,
    "q=x&mode=magic": 422,
    "q=x&around=6": 422,
    "q=x&passages=0": 422,
    "q=x&since=2026-11-22T10:31:00": 422,
    "q=x&type=rumour": 422,
    "q=x&sentiment=furious": 422,
    "q=x&call_id=default:c-1": 422,
    "q=x&agent=": 422,
    "q=x&status=asleep": 422,
    "q=x" + "&speaker=s" * 21: 422,
    "q=x&since=2026-11-22T10:31:00Z&until=2026-11-22T10:31:00Z": 400,
    "q=x&cursor=!!": 400,
    "q=x&cursor=W10": 400,
    "q=x&cursor=" + "W1tb" * 120: 400,
}


async def test_a_bad_question_is_a_problem(door: Door) -> None:
    """And nothing is asked of the index or paid for."""
    assert BAD == {query: problem(await door.get(f"/search?{query}"))[0] for query in BAD}
    assert ([], []) == (door.outside.index.asked, door.outside.embedder.asked)


async def test_an_odd_question_is_data(door: Door) -> None:
    """Quotes, braces and another tenant's name are words to look for, nothing else."""
    odd = '{"term": {"tenant_id": "globex"}} OR tenant_id:globex \x00'
    answer = await door.client.get("/api/v1/search", params={"q": odd})

    assert 200 == answer.status_code
    assert [("default", odd)] == [(each.tenant_id, each.text) for each in door.outside.index.asked]


async def test_the_example_is_an_answer_of_today(door: Door) -> None:
    """OpenAPI shows what is really answered, under a name that clients can be made from."""
    told = (await door.client.get("/openapi.json")).json()["paths"]["/api/v1/search"]["get"]
    example = told["responses"]["200"]["content"]["application/json"]["example"]

    assert "search" == told["operationId"]
    assert example == json.loads(SearchAnswer.model_validate(example).model_dump_json())
