"""Chunks in the search server: replaced as a whole, found by words and by meaning, never by strangers."""

from typing import Any

import pytest
from common.clients import open_opensearch
from common.errors import Transient
from common.index import ChunkIndex, Filters, Query
from common.model import CallKey
from common.settings import OpenSearchSettings
from common.vectors import Vector
from index_scene import (
    ANNA,
    AT_ONCE,
    CHUNKS,
    MODEL,
    MONEY,
    PEOPLE,
    PRICE,
    TIME,
    VECTORS,
    chunk,
    everything,
    found,
    question,
)
from nouns import KEY


@pytest.fixture
def index(search: Any, fresh: str) -> ChunkIndex:
    return ChunkIndex(search, MODEL, fresh, shape=AT_ONCE)


async def test_an_index_is_named_after_what_is_in_it(index: ChunkIndex, search: Any, fresh: str) -> None:
    """Vectors of two models or lengths are not compared; the alias names what is served."""
    await index.replace(KEY, CHUNKS, VECTORS)

    name = f"{fresh}-chunks-text-embedding-3-small-3-v2"
    described = await search.indices.get(index=f"{fresh}-*")
    assert {name: {f"{name}-write", f"{fresh}-chunks"}} == {
        one: set(told["aliases"]) for one, told in described.items()
    }


async def test_nothing_was_embedded_yet(index: ChunkIndex) -> None:
    """A search before the first call finds nothing and is no error."""
    assert [] == await found(index, "quotation")


async def test_a_chunk_is_found_by_its_words(index: ChunkIndex) -> None:
    """With everything a reader needs to go and listen."""
    await index.replace(KEY, CHUNKS, VECTORS)

    first = (await index.search(question("rollout weeks", TIME)))[0]

    assert ("c-42", "acme:c-42:1:1", 60_000, 65_000) == (
        first.call_id,
        first.chunk_id,
        first.start_ms,
        first.end_ms,
    )
    assert (("agent", "customer"), ("u1",)) == (first.speakers, first.utterance_ids)
    assert "agent: The rollout takes six weeks." == first.text
    assert any("<em>rollout</em>" in highlight for highlight in first.highlights)


async def test_a_paraphrase_is_found_by_its_meaning(index: ChunkIndex) -> None:
    """No word is shared; the vector is near."""
    await index.replace(KEY, CHUNKS, VECTORS)

    assert "acme:c-42:1:0" == (await found(index, "too expensive", MONEY))[0]


async def test_words_and_meaning_together_beat_either(index: ChunkIndex) -> None:
    """What both rankings like comes first."""
    await index.replace(KEY, CHUNKS, VECTORS)

    assert "acme:c-42:1:2" == (await found(index, "Dana contact", PEOPLE))[0]


async def test_no_more_than_asked_for(index: ChunkIndex) -> None:
    """A page has its size."""
    await index.replace(KEY, CHUNKS, VECTORS)

    assert 2 == len(await index.search(question("agent", TIME, limit=2)))


async def test_doing_it_again_changes_nothing(index: ChunkIndex) -> None:
    """The same chunks under the same ids, once."""
    await index.replace(KEY, CHUNKS, VECTORS)
    before = await everything(index)

    await index.replace(KEY, CHUNKS, VECTORS)

    assert {"acme:c-42:1:0", "acme:c-42:1:1", "acme:c-42:1:2"} == before == await everything(index)


async def test_a_re_run_with_fewer_chunks_leaves_no_old_ones(index: ChunkIndex) -> None:
    """Within a revision, and from one to the next."""
    await index.replace(KEY, CHUNKS, VECTORS)
    await index.replace(KEY, CHUNKS[:1], VECTORS[:1])
    assert {"acme:c-42:1:0"} == await everything(index)

    later = KEY.model_copy(update={"revision": 2})
    await index.replace(later, [chunk(0, "agent: Hello.", later)], [TIME])
    assert {"acme:c-42:2:0"} == await everything(index)


async def test_a_call_without_words_has_no_chunks(index: ChunkIndex) -> None:
    """What it had before goes; an index that is not there is no error."""
    await index.replace(KEY, [], [])
    await index.replace(KEY, CHUNKS, VECTORS)

    await index.replace(KEY, [], [])

    assert set() == await everything(index)


