"""The OpenSearch stand-in answers as OpenSearch does, and says so loudly where it cannot."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from opensearchpy import AsyncOpenSearch, RequestError

QUERIES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a stemmed word, the best first": ({"match": {"text": "price"}}, ["c", "b", "a"]),
    "any word": ({"match": {"text": "competitor prices"}}, ["b", "c", "a"]),
    "every word": ({"match": {"text": {"query": "customer price", "operator": "and"}}}, ["a"]),
    "stop words find nothing": ({"match": {"text": "the was"}}, []),
    "an unstemmed field": ({"match": {"title": "compete"}}, []),
    "a phrase": ({"match_phrase": {"text": "fifty seats"}}, ["a"]),
    "words in another order": ({"match_phrase": {"text": "seats fifty"}}, []),
    "several fields": ({"multi_match": {"query": "haggling", "fields": ["text", "title^2"]}}, ["c"]),
    "a term": ({"term": {"call": "one"}}, ["a", "b"]),
    "a boolean": ({"term": {"won": False}}, ["c"]),
    "terms": ({"terms": {"call": ["two", "three"]}}, ["c", "d"]),
    "a range": ({"range": {"number": {"gt": 1, "lte": 3}}}, ["b", "c"]),
    "a range of dates": ({"range": {"started": {"gte": "2026-02-01", "lt": "2026-02-04"}}}, ["c"]),
    "ids": ({"ids": {"values": ["d", "nobody"]}}, ["d"]),
    "exists": ({"exists": {"field": "won"}}, ["a", "b", "c"]),
    "everything": ({"match_all": {}}, ["a", "b", "c", "d"]),
    "a field nobody mapped": ({"term": {"nowhere": 1}}, []),
    "bool": (
        {
            "bool": {
                "must": [{"match": {"text": "price"}}],
                "filter": [{"term": {"tenant": "t1"}}],
                "must_not": [{"term": {"number": 2}}],
            }
        },
        ["a"],
    ),
    "should alone": ({"bool": {"should": [{"term": {"number": 4}}, {"term": {"number": 1}}]}}, ["a", "d"]),
    "should beside a filter only raises": (
        {"bool": {"filter": {"term": {"call": "one"}}, "should": {"match": {"text": "competitor"}}}},
        ["b", "a"],
    ),
    "the nearest": ({"knn": {"vector": {"vector": [1, 0.1, 0], "k": 2}}}, ["a", "b"]),
    "the nearest that pass": (
        {"knn": {"vector": {"vector": [1, 0.1, 0], "k": 2, "filter": {"terms": {"call": ["two", "three"]}}}}},
        ["c", "d"],
    ),
}

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown query": ({"query": {"bogus": {}}}, "parsing_exception"),
    "an unknown key": ({"quer": {"match_all": {}}}, "parsing_exception"),
    "a vector of another length": (
        {"query": {"knn": {"vector": {"vector": [1, 0], "k": 2}}}},
        "search_phase_execution_exception",
    ),
    "no knn field": (
        {"query": {"knn": {"call": {"vector": [1, 0, 0], "k": 2}}}},
        "search_phase_execution_exception",
    ),
    "a sort by nothing": ({"sort": ["nowhere"]}, "search_phase_execution_exception"),
    "terms of text": ({"aggs": {"x": {"terms": {"field": "text"}}}}, "search_phase_execution_exception"),
    "too deep": ({"from": 10_000, "size": 10}, "search_phase_execution_exception"),
}


@pytest_asyncio.fixture(params=["rrf", "min_max"])
async def pipeline(request: pytest.FixtureRequest, search: AsyncOpenSearch, name: str) -> AsyncIterator[str]:
    """A search pipeline of either kind."""
    rrf = {"score-ranker-processor": {"combination": {"technique": "rrf"}}}
    combination = {"technique": "arithmetic_mean", "parameters": {"weights": [0.3, 0.7]}}
    mean = {
        "normalization-processor": {"normalization": {"technique": "min_max"}, "combination": combination}
    }
    processor = rrf if request.param == "rrf" else mean
    path = f"/_search/pipeline/{name}"
    await search.http.put(path, body={"phase_results_processors": [processor]})
    yield name
    await search.http.delete(path)


def ids(answer: dict[str, Any]) -> list[str]:
    return [hit["_id"] for hit in answer["hits"]["hits"]]


@pytest.mark.parametrize("case", QUERIES)
async def test_a_query_finds_what_it_says(search: AsyncOpenSearch, index: str, case: str) -> None:
    """Every query finds the passages that OpenSearch's manual says, in the order of their scores."""
    query, expected = QUERIES[case]

    answer = await search.search(index=index, body={"query": query})

    assert (expected, len(expected)) == (ids(answer), answer["hits"]["total"]["value"])


