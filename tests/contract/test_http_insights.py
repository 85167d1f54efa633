"""What the API tells of many calls together: counts with examples, findings in a row, calls alike."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from common.index import Filters, FindingCount, Hit, Mark, Overview, Period, SubjectCount, mark
from common.model import (
    FINDINGS,
    Analysis,
    Call,
    CallFacts,
    CallKey,
    CallMetadata,
    CategoryMatch,
    ChunkFinding,
    Evidence,
    Insights,
    ScorecardAnswer,
)
from common.pipeline import INGEST
from door_scene import WORK, Door, evidence, problem
from ingest.api import findings as listed
from ingest.api.cursors import cursor_at
from ingest.api.findings import FindingsAnswer
from ingest.api.found import SimilarAnswer
from ingest.api.insights import InsightsAnswer
from ingest.api.sought import Sought
from ingest_scene import NOW
from nouns import insights as concluded

FACTS = CallFacts(started_at=NOW, agent="Dana", sentiment="negative")
FOUND = ChunkFinding(type="objection", subject="price", state="unresolved", quote="it is slow")


def hit(call_id: str = "c-1", n: int = 0, **more: Any) -> Hit:
    """A finding of a call."""
    given = {
        "call_id": call_id,
        "chunk_id": f"default:{call_id}:1:{n}",
        "score": 0.5,
        "text": "Objection (price, unresolved): Too slow for the price.\n“it is slow”",
        "speakers": ("customer",),
        "utterance_ids": ("u1",),
        "start_ms": n * 1000,
        "end_ms": n * 1000 + 900,
        "finding": FOUND,
        "facts": FACTS,
    }
    return Hit.model_validate(given | more)


async def asked(door: Door, path: str) -> Any:
    answer = await door.get(path)
    assert 200 == answer.status_code
    return answer.json()


async def test_insights_count_calls_with_an_example_of_each(door: Door) -> None:
    """Numbers by the server, the newest call's words beside them."""
    subject = SubjectCount(subject="price", calls=2, states={"unresolved": 2}, example=hit())
    door.outside.index.counts = (
        FindingCount(type="objection", calls=2, subjects=(subject,)),
        FindingCount(type="entity", calls=9, subjects=(subject,)),
    )
    period = Period(begins=NOW, calls=2, sentiments={"negative": 2})
    door.outside.index.told = Overview(calls=3, sentiments={"negative": 2}, periods=(period,))
    answer = await asked(door, "/insights")

    assert (3, {"negative": 2}) == (answer["calls"], answer["sentiment"])
    assert [("2026-11-22T10:30:00Z", 2, {"negative": 2})] == [
        (each["begins"], each["calls"], each["sentiment"]) for each in answer["trend"]
    ]
    (row,) = answer["objections"]
    assert ("price", 2, {"unresolved": 2}) == (row["subject"], row["calls"], row["states"])
    assert {
        "call_id": "c-1",
        "started_at": "2026-11-22T10:30:00Z",
        "quote": "it is slow",
        "text": hit().text,
        "start_ms": 0,
    } == row["example"]
    tables = ("pain_points", "competitors", "topics", "questions", "scorecard", "categories")
    assert [[]] * 6 == [answer[name] for name in tables]


async def test_insights_choose_calls_and_their_findings(door: Door) -> None:
    """Calls by all filters but speaker and type, findings by these, too; of the tenant alone."""
    await asked(door, "/insights?agent=Dana&sentiment=mixed&speaker=customer&type=objection&by=day&top=3")

    whole = Filters(agents=("Dana",), sentiments=("mixed",))
    mine = whole.model_copy(
        update={"speakers": ("customer",), "finding_types": ("objection",), "findings": True}
    )
    assert [
        ("overview", "default", whole, "day"),
        ("aggregate", "default", mine, 3),
    ] == sorted(door.outside.index.counted, key=lambda each: str(each[0]), reverse=True)


def answered(
    answer: str, *pieces: Evidence, present: bool = True, mood: str = "neutral"
) -> Insights[Evidence]:
    """An analysis that answers a question and a category alike."""
    nothing = dict.fromkeys(FINDINGS, ())
    kept: dict[str, Any] = concluded().model_dump() | nothing
    kept["sentiment"] = kept["sentiment"] | {"overall": mood}
    kept["scorecard"] = (
        ScorecardAnswer[Evidence].model_validate(
            {"question_id": "price_named", "answer": answer, "evidence": pieces}
        ),
    )
    kept["categories"] = (CategoryMatch[Evidence](category_id="complaint", present=present, evidence=pieces),)
    return Insights[Evidence].model_validate(kept)


async def keep(
    door: Door, call_id: str, found: Insights[Evidence] | None, revision: int = 1, **more: Any
) -> None:
    """A call's analysis, and the call."""
    key = CallKey(tenant_id=more.pop("tenant", "default"), call_id=call_id, revision=revision)
    created = more.pop("created_at", NOW)
    await door.outside.analyses.keep(Analysis(**dict(key), insights=found, prompt_version="1", work=WORK))
    await door.outside.calls.keep(Call(**dict(key), metadata=CallMetadata(**more), created_at=created))


