"""The search server busy, half failing, gone or away: nothing lost, nothing twice, one clear error."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from common.clients import open_opensearch
from common.errors import Permanent, PipelineError, Transient
from common.index import ChunkIndex
from common.index.bulk import MAX_BYTES, Bulk, put, requests
from common.settings import OpenSearchSettings
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
    question,
)
from nouns import KEY
from search_proxy import SearchProxy, busy_for, cut, done_and_cut, failing, open_proxy
from servers import Servers

ALL = {"acme:c-42:1:0", "acme:c-42:1:1", "acme:c-42:1:2"}
WORDS = "way beyond what we can spend"


@pytest.fixture
async def proxy(server: Servers) -> AsyncIterator[SearchProxy]:
    async with open_proxy(server("search")) as proxy:
        yield proxy


@pytest.fixture
async def index(proxy: SearchProxy, search: Any, fresh: str) -> AsyncIterator[ChunkIndex]:
    """An index behind the proxy; tries follow one another without a wait."""
    settings = OpenSearchSettings.model_validate({"opensearch_url": proxy.url})
    async with open_opensearch(settings, "us-east-1") as client:
        index = ChunkIndex(client, MODEL, fresh, shape=AT_ONCE)
        index.bulk = Bulk(client, waits=(0, 0))
        yield index


async def failure(index: ChunkIndex) -> PipelineError:
    """What writing the call's chunks ends with."""
    with pytest.raises(PipelineError) as error:
        await index.replace(KEY, CHUNKS, VECTORS)
    assert WORDS not in str(error.value)
    return error.value


@pytest.mark.parametrize("status", [429, 503])
async def test_only_items_that_failed_are_tried_again(
    index: ChunkIndex, proxy: SearchProxy, status: int
) -> None:
    """Half of a bulk is refused as the server is busy; the other half is written once."""
    late = {"acme:c-42:1:0", "acme:c-42:1:2"}
    proxy.acts = [("/_bulk", busy_for(late, status)), ("/_bulk", busy_for({"acme:c-42:1:2"}, status))]

    await index.replace(KEY, CHUNKS, VECTORS)

    assert [ALL, late, {"acme:c-42:1:2"}] == [set(bulk.ids) for bulk in proxy.bulks]
    assert await everything(index) == ALL


async def test_a_server_that_stays_busy_is_worth_another_delivery(
    index: ChunkIndex, proxy: SearchProxy
) -> None:
    """What was written stays; the next delivery writes the rest."""
    proxy.acts = [("/_bulk", busy_for({"acme:c-42:1:2"}))] * 3

    busy = await failure(index)
    half = await everything(index)
    await index.replace(KEY, CHUNKS, VECTORS)

    assert isinstance(busy, Transient)
    assert ("index_unavailable", ALL - {"acme:c-42:1:2"}, ALL) == (busy.reason, half, await everything(index))


@pytest.mark.parametrize(
    "act", [failing(429), failing(500), cut, done_and_cut], ids=["429", "500", "cut", "done"]
)
@pytest.mark.parametrize("path", ["/_mget", "/_doc/acme:c-42:head", "/_bulk"])
async def test_a_delivery_that_broke_off_is_made_good_by_the_next(
    index: ChunkIndex, proxy: SearchProxy, act: Any, path: str
) -> None:
    """Wherever it broke off: the client tries again by itself, or the message comes back."""
    await index.prepare(3)
    proxy.acts = [(path, act)] * 20  # more often than the client and its connections try

    failed = await failure(index)
    proxy.acts = []
    await index.replace(KEY, CHUNKS, VECTORS)

    assert isinstance(failed, Transient)
    assert await everything(index) == ALL


async def test_a_field_that_is_refused_is_named_and_its_content_is_not(index: ChunkIndex) -> None:
    """The server's own reason quotes the document."""
    await index.prepare(3)

    with pytest.raises(Permanent, match=r"refused 1 of 3 for the field embedding") as refused:
        await index.replace(KEY, CHUNKS, [MONEY, (0.0, 0.0, 0.0), PEOPLE])

    assert ("index_refused", False) == (refused.value.reason, WORDS in str(refused.value))


async def test_an_index_that_is_gone_is_not_made_by_a_write(
    index: ChunkIndex, search: Any, fresh: str
) -> None:
    """The error says what to do; nothing appears with a mapping that the server guessed."""
    await index.replace(KEY, CHUNKS, VECTORS)
    await search.indices.delete(index=f"{fresh}-*")

    gone = await failure(index)

    assert ("index_missing", True) == (gone.reason, "pipelinectl bootstrap" in str(gone))
    assert {} == await search.indices.get(index=f"{fresh}-*")
    assert [] == await ChunkIndex(search, MODEL, fresh, shape=AT_ONCE).search(question("quotation"))


