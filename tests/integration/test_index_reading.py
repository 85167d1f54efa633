"""What is asked of the index beside a search: what is alike, how often, when; and nobody else's, ever."""

from datetime import UTC, datetime
from typing import Any

import pytest
from common.index import REACH, ChunkIndex, Count, Filters, Query
from common.model import CallFacts, ChunkFinding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from index_scene import (
    AT_ONCE,
    CHUNKS,
    MODEL,
    MONEY,
    PEOPLE,
    TIME,
    VECTORS,
    call,
    chunk,
    everything,
    put,
    question,
)
from nouns import KEY
from pydantic import ValidationError


@pytest.fixture
async def index(search: Any, fresh: str) -> ChunkIndex:
    return ChunkIndex(search, MODEL, fresh, shape=AT_ONCE)


def finding(n: int, name: str, subject: str, state: str, **facts: Any) -> Any:
    """A pain point of a call."""
    told = ChunkFinding(type="pain_point", subject=subject, state=state, quote="too much")
    return chunk(n, f"Pain point: {subject}.", call(name), finding=told, facts=CallFacts(**facts))


MONDAY = {"started_at": datetime(2026, 3, 2, 9, tzinfo=UTC), "sentiment": "negative", "agent": "Anna"}
TUESDAY = {"started_at": datetime(2026, 3, 3, 9, tzinfo=UTC), "sentiment": "positive", "agent": "Ben"}


@pytest.fixture
async def counted(index: ChunkIndex) -> ChunkIndex:
    """Two calls of Monday, one of Tuesday, and one of another tenant."""
    await put(index, call("a"), [finding(n, "a", "price", "high", **MONDAY) for n in range(3)])
    await put(index, call("b"), [finding(0, "b", "price", "low", **MONDAY)], TIME)
    await put(index, call("c"), [finding(0, "c", "delays", "low", **TUESDAY)], PEOPLE)
    theirs = call("z", "globex")
    told = ChunkFinding(type="pain_point", subject="secrets", state="high", quote=None)
    await put(index, theirs, [chunk(0, "Pain.", theirs, finding=told, facts=CallFacts(**MONDAY))])
    return index


async def test_subjects_are_counted_by_calls(counted: ChunkIndex) -> None:
    """Three chunks of one call are one call; the most frequent first, each with an example to listen to."""
    (pains,) = await counted.aggregate("acme", Filters())

    assert ("pain_point", 3) == (pains.type, pains.calls)
    assert [("price", 2, {"high": 1, "low": 1}), ("delays", 1, {"low": 1})] == [
        (one.subject, one.calls, one.states) for one in pains.subjects
    ]
    assert ("c", "acme:c:1:0", "too much") == (
        pains.subjects[1].example.call_id,
        pains.subjects[1].example.chunk_id,
        pains.subjects[1].example.finding.quote if pains.subjects[1].example.finding else None,
    )


async def test_no_more_subjects_than_asked_for(counted: ChunkIndex) -> None:
    """Of each type."""
    (pains,) = await counted.aggregate("acme", Filters(), most=1)

    assert ["price"] == [one.subject for one in pains.subjects]


async def test_calls_are_counted_by_day(counted: ChunkIndex) -> None:
    """With their sentiments, in whole and apart; filters hold."""
    told = await counted.overview("acme", Filters())
    of_ben = await counted.overview("acme", Filters(agents=("Ben",)), "week")

    assert (3, {"negative": 2, "positive": 1}) == (told.calls, told.sentiments)
    assert [(2, 2, {"negative": 2}), (3, 1, {"positive": 1})] == [
        (period.begins.day, period.calls, period.sentiments) for period in told.periods
    ]
    assert [(datetime(2026, 3, 2, tzinfo=UTC), 1)] == [(one.begins, one.calls) for one in of_ben.periods]


async def test_what_passes_is_counted(counted: ChunkIndex) -> None:
    """Chunks and calls."""
    assert Count(calls=3, chunks=5) == await counted.count("acme", Filters())
    assert Count(calls=1, chunks=1) == await counted.count("acme", Filters(agents=("Ben",)))
    assert Count(calls=0, chunks=0) == await counted.count("initech", Filters())


async def test_before_the_first_call_there_is_nothing(index: ChunkIndex) -> None:
    """And that is no error."""
    told = await index.overview("acme", Filters())

    assert (0, {}, ()) == (told.calls, told.sentiments, told.periods)
    assert Count(calls=0, chunks=0) == await index.count("acme", Filters())
    assert ((), []) == (await index.aggregate("acme", Filters()), await index.similar(KEY, 5))
    await index.check()


