"""Findings are listed page after page without a gap, and found words are marked in text that is escaped."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from common.index import ChunkIndex, Filters, Hit, Query, mark
from common.model import CallFacts, CallKey, Chunk, ChunkFinding
from nouns import KEY

NOW = datetime(2026, 11, 22, 10, 30, 0, 5000, tzinfo=UTC)
OBJECTION = ChunkFinding(type="objection", subject="price", state="open", quote="too much")
DATES = (NOW - timedelta(days=3), NOW, NOW, None, None, NOW + timedelta(milliseconds=1))


@pytest.fixture
def index(search: Any, fresh: str) -> ChunkIndex:
    return ChunkIndex(search, "text-embedding-3-small", fresh)


def call(n: int, tenant: str = "acme") -> CallKey:
    """The n-th call."""
    return CallKey(tenant_id=tenant, call_id=f"c-{n}", revision=2)


def chunk(key: CallKey, n: int, at: datetime | None, **more: Any) -> Chunk:
    """A finding, the n-th chunk of a call that began then."""
    plain = {
        "text": "Too much.",
        "speakers": ("customer",),
        "utterance_ids": ("u1",),
        "start_ms": n,
        "end_ms": n,
    }
    given = dict(key) | {"n": n, "finding": OBJECTION, "facts": CallFacts(started_at=at)} | plain | more
    return Chunk.model_validate(given)


async def seed(index: ChunkIndex) -> None:
    """Six calls with an utterance and three findings each, two of them without a date; and a stranger's."""
    for number, at in enumerate(DATES):
        key = call(number)
        chunks = [chunk(key, 0, at, finding=None), *(chunk(key, n, at) for n in (1, 2, 3))]
        await index.replace(key, chunks, [(1.0, 0.0)] * 4)
    theirs = call(9, "globex")
    await index.replace(theirs, [chunk(theirs, 0, NOW)], [(1.0, 0.0)])


async def pages(index: ChunkIndex, size: int, filters: Filters = Filters()) -> list[Hit]:  # noqa: B008 - frozen
    """All findings, so many at a time."""
    found = await index.findings("acme", filters, size)
    page = found
    while len(page) == size:
        page = await index.findings("acme", filters, size, mark(page[-1]))
        found = [*found, *page]
    return found


@pytest.mark.parametrize("size", [1, 4, 18, 100])
async def test_every_finding_is_on_one_page(index: ChunkIndex, size: int) -> None:
    """Newest calls first, calls without a date last; those of one instant by call; what was said is none."""
    await seed(index)

    assert [(f"c-{call}", n) for call in (5, 1, 2, 0, 3, 4) for n in (1, 2, 3)] == [
        (hit.call_id, hit.start_ms) for hit in await pages(index, size)
    ]


async def test_findings_are_those_that_pass(index: ChunkIndex) -> None:
    """Each page by the same filters."""
    await seed(index)
    since_now = Filters(since=NOW, finding_types=("objection",))

    assert ["c-5", "c-1", "c-2"] == list(
        dict.fromkeys(hit.call_id for hit in await pages(index, 2, since_now))
    )
    assert [] == await pages(index, 2, Filters(finding_types=("topic",)))


async def test_nothing_was_embedded_yet(index: ChunkIndex, search: Any, fresh: str) -> None:
    """No findings, and no error; what another process embeds then is found at once."""
    reader = ChunkIndex(search, "text-embedding-3-small", fresh)
    assert [] == await reader.findings("acme", Filters(), 5)

    await index.replace(call(1), [chunk(call(1), 0, NOW)], [(1.0, 0.0)])
    assert 1 == len(await reader.findings("acme", Filters(), 5))


async def test_what_callers_say_is_no_markup(index: ChunkIndex) -> None:
    """Of a highlight only our own tags are markup; the text itself is as it was said."""
    said = "customer: <script>alert(1)</script> & <em>cheap</em> crane"
    await index.replace(KEY, [chunk(KEY, 0, NOW, text=said, finding=None)], [(1.0, 0.0)])

    (hit,) = await index.search(Query(tenant_id="acme", text="crane", vector=None))
    assert said == hit.text
    assert "&lt;em&gt;cheap&lt;/em&gt; <em>crane</em>" in hit.highlights[0]
    assert "<script>" not in "".join(hit.highlights)
