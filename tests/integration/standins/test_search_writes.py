"""Routing, aliases to write by, folding analyzers and order by a metric: as OpenSearch does, or refused."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from opensearchpy import AsyncOpenSearch, NotFoundError, RequestError, TransportError

ANALYSIS = {
    "analyzer": {
        "folded": {
            "type": "custom",
            "tokenizer": "standard",
            "filter": ["lowercase", "asciifolding", "plural"],
        }
    },
    "filter": {"plural": {"type": "stemmer", "language": "minimal_english"}},
}
MAPPINGS: dict[str, Any] = {
    "dynamic": "strict",
    "_routing": {"required": True},
    "_meta": {"version": 2},
    "properties": {
        "text": {
            "type": "text",
            "analyzer": "english",
            "fields": {"folded": {"type": "text", "analyzer": "folded"}},
        },
        "call": {"type": "keyword"},
        "subject": {"type": "keyword"},
        "written": {"type": "object", "enabled": False},
    },
}
SAID = {
    "a": ("El número es más alto.", "one", "price"),
    "b": ("Los números de Zürich.", "one", "price"),
    "c": ("Glasses, companies, queues and prices.", "two", "delay"),
    "d": ("Straße 5, Łódź.", "three", "delay"),
}
A = {"routing": "t"}


@pytest_asyncio.fixture
async def routed(search: AsyncOpenSearch, name: str) -> AsyncIterator[str]:
    """An index that wants a routing, written by an alias."""
    settings = {"index": {"number_of_replicas": 0, "analysis": ANALYSIS}}
    body = {"settings": settings, "mappings": MAPPINGS, "aliases": {f"{name}-write": {}}}
    await search.indices.create(index=name, body=body)
    for each, (text, call, subject) in SAID.items():
        source = {"text": text, "call": call, "subject": subject}
        await search.index(index=name, id=each, body=source, params={**A, "refresh": "true"})
    yield name
    await search.indices.delete(index=name)


def ids(answer: dict[str, Any]) -> list[str]:
    return sorted(hit["_id"] for hit in answer["hits"]["hits"])


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("numero", ["a", "b"]),
        ("NUMEROS", ["a", "b"]),
        ("zurich", ["b"]),
        ("glass", []),
        ("glasses company queue price", ["c"]),
        ("strasse", ["d"]),
        ("lodz", ["d"]),
    ],
)
async def test_a_folding_analyzer_folds(
    search: AsyncOpenSearch, routed: str, asked: str, found: list[str]
) -> None:
    """Accents, case and a plural's s do not matter; what is marked is what was said."""
    fields = {"fields": {"text.folded": {"number_of_fragments": 0}}}
    body = {"query": {"match": {"text.folded": asked}}, "highlight": fields}

    answer = await search.search(index=routed, body=body, params=A)

    assert found == ids(answer)
    for hit in answer["hits"]["hits"]:
        (marked,) = hit["highlight"]["text.folded"]
        assert SAID[hit["_id"]][0] == marked.replace("<em>", "").replace("</em>", "")
        assert "<em>" in marked


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("numero alto", ["a"]),
        ("numero nobody", []),
        ("numero alto nobody", ["a"]),
        ("numero nobody never", []),
        ("es el numero alto nobody", ["a"]),
        ("numero", ["a", "b"]),
    ],
)
async def test_a_share_of_the_words_is_enough(
    search: AsyncOpenSearch, routed: str, asked: str, found: list[str]
) -> None:
    """Both of two words, three quarters of more, rounded down."""
    match = {
        "query": asked,
        "fields": ["text.folded"],
        "type": "most_fields",
        "minimum_should_match": "2<75%",
    }

    answer = await search.search(index=routed, body={"query": {"multi_match": match}}, params=A)

    assert found == ids(answer)


async def test_an_analyzer_nobody_configured_is_refused(search: AsyncOpenSearch, name: str) -> None:
    """At the creation of the index."""
    mappings = {"properties": {"text": {"type": "text", "analyzer": "nobody"}}}

    with pytest.raises(RequestError):
        await search.indices.create(index=name, body={"mappings": mappings})

    assert not await search.indices.exists(index=name)


