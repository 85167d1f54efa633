"""Each fake and the real thing live through the same scenarios, with the same expectations."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from common.errors import Claimed, Transient
from common.gate import Gate, Patience
from common.index import ChunkIndex, Filters, Query, mark
from common.journal import Entry, Failure, Journal
from common.language_model import LanguageModel
from common.model import CallFacts, CallKey, Chunk, ChunkFinding, Work
from common.pipeline import ANALYZE, EMBED, INGEST, TRANSCRIBE
from common.transcripts import transcripts_in
from common.vectors.openai import OpenAIEmbedder
from common.work import Claims, WorkId
from fakes import FakeClaims, FakeEmbedder, FakeIndex, FakeJournal, FakeModel, FakeTranscripts
from index_scene import AT_ONCE
from integration.provider import completion, open_client, open_desk, vectors
from nouns import KEY, insights, transcript, work

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
STRANGER = KEY.model_copy(update={"tenant_id": "globex"})

both = pytest.mark.parametrize("kind", ["fake", "real"])


@pytest.fixture
def store(kind: str, request: pytest.FixtureRequest) -> Any:
    if kind == "fake":
        return FakeTranscripts()
    return transcripts_in(request.getfixturevalue("database"))


@pytest.fixture
def journal(kind: str, request: pytest.FixtureRequest) -> Any:
    if kind == "fake":
        return FakeJournal("here")
    return Journal(request.getfixturevalue("database")["journal"], "here")


@pytest.fixture
def claims(kind: str, request: pytest.FixtureRequest) -> Any:
    if kind == "fake":
        return FakeClaims()
    return Claims(request.getfixturevalue("database")["work"], days=30)


@pytest.fixture
def index(kind: str, request: pytest.FixtureRequest) -> Any:
    if kind == "fake":
        return FakeIndex()
    return ChunkIndex(
        request.getfixturevalue("search"), "any", request.getfixturevalue("fresh"), shape=AT_ONCE
    )


def revision(number: int) -> CallKey:
    """Another revision of the same call."""
    return KEY.model_copy(update={"revision": number})


@both
async def test_a_store_keeps_the_first(store: Any) -> None:
    """The second is answered with the first."""
    second = transcript(spoken=(("agent", "Something else."),))

    assert [transcript(), transcript()] == [await store.keep(transcript()), await store.keep(second)]
    assert [transcript(), None] == [await store.find(KEY), await store.find(revision(2))]


@both
async def test_a_store_reads_the_newest_before(store: Any) -> None:
    """At or before the revision that is asked for."""
    await store.keep(transcript(revision(2)))
    await store.keep(transcript(revision(4)))

    found = [await store.latest(revision(number)) for number in (1, 2, 3, 5)]
    assert [None, 2, 2, 4] == [document and document.revision for document in found]
    assert 4 == (await store.get(revision(9))).revision


@both
async def test_a_store_without_the_document_says_so(store: Any) -> None:
    """Transient, ``not_kept``."""
    with pytest.raises(Transient) as error:
        await store.get(KEY)

    assert "not_kept" == error.value.reason


@both
async def test_a_store_has_a_wall_between_tenants(store: Any) -> None:
    """The same call id opens nothing and replaces nothing."""
    await store.keep(transcript())

    assert [None, None] == [await store.find(STRANGER), await store.latest(STRANGER)]
    await store.keep(transcript(STRANGER, spoken=(("agent", "Mine."),)))
    assert transcript() == await store.find(KEY)


@both
async def test_paid_work_is_remembered(claims: Any) -> None:
    """The same question has one answer, whatever revision asks; a failure is none."""
    paid = iter([work("first"), work("second")])

    async def ask() -> Work:
        return next(paid)

    async def refuse() -> Work:
        raise Transient("busy")

    asked, other = WorkId(KEY, "analyze", ("question",)), WorkId(KEY, "analyze", ("another",))
    with pytest.raises(Transient, match="busy"):
        await claims.once(other, Work, refuse)

    again = WorkId(revision(2), asked.stage, asked.asked)
    answers = [await claims.once(one, Work, ask) for one in (asked, asked, again, other)]
    assert [work("first")] * 3 + [work("second")] == answers


@both
async def test_works_that_are_done_together_are_remembered_each(claims: Any) -> None:
    """Those that are there are not done again, in whatever company they are asked for."""
    works = [WorkId(KEY, "embed", (f"text {n}",)) for n in range(3)]
    done: list[WorkId] = []

    async def ask(asked: Sequence[WorkId]) -> list[Work]:
        done.extend(asked)
        return [work(str(each.asked[0])) for each in asked]

    first = await claims.each(works[:2], Work, ask)
    again = await claims.each(works[1:], Work, ask)
    found = await claims.results([*works, WorkId(KEY, "embed", ("never",))], Work)

    assert works == done
    assert {each: work(f"text {n}") for n, each in enumerate(works)} == first | again == found


def failure(reason: str) -> Failure:
    """A failed attempt."""
    return Failure(stage="analyze", reason=reason, message="no", timestamp=NOW)


@both
async def test_a_journal_ends_the_same(journal: Any) -> None:
    """A call with everything: a retry, a stop, a failure, a fresh start, and a late message."""
    steps: list[Entry] = [
        await journal.begin(KEY, TRANSCRIBE, NOW),
        await journal.finish(KEY, TRANSCRIBE, NOW, 2.00049, work("gpt-transcribe", cost_usd=0.5)),
        await journal.begin(KEY, ANALYZE, NOW),
        await journal.fail(KEY, ANALYZE, NOW, failure("busy"), final=False),
        await journal.begin(KEY, ANALYZE, NOW),
        await journal.release(KEY, ANALYZE, NOW),
        await journal.begin(KEY, ANALYZE, NOW),
        await journal.fail(KEY, ANALYZE, NOW, failure("refused"), final=True),
        await journal.begin(KEY, TRANSCRIBE, LATER),
        await journal.begin(KEY, ANALYZE, LATER),
        await journal.finish(KEY, ANALYZE, LATER, 1.0, None),
        await journal.finish(KEY, EMBED, LATER, 1.0, None),
        await journal.begin(KEY, ANALYZE, LATER),
    ]

    assert [step.status for step in steps] == [
        "transcribing",
        "transcribed",
        *["analyzing"] * 5,
        *["failed"] * 2,
        "analyzing",
        "analyzed",
        "completed",
        "completed",
    ]
    last = steps[-1]
    analyze = last.stages["analyze"]
    assert (5, 4, {}) == (analyze.attempts, analyze.reported, analyze.causes)
    assert (NOW, LATER, 0.5) == (last.created_at, last.updated_at, last.cost_usd)
    assert ["begun", "retried", "begun", "released", "begun", "failed", "begun", "completed", "begun"] == [
        step.what for step in analyze.trail
    ]
    assert 2.0 == last.stages["transcribe"].processing_time_seconds
    assert last == await journal.find("acme", "c-42")


@both
async def test_a_journal_is_found_by_its_newest_revision(journal: Any) -> None:
    """Unless one is named; never by strangers."""
    for number in (1, 2):
        await journal.begin(revision(number), ANALYZE, NOW)

    found = [await journal.find("acme", "c-42"), await journal.find("acme", "c-42", 1)]
    assert [2, 1] == [entry.revision for entry in found]
    assert [None, None] == [await journal.find("globex", "c-42"), await journal.find("acme", "c-42", 3)]


@both
async def test_a_journal_opens_a_revision_once(journal: Any) -> None:
    """Where the call had come before, to start from there."""
    before = await journal.begin(KEY, INGEST, NOW)
    opened = await journal.redo(before, ANALYZE, 2, LATER)
    begun = await journal.begin(revision(2), ANALYZE, LATER)

    assert (2, "transcribed", "analyze") == (opened.revision, opened.status, opened.first)
    assert ("analyzing", "analyze") == (begun.status, begun.first)
    assert (NOW, LATER) == (begun.created_at, begun.began_at)
    assert [True, False] == [(await journal.find("acme", "c-42", n)).superseded for n in (1, 2)]
    with pytest.raises(Claimed):
        await journal.redo(before, ANALYZE, 2, LATER)


def chunk(n: int, text: str, key: CallKey) -> Chunk:
    """A chunk of a call."""
    return Chunk(
        **dict(key), n=n, text=text, speakers=("agent",), utterance_ids=("u1",), start_ms=0, end_ms=1
    )


async def found(index: Any, tenant: str, text: str) -> set[str]:
    """What a word leads to; the vector points nowhere near."""
    asked = Query(tenant_id=tenant, text=text, vector=(0.0, 1.0), limit=1)
    return {hit.chunk_id for hit in await index.search(asked)}


@both
async def test_an_index_holds_a_calls_chunks_as_a_whole(index: Any) -> None:
    """Written, written again, replaced by fewer, and none."""
    both_chunks = [chunk(0, "Price is high.", KEY), chunk(1, "Friday works.", KEY)]
    for _ in range(2):
        await index.replace(KEY, both_chunks, [(1.0, 0.0), (1.0, 0.1)])
        assert {"acme:c-42:1:0"} == await found(index, "acme", "price")

    await index.replace(KEY, [chunk(0, "Friday works.", KEY)], [(1.0, 0.1)])
    assert {"acme:c-42:1:0"} == await found(index, "acme", "friday")
    friday = Query(tenant_id="acme", text="friday", vector=(1.0, 0.0), limit=9)
    assert ["Friday works."] == [hit.text for hit in await index.search(friday)]

    await index.replace(KEY, [], [])
    assert set() == await found(index, "acme", "friday")


@both
async def test_an_index_keeps_what_is_newer_and_other_tenants_apart(index: Any) -> None:
    """An old revision that comes late does not take the newer one out."""
    theirs = CallKey(tenant_id="globex", call_id="c-99")
    await index.replace(theirs, [chunk(0, "Price is fine.", theirs)], [(1.0, 0.0)])
    await index.replace(revision(2), [chunk(0, "Price is high.", revision(2))], [(1.0, 0.0)])
    for late in ([], [chunk(0, "Price was low.", KEY)]):
        await index.replace(KEY, late, [(1.0, 0.0)] * len(late))
        assert {"acme:c-42:2:0"} == await found(index, "acme", "price")
    assert {"globex:c-99:1:0"} == await found(index, "globex", "price")


NARROWED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing": ({}, ["c-2", "c-2", "c-1", "c-1"]),
    "calls": ({"call_ids": ("c-1",)}, ["c-1", "c-1"]),
    "other calls": ({"without_call_ids": ("c-1",)}, ["c-2", "c-2"]),
    "from": ({"since": LATER}, ["c-2", "c-2"]),
    "until": ({"until": LATER}, ["c-1", "c-1"]),
    "speaker": ({"speakers": ("customer",)}, []),
    "agent": ({"agents": ("Dana", "Joe")}, ["c-1", "c-1"]),
    "sentiment": ({"sentiments": ("mixed",)}, ["c-2", "c-2"]),
    "type": ({"finding_types": ("objection",)}, ["c-2", "c-1"]),
    "what was said": ({"findings": False}, ["c-2", "c-1"]),
}


@both
@pytest.mark.parametrize("filters", NARROWED)
async def test_an_index_is_narrowed_alike(index: Any, filters: str) -> None:
    """By each filter, in searches and lists."""
    objection = ChunkFinding(type="objection", subject="price")
    began = {
        "c-1": CallFacts(started_at=NOW, agent="Dana"),
        "c-2": CallFacts(started_at=LATER, sentiment="mixed"),
    }
    for call_id, facts in began.items():
        key = CallKey(tenant_id="acme", call_id=call_id)
        plain, found_in_it = (
            chunk(n, "Price is high.", key).model_copy(update={"facts": facts}) for n in (0, 1)
        )
        told = [plain, found_in_it.model_copy(update={"finding": objection})]
        await index.replace(key, told, [(1.0, 0.0), (1.0, 0.1)])
    narrowed, calls = Filters.model_validate(NARROWED[filters][0]), NARROWED[filters][1]

    hits = await index.search(Query(tenant_id="acme", text="price", vector=None, filters=narrowed))
    assert sorted(calls) == sorted(hit.call_id for hit in hits)
    listed = await index.findings("acme", narrowed.model_copy(update={"findings": None}), 1)
    following = await index.findings("acme", narrowed, 9, mark(listed[0])) if listed else []
    assert list(dict.fromkeys(calls)) == [hit.call_id for hit in (*listed, *following)]


@pytest.fixture
async def model(kind: str) -> AsyncIterator[Any]:
    if kind == "fake":
        paid = work("gpt-6-luna-2026-09-01", cost_usd=0.0002, input_tokens=1000, output_tokens=200)
        yield FakeModel(insights(), work=paid)
        return
    async with open_desk() as desk, open_client(desk.url) as client:
        desk.replies = [completion(insights().model_dump_json())]
        yield LanguageModel(client, Gate("openai", "gpt-6-luna", patience=Patience(hold=0)))


@both
async def test_a_model_answers_in_shape_and_says_what_it_took(model: Any) -> None:
    """Content and work."""
    answer = await model.answer("Analyse.", "BEGIN TRANSCRIPT", type(insights()))

    assert insights() == answer.content
    assert ("openai", 1, 0.0002) == (answer.work.provider, answer.work.requests, answer.work.cost_usd)


@pytest.fixture
async def embedder(kind: str) -> AsyncIterator[Any]:
    if kind == "fake":
        yield FakeEmbedder(work("text-embedding-3-small", cost_usd=1.4e-07, input_tokens=7), dimensions=2)
        return
    async with open_desk() as desk, open_client(desk.url) as client:
        desk.replies = [vectors([1.0, 0.0], [0.0, 1.0])]
        yield OpenAIEmbedder(client, Gate("openai", "text-embedding-3-small", patience=Patience(hold=0)), 2)


@both
async def test_an_embedder_answers_with_a_vector_for_each_text(embedder: Any) -> None:
    """As many as were asked for, of one length, and what they cost."""
    embedded = await embedder.embed(["one", "two"])

    assert [2, 2] == [len(vector) for vector in embedded.vectors]
    assert ("openai", 1, 1.4e-07) == (embedded.work.provider, embedded.work.requests, embedded.work.cost_usd)
