"""The door over a real index and real documents: what was kept is found and counted, by its tenant alone."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from common.index import ChunkIndex
from common.journal import Journal
from common.model import Analysis, Call, CallFacts, CallKey, Chunk, ChunkFinding, FindingType, Transcript
from common.pipeline import EMBED, INGEST
from common.store import Store
from common.transcripts import transcripts_in
from common.vectors import Vector
from door_scene import opened, problem
from ingest_scene import Outside, door_settings
from nouns import utterance, work

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
NEAR: Vector = (1.0, 0.0)
FAR: Vector = (0.2, 1.0)
SAID = (("agent", "How do you like it?"), ("customer", "The crane is <b>too</b> slow."), ("agent", "I see."))


class Kept(Outside):
    """The door's outside with its documents and its index on servers."""

    def __init__(self, database: Any, search: Any, prefix: str) -> None:
        super().__init__(door_settings())
        self.real = ChunkIndex(search, "any", prefix)
        self.index: Any = self.real
        self.rows = database
        self.journal = Journal(database["journal"])
        self.calls = Store(database["calls"], Call)
        self.transcripts = transcripts_in(database)
        self.analyses = Store(database["analyses"], Analysis)

    async def keep(self, key: CallKey, facts: CallFacts, *found: ChunkFinding, vector: Vector = NEAR) -> None:
        """A call that is through, with what was concluded of it."""
        said = tuple(utterance(n, *turn) for n, turn in enumerate(SAID, start=1))
        await self.transcripts.keep(Transcript(**dict(key), duration_ms=9, utterances=said, work=work("m")))
        await self.journal.begin(key, EMBED, NOW)
        await self.journal.finish(key, EMBED, NOW, 1.0, None)
        spoken = _chunk(key, facts, 0, f"customer: {SAID[1][1]}")
        told = [
            _chunk(key, facts, n, f"{each.type} {each.subject}", each)
            for n, each in enumerate(found, start=1)
        ]
        await self.real.replace(key, [spoken, *told], [vector] * (1 + len(told)))


def _chunk(key: CallKey, facts: CallFacts, n: int, text: str, finding: ChunkFinding | None = None) -> Chunk:
    where = {"speakers": ("customer",), "utterance_ids": ("u2",), "start_ms": 5000, "end_ms": 10000}
    return Chunk.model_validate(
        dict(key) | where | {"n": n, "text": text, "finding": finding, "facts": facts}
    )


def call(call_id: str, revision: int = 1, tenant: str = "default") -> CallKey:
    """Of ours, unless somebody else is named."""
    return CallKey(tenant_id=tenant, call_id=call_id, revision=revision)


def finding(kind: FindingType, subject: str, state: str | None = None) -> ChunkFinding:
    """With a quote."""
    return ChunkFinding(type=kind, subject=subject, state=state, quote="too slow")


NO_MORE: dict[str, Any] = {"findings": []}
SLOW = finding("pain_point", "speed", "high")
PRICE = finding("objection", "price", "unresolved")
ACME = finding("competitor", "Initech")
OPEN = finding("question", "open", "customer")


@pytest.fixture
async def api(database: Any, search: Any, fresh: str) -> AsyncIterator[httpx.AsyncClient]:
    """Three calls of ours and one of a stranger's, the same words in each."""
    outside = Kept(database, search, fresh)
    dana = CallFacts(started_at=NOW, agent="Dana", sentiment="negative")
    joe = CallFacts(started_at=NOW - timedelta(days=10), agent="Joe", sentiment="positive")
    await outside.keep(call("c-1"), dana, PRICE)
    await outside.keep(call("c-1", 2), dana, SLOW, PRICE, OPEN)
    await outside.keep(call("c-2"), joe, SLOW.model_copy(update={"state": "low"}), ACME)
    await outside.keep(call("c-3"), CallFacts(started_at=NOW), PRICE, vector=FAR)
    await outside.keep(call("c-9", tenant="globex"), dana, SLOW, PRICE)
    async with opened(outside) as door:
        yield door.client


async def get(api: httpx.AsyncClient, path: str) -> Any:
    answer = await api.get(f"/api/v1{path}")
    assert 200 == answer.status_code, answer.text
    return answer.json()


def ids(answer: Any) -> set[str]:
    return {each["call_id"] for each in answer["calls"]}