async def test_a_late_older_revision_does_not_delete_a_newer(index: ChunkIndex) -> None:
    """Deliveries overtake one another; the newer revision stays whole."""
    later = KEY.model_copy(update={"revision": 2})
    await index.replace(later, [chunk(n, "agent: New words.", later) for n in range(3)], VECTORS)

    await index.replace(KEY, CHUNKS[:1], VECTORS[:1])

    assert {"acme:c-42:2:0", "acme:c-42:2:1", "acme:c-42:2:2"} == await everything(index)


async def test_other_calls_are_left_alone(index: ChunkIndex) -> None:
    """Replacing one call's chunks touches no other's."""
    other = KEY.model_copy(update={"call_id": "c-43"})
    await index.replace(other, [chunk(0, "agent: Another call.", other)], [TIME])

    await index.replace(KEY, CHUNKS, VECTORS)
    await index.replace(KEY, [], [])

    assert {"acme:c-43:1:0"} == await everything(index)


async def test_between_tenants_there_is_a_wall(index: ChunkIndex) -> None:
    """Neither words nor meaning lead to another tenant's call."""
    theirs = CallKey(tenant_id="globex", call_id="c-99")
    await index.replace(KEY, CHUNKS, VECTORS)
    await index.replace(theirs, [chunk(0, "customer: Your quotation is high.", theirs)], [MONEY])

    assert {"globex:c-99:1:0"} == await everything(index, "globex")
    assert "globex:c-99:1:0" not in await found(index, "quotation high", MONEY)
    assert [] == await found(index, "quotation", MONEY, "initech")


@pytest.mark.parametrize("text", ["", "AND OR NOT (", '"', "tenant_id:globex", "*", "a" * 3000], ids=str)
async def test_a_question_is_words_not_a_query_language(index: ChunkIndex, text: str) -> None:
    """Whatever somebody types is looked for, and breaks nothing."""
    await index.replace(KEY, CHUNKS, VECTORS)

    assert set(await found(index, text, TIME)) <= {"acme:c-42:1:0", "acme:c-42:1:1", "acme:c-42:1:2"}


async def test_a_server_out_of_reach_is_worth_another_try() -> None:
    """Connection errors of the client come out as ours."""
    settings = OpenSearchSettings.model_validate({"opensearch_url": "http://127.0.0.1:9"})
    async with open_opensearch(settings, "us-east-1") as nowhere:
        with pytest.raises(Transient) as error:
            await ChunkIndex(nowhere, "any").replace(KEY, CHUNKS, VECTORS)

    assert "index_unavailable" == error.value.reason


FINDING = chunk(3, "Pain point: the price.", finding=PRICE, facts=ANNA)


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        (Filters(findings=True), {3}),
        (Filters(findings=False), {0, 1, 2}),
        (Filters(finding_types=("pain_point", "topic")), {3}),
        (Filters(agents=("Anna",)), {3}),
        (Filters(sentiments=("negative",)), {3}),
        (Filters(since=ANNA.started_at), {3}),
        (Filters(until=ANNA.started_at), set()),
        (Filters(speakers=("supervisor",)), set()),
        (Filters(call_ids=("c-42",)), {0, 1, 2, 3}),
        (Filters(without_call_ids=("c-42",)), set()),
    ],
)
@pytest.mark.parametrize("vector", [MONEY, None])
async def test_a_filter_keeps_what_it_names(
    index: ChunkIndex, filters: Filters, left: set[int], vector: Vector | None
) -> None:
    """In both rankings alike, and where there is nothing to rank by."""
    await index.replace(KEY, (*CHUNKS, FINDING), (*VECTORS, MONEY))
    asked = Query(tenant_id="acme", text="agent price" if vector else None, vector=vector, filters=filters)

    assert {f"acme:c-42:1:{n}" for n in left} == {hit.chunk_id for hit in await index.search(asked)}


async def test_a_finding_is_found_with_what_it_tells(index: ChunkIndex) -> None:
    """Its type, its quote, and the call's facts."""
    await index.replace(KEY, (*CHUNKS, FINDING), (*VECTORS, MONEY))

    (hit,) = await index.search(question("price", MONEY, filters=Filters(findings=True)))

    assert (PRICE, ANNA) == (hit.finding, hit.facts)