async def test_calls_that_mean_the_same_are_found(index: ChunkIndex) -> None:
    """Other calls of the tenant, of each the chunk that is most alike; the call itself is left out."""
    await put(index, KEY, [chunk(0, "We pay too much."), chunk(1, "Far too much.")], MONEY)
    near, far = call("near"), call("far")
    await index.replace(near, [chunk(n, "x", near) for n in range(2)], [(0.9, 0.1, 0.0), (0.8, 0.2, 0.0)])
    await put(index, far, [chunk(0, "y", far)], TIME)
    await put(index, call("theirs", "globex"), [chunk(0, "z", call("theirs", "globex"))], MONEY)

    assert ["acme:near:1:0", "acme:far:1:0"] == [hit.chunk_id for hit in await index.similar(KEY, 5)]
    assert ["near"] == [hit.call_id for hit in await index.similar(KEY, 1)]
    assert [] == await index.similar(call("nobody"), 5)


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("El número es setenta.", "numero"),
        ("Frau Müller aus Zürich.", "zurich"),
        ("Les contrats français.", "contrat francais"),
        ("Kovács Éva kérdezte.", "kovacs eva"),
        ("The prices were compared.", "price comparing"),
    ],
)
async def test_accents_and_plurals_do_not_matter(index: ChunkIndex, said: str, asked: str) -> None:
    """In any language; the hit shows what was said, with the words that were found marked."""
    await index.replace(KEY, [chunk(0, said), chunk(1, "Something else.")], [TIME, TIME])

    (hit,) = await index.search(question(asked, None))

    assert said == hit.text
    assert "<em>" in hit.highlights[0]


async def test_the_pages_of_a_question_are_one_order(index: ChunkIndex) -> None:
    """Nothing twice, nothing left out, wherever a page begins."""
    several = [chunk(n, f"agent: offer number {n}.") for n in range(25)]
    vectors = [(1.0, n / 25, 0.0) for n in range(25)]
    await index.replace(KEY, several, vectors)

    whole = [hit.chunk_id for hit in await index.search(question("offer", MONEY, limit=25))]
    pages = [
        hit.chunk_id
        for offset in range(0, 25, 7)
        for hit in await index.search(question("offer", MONEY, limit=7, offset=offset))
    ]

    assert (25, whole) == (len(set(whole)), pages)


def test_no_page_reaches_too_deep() -> None:
    """The depth of a question is bounded, and the error says so."""
    with pytest.raises(ValidationError, match="ask a narrower question"):
        question("offer", limit=10, offset=REACH - 9)


@pytest.mark.parametrize("vector", [MONEY, None])
async def test_fused_here_is_fused_there(index: ChunkIndex, search: Any, fresh: str, vector: Any) -> None:
    """An older server does not fuse: the same hits in the same order, as often as their ranks differ."""
    several = [chunk(n, f"agent: {'offer ' * (n + 1)}and more words.") for n in range(12)]
    await index.replace(KEY, several, [(1.0, (n * 7 % 12) / 12, 0.0) for n in range(12)])
    older = ChunkIndex(search, MODEL, fresh, shape=AT_ONCE)
    older.indexes.fuses = _never  # type: ignore[method-assign]  # what a server before 2.19 says of itself

    asked = question("offer", vector, limit=5, offset=2)
    theirs, ours = await index.search(asked), await older.search(asked)

    assert [(hit.chunk_id, round(hit.score, 6)) for hit in theirs] == [
        (hit.chunk_id, round(hit.score, 6)) for hit in ours
    ]
    assert [hit.highlights for hit in theirs] == [hit.highlights for hit in ours]


async def _never() -> bool:
    return False


async def test_a_question_of_another_model_is_refused(index: ChunkIndex) -> None:
    """Vectors of other lengths cannot be compared; the error names both and the remedy."""
    await index.replace(KEY, CHUNKS, VECTORS)

    with pytest.raises(Exception, match=r"3 numbers, the question has 2; set EMBEDDING_MODEL") as error:
        await index.search(question("offer", (1.0, 0.0)))

    assert "index_unfit" == getattr(error.value, "reason", None)


SECRET = "tangerine"


@pytest.fixture
async def walled(index: ChunkIndex) -> ChunkIndex:
    """A call of ours, and one of somebody else with the same name and a word of its own."""
    await index.replace(KEY, CHUNKS, VECTORS)
    theirs = call(KEY.call_id, "globex")
    told = ChunkFinding(type="topic", subject=SECRET)
    await put(index, theirs, [chunk(0, f"agent: {SECRET}.", theirs, finding=told)], MONEY)
    return index