async def test_an_index_that_goes_away_between_two_questions(
    index: ChunkIndex, search: Any, fresh: str
) -> None:
    """Whoever asks looks for it once more, and finds nothing."""
    await index.replace(KEY, CHUNKS, VECTORS)
    assert await everything(index) == ALL

    await search.indices.delete(index=f"{fresh}-*")

    assert set() == await everything(index)


async def test_a_missing_pipeline_is_an_error(index: ChunkIndex, proxy: SearchProxy) -> None:
    """The server refuses to fuse by what it does not know; ours says how it is made."""
    await index.replace(KEY, CHUNKS, VECTORS)

    proxy.renames = {"callstream-hybrid": "nobody"}
    with pytest.raises(Permanent, match="search pipeline is missing; run pipelinectl bootstrap") as error:
        await index.search(question("quotation"))

    assert "index_unfit" == error.value.reason


async def test_a_missing_pipeline_is_found_before_the_first_question(
    index: ChunkIndex, proxy: SearchProxy
) -> None:
    """Whoever starts hears of it at once."""
    await index.replace(KEY, CHUNKS, VECTORS)
    await index.check()
    proxy.renames = {"callstream-hybrid": "nobody"}

    with pytest.raises(Permanent, match="callstream-hybrid is missing; run pipelinectl bootstrap") as error:
        await index.check()

    assert "index_unfit" == error.value.reason


async def test_requests_are_bounded_in_bytes() -> None:
    """None is larger than the smallest cluster takes; one that cannot be smaller goes alone."""
    lines = [put(str(n), {"text": "x" * 300_000}, "acme") for n in range(100)]
    large = put("large", {"text": "x" * (MAX_BYTES + 1)}, "acme")

    sizes = [sum(len(item.lines) for item in batch) for batch in requests([*lines[:50], large, *lines[50:]])]

    assert 100 + 1 == sum(len(batch) for batch in requests([*lines[:50], large, *lines[50:]]))
    assert [len(large.lines)] == [size for size in sizes if size > MAX_BYTES]


async def test_two_processes_that_prepare_at_once(search: Any, fresh: str) -> None:
    """Whoever comes second finds what the first has made."""
    await asyncio.gather(*(ChunkIndex(search, MODEL, fresh, shape=AT_ONCE).prepare(3) for _ in range(4)))

    assert 1 == len(await search.indices.get(index=f"{fresh}-*"))


async def held(proxy: SearchProxy, path: str) -> tuple[asyncio.Event, asyncio.Event]:
    """The next such request waits: (it is here, let it go)."""
    here, go = asyncio.Event(), asyncio.Event()

    async def act(_: SearchProxy, request: Any, body: bytes) -> Any:
        here.set()
        await go.wait()
        return await proxy.passed_on(request, body)

    proxy.acts.append((path, act))
    return here, go


@pytest.mark.parametrize("path", ["/_mget", "/_doc/acme:c-42:head", "/_bulk"])
async def test_an_older_revision_that_was_held_up_leaves_nothing_behind(
    index: ChunkIndex, search: Any, fresh: str, proxy: SearchProxy, path: str
) -> None:
    """The newer one came and went meanwhile, wherever the older stood; it had more chunks, too."""
    newer = ChunkIndex(search, MODEL, fresh, shape=AT_ONCE)
    await newer.prepare(3)
    later = call("c-42", revision=2)
    here, go = await held(proxy, path)

    slow = asyncio.create_task(index.replace(KEY, CHUNKS, VECTORS))
    await asyncio.wait_for(here.wait(), 10)
    await newer.replace(later, [chunk(0, "agent: New words.", later)], [TIME])
    go.set()
    await slow

    assert {"acme:c-42:2:0"} == await everything(newer)


@pytest.mark.parametrize("path", ["/_mget", "/_doc/acme:c-42:head", "/_bulk"])
async def test_a_newer_revision_that_was_held_up_replaces_the_older(
    index: ChunkIndex, search: Any, fresh: str, proxy: SearchProxy, path: str
) -> None:
    """The other way round: the older came and went while the newer was on its way."""
    older = ChunkIndex(search, MODEL, fresh, shape=AT_ONCE)
    await older.prepare(3)
    later = call("c-42", revision=2)
    here, go = await held(proxy, path)

    slow = asyncio.create_task(index.replace(later, [chunk(0, "agent: New words.", later)], [TIME]))
    await asyncio.wait_for(here.wait(), 10)
    await older.replace(KEY, CHUNKS, VECTORS)
    go.set()
    await slow

    assert {"acme:c-42:2:0"} == await everything(older)


async def test_deliveries_of_two_calls_do_not_meet(index: ChunkIndex, proxy: SearchProxy) -> None:
    """Many at once, of several revisions: of each call the newest is left."""
    keys = [call(f"c-{n}", revision=revision) for n in range(4) for revision in (2, 1, 3)]

    await asyncio.gather(*(index.replace(key, [chunk(0, "agent: Hello.", key)], [TIME]) for key in keys))

    assert {f"acme:c-{n}:3:0" for n in range(4)} == await everything(index)