@pytest.mark.parametrize("search_url", ["stand-in"], indirect=True)
@pytest.mark.parametrize(
    "analysis",
    [
        {"analyzer": {"x": {"type": "custom", "tokenizer": "whitespace", "filter": ["lowercase"]}}},
        {"filter": {"x": {"type": "stemmer", "language": "light_german"}}},
        {"char_filter": {"x": {"type": "html_strip"}}},
    ],
)
async def test_other_analysis_is_not_pretended(
    search: AsyncOpenSearch, name: str, analysis: dict[str, Any]
) -> None:
    """What OpenSearch can do and the stand-in cannot is a 400."""
    with pytest.raises(RequestError) as refused:
        await search.indices.create(index=name, body={"settings": {"analysis": analysis}})

    assert 400 == refused.value.status_code


async def test_a_routing_that_is_demanded_is_demanded(search: AsyncOpenSearch, routed: str) -> None:
    """Of writes, reads and bulk items."""
    lines = [{"index": {"_id": "x"}}, {"call": "x"}, {"index": {"_id": "y", "routing": "t"}}, {"call": "y"}]
    bulk = await search.bulk(index=routed, body=lines)
    mget = await search.mget(index=routed, body={"docs": [{"_id": "a"}]})

    for request in (
        search.index(index=routed, id="x", body={"call": "x"}),
        search.get(index=routed, id="a"),
        search.delete(index=routed, id="a"),
    ):
        with pytest.raises(RequestError) as refused:
            await request
        assert "routing_missing_exception" == refused.value.error
    assert [400, 201] == [row["index"]["status"] for row in bulk["items"]]
    assert "routing_missing_exception" in str(mget["docs"][0]["error"])


async def test_documents_are_read_together(search: AsyncOpenSearch, routed: str) -> None:
    """Each with its place, found or not; of an index that is not there each is an error."""
    docs = [{"_id": "a", **A}, {"_id": "nobody", **A}]

    there = (await search.mget(index=routed, body={"docs": docs}))["docs"]
    nowhere = (await search.mget(index=f"{routed}-x", body={"docs": docs}))["docs"]

    assert [("a", True), ("nobody", False)] == [(doc["_id"], doc["found"]) for doc in there]
    assert ("one", True) == (there[0]["_source"]["call"], there[0]["_seq_no"] >= 0)
    assert ["index_not_found_exception"] * 2 == [doc["error"]["type"] for doc in nowhere]


async def test_a_write_that_demands_an_alias_makes_no_index(search: AsyncOpenSearch, routed: str) -> None:
    """By the alias it is written; by the index's own name, or one that is not there, it is refused."""
    demanding = {**A, "require_alias": "true"}
    await search.index(index=f"{routed}-write", id="x", body={"call": "x"}, params=demanding)
    lines = [{"index": {"_id": "y", **A}}, {"call": "y"}]
    written = await search.bulk(index=f"{routed}-write", body=lines, params={"require_alias": "true"})
    refused = await search.bulk(index=f"{routed}-nobody", body=lines, params={"require_alias": "true"})

    for wrong in (routed, f"{routed}-nobody"):
        with pytest.raises(NotFoundError) as error:
            await search.index(index=wrong, id="x", body={"call": "x"}, params=demanding)
        assert "index_not_found_exception" == error.value.error
    assert [201, 404] == [row["index"]["status"] for row in (written["items"] + refused["items"])]
    assert not await search.indices.exists(index=f"{routed}-nobody")


async def test_groups_are_ordered_by_a_metric_of_theirs(search: AsyncOpenSearch, routed: str) -> None:
    """Ties by key; a metric that is not there is refused."""
    calls = {"calls": {"cardinality": {"field": "call"}}}
    terms = {"field": "subject", "order": [{"calls": "desc"}, {"_key": "asc"}]}
    body = {"size": 0, "aggs": {"subjects": {"terms": terms, "aggs": calls}}}

    answer = await search.search(index=routed, body=body)
    with pytest.raises(TransportError) as refused:
        await search.search(index=routed, body={"aggs": {"subjects": {"terms": terms}}})

    assert (500, "search_phase_execution_exception") == (refused.value.status_code, refused.value.error)
    buckets = answer["aggregations"]["subjects"]["buckets"]
    assert [("delay", 2), ("price", 1)] == [(row["key"], row["calls"]["value"]) for row in buckets]