EVIL = st.one_of(
    st.sampled_from(
        [
            SECRET,
            "globex",
            "tenant_id:globex",
            '") OR tenant_id:globex',
            '{"match_all":{}}',
            "*",
            "globex:c-42:1:0",
            "c-42",
            "\u202eglobex",
            "\x00",
            "_routing",
        ]
    ),
    st.text(max_size=40),
)
TEXTS = st.lists(EVIL, max_size=3).map(tuple)
FILTERS = st.builds(
    Filters,
    call_ids=TEXTS,
    without_call_ids=TEXTS,
    speakers=TEXTS,
    agents=TEXTS,
    sentiments=TEXTS,
    finding_types=st.sampled_from([(), ("topic",), ("topic", "pain_point")]),
    findings=st.sampled_from([None, True, False]),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.none() | EVIL,
    vector=st.sampled_from([None, MONEY, TIME]),
    filters=FILTERS,
    offset=st.integers(0, 3),
)
async def test_no_question_leads_through_the_wall(
    walled: ChunkIndex, text: str | None, vector: Any, filters: Filters, offset: int
) -> None:
    """Whatever is typed, filtered by or injected: no chunk of another tenant, and nothing counted of it."""
    hits = await walled.search(
        Query(tenant_id="acme", text=text, vector=vector, filters=filters, offset=offset)
    )
    kinds = await walled.aggregate("acme", filters)
    similar = await walled.similar(KEY, 5, filters)

    assert all(hit.chunk_id.startswith("acme:") for hit in hits + similar)
    assert () == kinds
    assert (await walled.count("acme", filters)).chunks <= len(CHUNKS)


@pytest.mark.parametrize("field", ["tenant_id", "_routing", "routing", "query"])
async def test_a_query_takes_no_field_from_outside(walled: ChunkIndex, field: str) -> None:
    """A second tenant beside the first is ignored, as any field that a filter does not have."""
    filters = Filters.model_validate({field: "globex"})

    assert {"acme"} == {
        hit.chunk_id.split(":")[0] for hit in await walled.search(question("a", filters=filters))
    }


async def test_a_head_is_never_found(walled: ChunkIndex) -> None:
    """The document that says which revision is there has no tenant to be found by."""
    hits = await walled.search(Query(tenant_id="acme", text=None, vector=None, limit=50))

    assert {f"acme:c-42:1:{n}" for n in range(3)} == {hit.chunk_id for hit in hits}


FORMER = {
    "settings": {"index": {"knn": True}},
    "mappings": {
        "dynamic": "strict",
        "properties": {
            **{name: {"type": "keyword"} for name in ("tenant_id", "call_id", "speakers", "utterance_ids")},
            **{name: {"type": "integer"} for name in ("revision", "n")},
            **{name: {"type": "long"} for name in ("start_ms", "end_ms")},
            "text": {"type": "text", "analyzer": "english"},
            "embedding": {
                "type": "knn_vector",
                "dimension": 3,
                "method": {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil"},
            },
        },
    },
}
"""As the landing before made it."""


@pytest.fixture
async def former(search: Any, fresh: str) -> str:
    """An index of the landing before, with a call in it."""
    name = f"{fresh}-chunks-{MODEL}"
    await search.indices.create(index=name, body=FORMER)
    for one, vector in zip(CHUNKS, VECTORS, strict=True):
        source = one.model_dump(mode="json", exclude={"finding", "facts"}) | {"embedding": list(vector)}
        await search.index(index=name, id=one.chunk_id, body=source, params={"refresh": "true"})
    return name


async def test_what_the_landing_before_indexed_is_found_still(
    index: ChunkIndex, search: Any, former: str, fresh: str
) -> None:
    """Before anything is written anew, and beside it; a call done again is shown as it is now."""
    before = await everything(index)
    await put(index, call("new"), [chunk(0, "agent: quotation.", call("new"))])
    beside = await everything(ChunkIndex(search, MODEL, fresh, shape=AT_ONCE))
    later = call("c-42", revision=2)
    await put(index, later, [chunk(0, "agent: quotation again.", later)])

    old = {f"acme:c-42:1:{n}" for n in range(3)}
    assert (old, old | {"acme:new:1:0"}) == (before, beside)
    assert {"acme:c-42:2:0", "acme:new:1:0"} == await everything(index)
    assert {former} == set(await search.indices.get_alias(name=f"{fresh}-chunks"))


async def test_an_index_with_another_mapping_is_refused(index: ChunkIndex, search: Any, fresh: str) -> None:
    """By reader and writer, before the first question: the error names index, fields and remedy."""
    await index.prepare(3)
    name = f"{fresh}-chunks-{MODEL}-3-v2"
    mapping = (await search.indices.get(index=name))[name]["mappings"]
    await search.indices.delete(index=name)
    properties = {k: v for k, v in mapping["properties"].items() if k != "finding"} | {
        "n": {"type": "keyword"}
    }
    settings_ = {"index": {"knn": True}, "analysis": _ANALYSIS}
    changed = {"settings": settings_, "mappings": mapping | {"properties": properties}}
    await search.indices.create(index=name, body=changed)

    other = ChunkIndex(search, MODEL, fresh, shape=AT_ONCE)
    for asking in (other.check(), other.prepare(3), other.search(question("offer"))):
        with pytest.raises(Exception, match=rf"{name} .*finding.*; delete it and run pipelinectl") as error:
            await asking
        assert "index_unfit" == getattr(error.value, "reason", None)


_ANALYSIS = {
    "analyzer": {
        "folded": {
            "type": "custom",
            "tokenizer": "standard",
            "filter": ["lowercase", "asciifolding", "plural"],
        }
    },
    "filter": {"plural": {"type": "stemmer", "language": "minimal_english"}},
}