@pytest.mark.parametrize(
    ("filters", "calls"),
    [
        ("", {"c-1", "c-2", "c-3"}),
        ("&mode=words", {"c-1", "c-2", "c-3"}),
        ("&agent=Dana", {"c-1"}),
        ("&agent=Dana&agent=Joe", {"c-1", "c-2"}),
        ("&sentiment=positive", {"c-2"}),
        ("&since=2026-11-20T00:00:00Z", {"c-1", "c-3"}),
        ("&until=2026-11-20T00:00:00Z", {"c-2"}),
        ("&speaker=agent", set()),
        ("&type=competitor", {"c-2"}),
        ("&call_id=c-3", {"c-3"}),
        ("&call_id=c-9", set()),
        ("&status=completed", {"c-1", "c-2", "c-3"}),
        ("&status=failed", set()),
    ],
)
async def test_a_search_is_narrowed(api: httpx.AsyncClient, filters: str, calls: set[str]) -> None:
    """By each filter, never beyond the tenant."""
    assert calls == ids(await get(api, f"/search?q=crane{filters}"))


async def test_a_passage_has_its_words_and_those_around_it(api: httpx.AsyncClient) -> None:
    """Only our tags are markup in a highlight."""
    answer = await get(api, "/search?q=crane&mode=words&call_id=c-1")

    (passage,) = answer["calls"][0]["hits"]
    assert ["customer: The <em>crane</em> is &lt;b&gt;too&lt;/b&gt; slow."] == passage["highlights"]
    assert ([SAID[0][1]], [SAID[2][1]]) == tuple(
        [each["text"] for each in passage[side]] for side in ("before", "after")
    )
    assert ("default:c-1:2:0", 5000) == (passage["chunk_id"], passage["start_ms"])


async def test_insights_count_calls_of_the_newest_revision(api: httpx.AsyncClient) -> None:
    """Once each, with what became of it."""
    answer = await get(api, "/insights?by=day")

    assert (3, {"negative": 1, "positive": 1}) == (answer["calls"], answer["sentiment"])
    assert [("2026-11-12T00:00:00Z", 1), ("2026-11-22T00:00:00Z", 2)] == [
        (each["begins"], each["calls"]) for each in answer["trend"]
    ]
    tables = ("pain_points", "objections", "competitors", "questions")
    assert [
        [("speed", 2, {"high": 1, "low": 1}, "c-1")],
        [("price", 2, {"unresolved": 2}, "c-1")],
        [("Initech", 1, {}, "c-2")],
        [("open", 1, {"customer": 1}, "c-1")],
    ] == [
        [(row["subject"], row["calls"], row["states"], row["example"]["call_id"]) for row in answer[table]]
        for table in tables
    ]


async def test_findings_are_paged_without_a_gap(api: httpx.AsyncClient) -> None:
    """A page of one, and all of them as a sheet."""
    rows: list[tuple[str, str]] = []
    answer = await get(api, "/findings?limit=1")
    while answer["findings"]:
        rows += [(row["call_id"], row["type"]) for row in answer["findings"]]
        answer = await get(api, f"/findings?limit=1&cursor={answer['next']}") if answer["next"] else NO_MORE
    sheet = (await api.get("/api/v1/findings?format=csv")).text.splitlines()

    expected = [
        ("c-1", "pain_point"),
        ("c-1", "objection"),
        ("c-1", "question"),
        ("c-3", "objection"),
        ("c-2", "pain_point"),
        ("c-2", "competitor"),
    ]
    assert expected == rows
    assert [row[0] for row in expected] == [line.split(",")[0] for line in sheet[1:]]


async def test_calls_alike_are_found_among_our_own(api: httpx.AsyncClient) -> None:
    """The most alike first; the call itself is none of them."""
    answer = await get(api, "/calls/c-1/similar")

    assert ["c-2", "c-3"] == [each["call_id"] for each in answer["calls"]]
    assert 404 == problem(await api.get("/api/v1/calls/c-9/similar"))[0]


async def test_a_call_on_its_way_again_is_told_by_its_status(api: httpx.AsyncClient, database: Any) -> None:
    """Its former revision is what is found meanwhile."""
    await Journal(database["journal"]).begin(call("c-2", 2), INGEST, NOW)

    assert [{"c-1", "c-3"}, {"c-2"}] == [
        ids(await get(api, f"/search?q=crane&status={status}")) for status in ("completed", "uploaded")
    ]