async def test_scores_of_vectors(search: AsyncOpenSearch, index: str) -> None:
    """A cosine becomes (1 + cosine) / 2."""
    answer = await search.search(
        index=index, body={"query": {"knn": {"vector": {"vector": [1, 0, 0], "k": 3}}}}
    )

    expected = {"a": 1.0, "b": 0.9, "c": 0.5}
    assert expected == {hit["_id"]: round(hit["_score"], 5) for hit in answer["hits"]["hits"]}


async def test_a_hybrid_query_fuses(search: AsyncOpenSearch, index: str, pipeline: str) -> None:
    """What both queries find comes first, and the filter holds for both."""
    queries = [{"match": {"text": "competitor"}}, {"knn": {"vector": {"vector": [1, 0.2, 0], "k": 4}}}]
    query = {"hybrid": {"queries": queries, "filter": {"term": {"tenant": "t1"}}}}

    answer = await search.search(index=index, body={"query": query}, params={"search_pipeline": pipeline})

    assert ["b", "a", "d"] == ids(answer)


async def test_reciprocal_ranks(search: AsyncOpenSearch, index: str, name: str) -> None:
    """Reciprocal rank fusion adds 1 / (60 + rank) of each query."""
    body = {"phase_results_processors": [{"score-ranker-processor": {"combination": {"technique": "rrf"}}}]}
    await search.http.put(f"/_search/pipeline/{name}", body=body)
    queries = [{"match": {"text": "competitor"}}, {"knn": {"vector": {"vector": [1, 0, 0], "k": 2}}}]

    answer = await search.search(
        index=index, body={"query": {"hybrid": {"queries": queries}}}, params={"search_pipeline": name}
    )
    await search.http.delete(f"/_search/pipeline/{name}")

    expected = {"b": round(1 / 61 + 1 / 62, 6), "a": round(1 / 61, 6)}
    assert expected == {hit["_id"]: round(hit["_score"], 6) for hit in answer["hits"]["hits"]}


@pytest.mark.parametrize("search_url", ["stand-in"], indirect=True)
async def test_a_hybrid_query_needs_a_pipeline(search: AsyncOpenSearch, index: str) -> None:
    """Without a pipeline, where OpenSearch returns scores that mean nothing, the stand-in refuses."""
    with pytest.raises(RequestError, match="needs a search pipeline"):
        await search.search(index=index, body={"query": {"hybrid": {"queries": [{"match_all": {}}]}}})


@pytest.mark.parametrize("case", WRONG)
async def test_a_wrong_request_is_refused(search: AsyncOpenSearch, index: str, case: str) -> None:
    """What OpenSearch does not know, or cannot do, is a 400, never an empty answer."""
    body, kind = WRONG[case]

    with pytest.raises(RequestError) as refused:
        await search.search(index=index, body=body)

    assert (400, kind) == (refused.value.status_code, refused.value.error)