@pytest.fixture
async def rated(door: Door) -> Door:
    """Five calls of ours; of the first, only what its second revision says counts."""
    true, false = evidence("it is slow", verified=True), evidence("it is fast", verified=False)
    await keep(door, "c-1", answered("no", present=False))
    await keep(door, "c-1", answered("yes", true), revision=2, agent="Dana")
    await keep(
        door, "c-2", answered("no", present=False, mood="negative"), started_at=NOW - timedelta(days=9)
    )
    await keep(door, "c-3", answered("not_applicable", false))
    await keep(door, "c-4", answered("yes", false))
    await keep(door, "c-5", None)
    await keep(door, "c-6", answered("yes", true), tenant="globex")
    return door


async def rates(door: Door, query: str = "") -> list[Any]:
    answer = await asked(door, f"/insights?{query}")
    return [
        (row["id"], row["calls"], row["states"], row["share"])
        for row in (*answer["scorecard"], *answer["categories"])
    ]


async def test_rates_are_of_what_may_be_shown_of_the_newest_revision(rated: Door) -> None:
    """What did not happen needs no quote, what happened does; what does not apply is no part of the share."""
    assert [
        ("price_named", 3, {"no": 1, "not_applicable": 1, "yes": 1}, 0.5),
        ("complaint", 2, {"absent": 1, "present": 1}, 0.5),
    ] == await rates(rated)


CHOSEN = {
    "since=2026-11-20T00:00:00Z": 2,
    "until=2026-11-20T00:00:00Z": 1,
    "since=2026-11-22T10:30:00Z": 2,
    "until=2026-11-22T10:30:00Z": 1,
    "agent=Dana": 1,
    "sentiment=negative": 1,
    "call_id=c-1&call_id=c-2": 2,
    "call_id=c-6": 0,
    "type=scorecard": 3,
    "type=objection": 0,
}


async def test_rates_are_of_the_calls_that_are_chosen(rated: Door) -> None:
    """By when they began, or were handed in where nobody says; by agent, sentiment, id."""
    counted = {
        query: [row[1] for row in await rates(rated, query) if row[0] == "price_named"] for query in CHOSEN
    }

    assert CHOSEN == {query: sum(calls) for query, calls in counted.items()}


