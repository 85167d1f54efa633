"""Indices, aliases and documents come and go on the OpenSearch stand-in as they do on OpenSearch."""

from pathlib import Path
from typing import Any

import pytest
from onebox.servers import running_search
from opensearchpy import AsyncOpenSearch, ConflictError, NotFoundError, RequestError


async def test_an_index_is_made_once(search: AsyncOpenSearch, index: str) -> None:
    """A second creation is resource_already_exists_exception; the mapping is as it was given."""
    with pytest.raises(RequestError) as refused:
        await search.indices.create(index=index, body={})
    mapping = (await search.indices.get_mapping(index=index))[index]["mappings"]
    there = [await search.indices.exists(index=each) for each in (index, f"{index}-x")]

    assert ("resource_already_exists_exception", [True, False]) == (refused.value.error, there)
    assert ("strict", {"type": "keyword"}) == (mapping["dynamic"], mapping["properties"]["call"])


async def test_a_strict_mapping_is_strict(search: AsyncOpenSearch, index: str) -> None:
    """A field that the mapping does not have, and a value of another type, are refused."""
    causes = []
    for source in ({"other": 1}, {"number": "many"}, {"vector": [1, 2]}, {"vector": [0, 0, 0]}):
        with pytest.raises(RequestError) as refused:
            await search.index(index=index, body=source)
        causes.append(refused.value.error)

    assert ["strict_dynamic_mapping_exception", *["mapper_parsing_exception"] * 3] == causes


async def test_a_bulk_fails_item_by_item(search: AsyncOpenSearch, index: str) -> None:
    """In a bulk every item has its own status, and the good ones are kept."""
    lines: list[dict[str, Any]] = [
        {"create": {"_id": "a"}},
        {"call": "x"},
        {"index": {"_id": "new"}},
        {"call": "x"},
        {"index": {"_id": "bad"}},
        {"other": 1},
        {"update": {"_id": "b"}},
        {"doc": {"number": 20}},
        {"delete": {"_id": "c"}},
        {"delete": {"_id": "nobody"}},
        {"update": {"_id": "nobody"}},
        {"doc": {"number": 1}},
    ]

    answer = await search.bulk(index=index, body=lines, refresh=True)

    statuses = [next(iter(item.values()))["status"] for item in answer["items"]]
    assert (True, [409, 201, 400, 200, 200, 404, 404]) == (answer["errors"], statuses)
    assert 4 == (await search.count(index=index))["count"]


async def test_documents_come_and_go(search: AsyncOpenSearch, index: str) -> None:
    """A document is made, merged into, read and removed; versions count."""
    made = await search.index(index=index, id="x", body={"call": "x", "number": 1}, refresh=True)
    merged = await search.update(index=index, id="x", body={"doc": {"number": 2}}, refresh=True)
    same = await search.update(index=index, id="x", body={"doc": {"number": 2}})
    found = await search.get(index=index, id="x")
    gone = await search.delete(index=index, id="x")
    with pytest.raises(NotFoundError):
        await search.get(index=index, id="x")

    results = [each["result"] for each in (made, merged, same, gone)]
    assert ["created", "updated", "noop", "deleted"] == results
    assert (2, {"call": "x", "number": 2}) == (found["_version"], found["_source"])


async def test_a_write_over_another_is_refused(search: AsyncOpenSearch, index: str) -> None:
    """A write that expects another version is a 409, and so is a second creation."""
    found = await search.get(index=index, id="a")
    await search.index(index=index, id="a", body={"call": "newer"})

    with pytest.raises(ConflictError):
        await search.index(
            index=index, id="a", body={}, params={"if_seq_no": found["_seq_no"], "if_primary_term": 1}
        )
    with pytest.raises(ConflictError):
        await search.create(index=index, id="a", body={})

    assert {"call": "newer"} == (await search.get(index=index, id="a"))["_source"]


async def test_a_newer_external_version_wins(search: AsyncOpenSearch, index: str) -> None:
    """With external versions an older write comes too late."""
    await search.index(
        index=index, id="v", body={"number": 5}, params={"version": 5, "version_type": "external"}
    )

    with pytest.raises(ConflictError):
        await search.index(index=index, id="v", body={}, params={"version": 4, "version_type": "external"})

    assert {"number": 5} == (await search.get(index=index, id="v"))["_source"]


async def test_an_alias_moves(search: AsyncOpenSearch, index: str, name: str) -> None:
    """An alias is searched like an index, and moves to another index in one step."""
    alias, other = f"{name}-alias", f"{name}-other"
    await search.indices.create(index=other, body={"settings": {"number_of_replicas": 0}})
    await search.indices.put_alias(index=index, name=alias)
    before = await search.count(index=alias)
    actions = [{"remove": {"index": index, "alias": alias}}, {"add": {"index": other, "alias": alias}}]
    await search.indices.update_aliases(body={"actions": actions})
    after = await search.count(index=alias)
    holders = list(await search.indices.get_alias(name=alias))
    await search.indices.delete(index=other)

    assert (4, 0, [other]) == (before["count"], after["count"], holders)
    assert not await search.indices.exists_alias(name=alias)


async def test_delete_by_query(search: AsyncOpenSearch, index: str) -> None:
    """What a query matches can be removed, and only that."""
    answer = await search.delete_by_query(
        index=index, body={"query": {"term": {"call": "one"}}}, params={"refresh": "true"}
    )

    left = await search.search(index=index, body={"sort": ["number"]})
    assert (2, ["c", "d"]) == (answer["deleted"], ids(left))


async def test_missing_things_are_missing(search: AsyncOpenSearch, name: str) -> None:
    """An index, an alias and a pipeline that are not there are 404."""
    requests = (
        search.search(index=name, body={}),
        search.indices.get_alias(name=name),
        search.http.get(f"/_search/pipeline/{name}"),
    )
    statuses = []
    for request in requests:
        with pytest.raises(NotFoundError) as missing:
            await request
        statuses.append(missing.value.status_code)

    assert [404, 404, 404] == statuses


async def test_it_says_who_it_is(search: AsyncOpenSearch) -> None:
    """Ping, info and health answer."""
    info, health = await search.info(), await search.cluster.health()

    assert (True, "opensearch") == (await search.ping(), info["version"]["distribution"])
    assert health["status"] in {"green", "yellow"}


async def test_an_index_survives_a_restart(
    tmp_path: Path, mappings: dict[str, Any], passages: dict[str, Any]
) -> None:
    """After a restart on the same folder text, vectors, aliases and versions are as they were."""
    settings = {"index.knn": True}
    async with running_search(tmp_path) as url, AsyncOpenSearch(url) as client:
        await client.indices.create(
            index="p", body={"settings": settings, "mappings": mappings, "aliases": {"q": {}}}
        )
        for each, source in passages.items():
            await client.index(index="p", id=each, body=source)

    async with running_search(tmp_path) as url, AsyncOpenSearch(url) as client:
        words = await client.search(index="q", body={"query": {"match": {"text": "price"}}})
        near = await client.search(
            index="q", body={"query": {"knn": {"vector": {"vector": [0, 0, 1], "k": 1}}}}
        )
        again = await client.index(index="q", id="a", body=passages["a"])

    assert (["c", "b", "a"], ["d"], 2) == (ids(words), ids(near), again["_version"])


def ids(answer: dict[str, Any]) -> list[str]:
    return [hit["_id"] for hit in answer["hits"]["hits"]]