async def test_an_unknown_parameter_is_refused(search: AsyncOpenSearch, index: str) -> None:
    """A misspelt parameter is a 400 that names it."""
    with pytest.raises(RequestError, match="unrecognized parameter: \\[serach_pipeline\\]"):
        await search.search(index=index, body={}, params={"serach_pipeline": "x"})


async def test_pages_in_order(search: AsyncOpenSearch, index: str) -> None:
    """Sort, from, size, search_after and _source give pages of just the fields asked for."""
    body = {"sort": [{"tenant": "asc"}, {"number": "desc"}], "_source": ["number"]}

    page = await search.search(index=index, body={**body, "from": 1, "size": 2})
    rest = await search.search(index=index, body={**body, "search_after": page["hits"]["hits"][-1]["sort"]})

    expected = [("b", {"number": 2}, ["t1", 2]), ("a", {"number": 1}, ["t1", 1])]
    assert expected == [(hit["_id"], hit["_source"], hit["sort"]) for hit in page["hits"]["hits"]]
    assert ["c"] == ids(rest)


async def test_source_can_leave_out(search: AsyncOpenSearch, index: str) -> None:
    """Vectors stay away when they are excluded."""
    answer = await search.search(
        index=index, body={"query": {"ids": {"values": ["d"]}}, "_source": {"excludes": ["vector", "t*"]}}
    )

    expected = {"call": "three", "number": 4, "started": "2026-02-04T09:00:00Z"}
    assert expected == answer["hits"]["hits"][0]["_source"]


async def test_highlights(search: AsyncOpenSearch, index: str) -> None:
    """The words that matched stand between tags, also those of the same stem."""
    answer = await search.search(
        index=index,
        body={
            "query": {"bool": {"must": {"match": {"text": "pricing"}}, "filter": {"term": {"call": "one"}}}},
            "highlight": {"fields": {"text": {}}, "pre_tags": ["<b>"], "post_tags": ["</b>"]},
        },
    )

    expected = {
        "a": ["The customer asked about <b>pricing</b> for fifty seats."],
        "b": ["They compared our <b>price</b> with a competitor."],
    }
    assert expected == {hit["_id"]: hit["highlight"]["text"] for hit in answer["hits"]["hits"]}


async def test_aggregations(search: AsyncOpenSearch, index: str) -> None:
    """Terms, months, figures and the best hits of each group are as counted by hand."""
    months = {"date_histogram": {"field": "started", "calendar_interval": "month"}}
    top = {"top_hits": {"size": 1, "sort": [{"number": "desc"}], "_source": ["number"]}}
    terms = {"terms": {"field": "tenant"}, "aggs": {"mean": {"avg": {"field": "number"}}, "top": top}}

    answer = await search.search(
        index=index,
        body={"size": 0, "aggs": {"tenants": terms, "months": months, "all": {"sum": {"field": "number"}}}},
    )

    found = answer["aggregations"]
    tenants = [
        (
            each["key"],
            each["doc_count"],
            round(each["mean"]["value"], 3),
            each["top"]["hits"]["hits"][0]["_id"],
        )
        for each in found["tenants"]["buckets"]
    ]
    assert [("t1", 3, 2.333, "d"), ("t2", 1, 3.0, "c")] == tenants
    assert [("2026-01-01T00:00:00.000Z", 2), ("2026-02-01T00:00:00.000Z", 2)] == [
        (each["key_as_string"], each["doc_count"]) for each in found["months"]["buckets"]
    ]
    assert 10.0 == found["all"]["value"]


async def test_several_searches_at_once(search: AsyncOpenSearch, index: str) -> None:
    """A multi-search answers each in its place, an error in the place of its cause."""
    nowhere = {"index": f"{index}-nowhere"}
    query = {"query": {"term": {"call": "one"}}}

    answer = await search.msearch(body=[{"index": index}, query, nowhere, query])

    assert [200, 404] == [each["status"] for each in answer["responses"]]
    assert ["a", "b"] == ids(answer["responses"][0])