async def test_rates_of_more_calls_than_can_be_named_are_not_told(
    rated: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Null is not zero."""
    monkeypatch.setattr("ingest.rates.MOST", 1)
    answer = await asked(rated, "/insights?since=2026-01-01T00:00:00Z")

    assert (None, None) == (answer["scorecard"], answer["categories"])


async def test_a_status_that_no_call_has_counts_nothing(door: Door) -> None:
    """And lists nothing."""
    insights = await asked(door, "/insights?status=analyzing")
    findings = await asked(door, "/findings?status=analyzing")
    sheet = await door.get("/findings?status=analyzing&format=csv")

    assert (0, []) == (insights["calls"], insights["trend"])
    assert {"findings": [], "next": None} == findings
    assert 1 == len(sheet.text.splitlines())
    assert [] == door.outside.index.counted


async def test_findings_are_told_one_by_one(door: Door) -> None:
    """With everything a reader needs to go and listen."""
    door.outside.index.hits.append(hit(n=4))
    answer = await asked(door, "/findings?type=objection&agent=Dana")

    assert [
        {
            "call_id": "c-1",
            "started_at": "2026-11-22T10:30:00Z",
            "agent": "Dana",
            "type": "objection",
            "subject": "price",
            "state": "unresolved",
            "text": hit().text,
            "quote": "it is slow",
            "speaker": "customer",
            "start_ms": 4000,
            "verified": True,
        }
    ] == answer["findings"]
    filters = Filters(agents=("Dana",), finding_types=("objection",))
    assert [("findings", "default", filters)] == door.outside.index.counted


def pages(rows: list[Any]) -> Iterator[Any]:
    yield from ((row["call_id"], row["start_ms"]) for row in rows)


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
async def test_pages_have_every_finding_once(door: Door, limit: int) -> None:
    """Also those of one instant, and of calls without a date."""
    undated = CallFacts()
    door.outside.index.hits += [hit("c-1", n) for n in range(3)]
    door.outside.index.hits += [hit(f"c-{n}", 9, facts=undated) for n in range(2, 6)]
    whole = list(pages((await asked(door, "/findings"))["findings"]))
    seen: list[Any] = []
    cursor = ""
    while True:
        answer = await asked(door, f"/findings?limit={limit}{cursor}")
        seen += pages(answer["findings"])
        if answer["next"] is None:
            break
        cursor = f"&cursor={answer['next']}"

    assert (7, whole) == (len(whole), seen)


async def test_findings_are_had_as_a_sheet(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them, read piece by piece; no words of a call are a formula."""
    monkeypatch.setattr(listed, "AT_ONCE", 2)
    evil = FOUND.model_copy(update={"subject": "=HYPERLINK(A1)", "quote": "@SUM(1)\nmore"})
    door.outside.index.hits += [*(hit(n=n) for n in range(4)), hit("c-2", finding=evil, text='-1, "two"')]
    by_name = await door.get("/findings?format=csv&limit=1")
    by_accept = await door.get("/findings", Accept="text/csv")

    assert by_name.text == by_accept.text
    rows = list(csv.DictReader(StringIO(by_name.text)))
    assert list(listed.COLUMNS) == list(rows[0])
    assert ["0", "1000", "2000", "3000", "0"] == [row["start_ms"] for row in rows]
    assert {"true"} == {row["verified"] for row in rows}
    assert ("'=HYPERLINK(A1)", "'@SUM(1) more", '\'-1, "two"') == tuple(
        rows[-1][name] for name in ("subject", "quote", "text")
    )


async def test_a_sheet_names_its_columns_as_json_does(door: Door) -> None:
    """In the same order, too."""
    door.outside.index.hits += [hit()]
    (row,) = (await door.get("/findings")).json()["findings"]
    sheet = csv.DictReader(StringIO((await door.get("/findings?format=csv")).text))

    assert list(row) == sheet.fieldnames


BAD = {
    "/insights?by=hour": 422,
    "/insights?top=51": 422,
    "/insights?since=2026-11-02T00:00:00Z&until=2026-11-01T00:00:00Z": 400,
    "/insights?type=rumour": 422,
    "/findings?limit=0": 422,
    "/findings?format=srt": 422,
    "/findings?cursor=W10": 400,
    "/findings?since=now": 422,
    "/findings?format=csv&since=2026-11-02T00:00:00Z&until=2026-11-01T00:00:00Z": 400,
    "/calls/c-404/similar": 404,
    "/calls/c-1/similar?limit=51": 422,
}


async def test_a_bad_question_is_a_problem(door: Door) -> None:
    """And nothing is counted."""
    assert BAD == {path: problem(await door.get(path))[0] for path in BAD}
    assert [] == door.outside.index.counted


async def test_another_tenants_cursor_is_none(door: Door) -> None:
    """It is sealed with whose it is, and with the filters."""
    place = mark(hit()).model_dump(mode="json")
    theirs = cursor_at(place, Sought().asked("globex", "findings"))
    other = cursor_at(place, Sought(agent=("Dana",)).asked("default", "findings"))

    assert [400, 400] == [
        problem(await door.get(f"/findings?cursor={cursor}"))[0] for cursor in (theirs, other)
    ]


@pytest.mark.parametrize("place", [1, None, ["c-1"], {"call_id": "c-1"}, {"call_id": "a:b", "n": 1}])
async def test_a_cursor_that_names_no_finding_is_a_problem(door: Door, place: Any) -> None:
    """Whoever made it."""
    cursor = cursor_at(place, Sought().asked("default", "findings"))

    assert 400 == problem(await door.get(f"/findings?cursor={cursor}"))[0]


async def test_calls_that_are_alike_are_told_with_what_is_alike(door: Door) -> None:
    """Asked of the call's newest revision."""
    for revision in (1, 2):
        key = CallKey(tenant_id="default", call_id="c-9", revision=revision)
        await door.outside.journal.begin(key, INGEST, NOW)
    door.outside.index.hits += [hit("c-1"), hit("c-2")]
    answer = await asked(door, "/calls/c-9/similar?limit=1")

    assert ("c-9", ["c-1"]) == (answer["call_id"], [call["call_id"] for call in answer["calls"]])
    assert [hit().text] == [each["text"] for each in answer["calls"][0]["hits"]]
    assert [("similar", key)] == door.outside.index.counted


async def test_another_tenants_call_is_like_none(door: Door) -> None:
    """It is not there."""
    await door.outside.journal.begin(CallKey(tenant_id="globex", call_id="c-9"), INGEST, NOW)

    assert 404 == problem(await door.get("/calls/c-9/similar"))[0]


@pytest.mark.parametrize(
    ("path", "name", "shape"),
    [
        ("/insights", "insights", InsightsAnswer),
        ("/findings", "findings", FindingsAnswer),
        ("/calls/{call_id}/similar", "similar_calls", SimilarAnswer),
    ],
)
async def test_examples_are_answers_of_today(door: Door, path: str, name: str, shape: Any) -> None:
    """OpenAPI shows what is really answered, under names that clients can be made from."""
    told = (await door.client.get("/openapi.json")).json()["paths"][f"/api/v1{path}"]["get"]
    example = told["responses"]["200"]["content"]["application/json"]["example"]

    assert name == told["operationId"]
    assert example == json.loads(shape.model_validate(example).model_dump_json())


def test_a_mark_is_a_moment() -> None:
    """Cursors carry times as JSON does, and they come back as they were."""
    place = mark(hit(n=3))

    assert place == Mark.model_validate(place.model_dump(mode="json"))
    assert (datetime(2026, 11, 22, 10, 30, tzinfo=UTC), "c-1", 3) == (
        place.started_at,
        place.call_id,
        place.n,
    )
