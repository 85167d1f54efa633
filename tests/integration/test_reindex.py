"""Every call is carried over to another index, resumably, and only then is that index served."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from common.ctl.reindex import Pace, Plan, Reindex
from common.entry import Entry, Failure
from common.errors import Permanent, Transient
from common.index import ChunkIndex
from common.journal import Journal
from common.model import CallKey, Indexed
from common.pipeline import EMBED, Stage
from common.store import Store
from index_scene import AT_ONCE, MONEY, TIME, call, chunk, everything, put
from nouns import work

OLD, NEW = "text-embedding-3-small", "text-embedding-3-large"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
POISON = Failure(stage="embed", reason="poison", message="it cannot succeed", timestamp=NOW)
CALLS = tuple(call(f"c-{n}") for n in range(5))


class Embedder:
    """Opens a revision, and embeds the call at once, as the stage would, unless told to fail or stop."""

    def __init__(self, journal: Journal, index: ChunkIndex) -> None:
        self._journal = journal
        self._index = index
        self.fails: set[str] = set()
        self.stops_after = 99
        self.asked: list[str] = []

    async def start(self, entry: Entry, stage: Stage, now: datetime) -> Entry:
        assert EMBED is stage
        if len(self.asked) == self.stops_after:
            raise Transient("the queue does not answer")
        self.asked.append(entry.call_id)
        opened = await self._journal.redo(entry, EMBED, 4, now)
        key = opened.key
        if entry.call_id in self.fails:
            return await self._journal.fail(key, EMBED, now, POISON, final=True)
        await put(self._index, key, [chunk(0, "agent: Hello.", key)], TIME)
        await self._journal.finish(key, EMBED, now, 1.0, None)
        return opened


@pytest.fixture
async def journal(database: Any) -> Journal:
    """Five calls, completed, and one that failed long before."""
    journal = Journal(database["journal"])
    indexed = Store(database["indexed"], Indexed)
    for key in CALLS:
        await journal.begin(key, EMBED, NOW)
        await journal.finish(key, EMBED, NOW, 1.0, None)
        await indexed.keep(Indexed(**dict(key), chunks=1, work=work(OLD, input_tokens=1_000_000)))
    await journal.fail(call("never"), EMBED, NOW, POISON, final=True)
    return journal


@pytest.fixture
async def old(search: Any, fresh: str) -> ChunkIndex:
    index = ChunkIndex(search, OLD, fresh, shape=AT_ONCE)
    for key in CALLS:
        await put(index, key, [chunk(0, "agent: Hello.", key)])
    return index


@pytest.fixture
async def new(search: Any, fresh: str) -> ChunkIndex:
    return ChunkIndex(search, NEW, fresh, shape=AT_ONCE)


@pytest.fixture
async def reindex(journal: Journal, database: Any, new: ChunkIndex) -> Reindex:
    async def sleep(_: float) -> None:
        pass

    return Reindex(journal, database["indexed"], new, 3, Pace(window=2, patience=3), sleep=sleep)


@pytest.fixture
def embedder(journal: Journal, new: ChunkIndex) -> Embedder:
    return Embedder(journal, new)


def clock() -> Callable[[], datetime]:
    """A second later each time."""
    seconds = iter(range(1, 1000))
    return lambda: NOW + timedelta(seconds=next(seconds))


async def served(search: Any, fresh: str) -> set[str]:
    return set(await search.indices.get_alias(name=f"{fresh}-chunks"))


async def test_a_plan_says_what_it_would_cost_and_makes_nothing(
    reindex: Reindex, old: ChunkIndex, search: Any, fresh: str
) -> None:
    """Tokens as they were counted before, at the new model's price; failed calls were never searchable."""
    plan = await reindex.plan()

    name = f"{fresh}-chunks-{NEW}-3-v2"
    told = {"calls": 5, "there": 0, "on_their_way": 0, "failed": 0, "missing": 5}
    assert plan == Plan(index=name, tokens=5_000_000, unknown=0, usd=0.65, **told)
    assert not await search.indices.exists(index=name)


async def test_every_call_is_carried_over_and_then_served(
    reindex: Reindex, old: ChunkIndex, new: ChunkIndex, embedder: Embedder, search: Any, fresh: str
) -> None:
    """The alias names the new index when all is there; the old one stays until somebody drops it."""
    done = await reindex.run(embedder, clock())

    before = f"{fresh}-chunks-{OLD}-3-v2"
    assert (5, (before,), False) == (done.announced, done.before, done.dropped)
    assert ({done.index}, True) == (await served(search, fresh), await search.indices.exists(index=before))
    assert {f"acme:c-{n}:2:0" for n in range(5)} == await everything(new)
    assert {f"acme:c-{n}:1:0" for n in range(5)} == await everything(old)


async def test_the_old_index_can_be_dropped(
    reindex: Reindex, old: ChunkIndex, embedder: Embedder, search: Any, fresh: str
) -> None:
    """Only what was served before."""
    done = await reindex.run(embedder, clock(), drop=True)

    assert {done.index} == set(await search.indices.get(index=f"{fresh}-*"))


async def test_it_goes_on_where_it_stopped(reindex: Reindex, old: ChunkIndex, embedder: Embedder) -> None:
    """What is there is not announced again."""
    embedder.stops_after = 2
    with pytest.raises(Transient):
        await reindex.run(embedder, clock())
    half = await reindex.plan()
    embedder.stops_after = 99

    done = await reindex.run(embedder, clock())
    again = await reindex.run(embedder, clock())

    assert (2, 3) == (half.there, half.missing)
    assert (3, 0, 5) == (done.announced, again.announced, len(set(embedder.asked)))


async def test_nothing_is_switched_while_a_call_is_missing(
    reindex: Reindex, old: ChunkIndex, embedder: Embedder, search: Any, fresh: str
) -> None:
    """The error counts them and says what to do."""
    embedder.fails = {"c-3"}

    with pytest.raises(Permanent, match=r"1 calls failed on their way.*redo them from embed"):
        await reindex.run(embedder, clock())

    assert {f"{fresh}-chunks-{OLD}-3-v2"} == await served(search, fresh)


async def test_an_embedder_of_another_model_is_found_out_by_one_call(
    reindex: Reindex, old: ChunkIndex, journal: Journal
) -> None:
    """It writes elsewhere; all others are never announced."""
    elsewhere = Embedder(journal, old)

    with pytest.raises(Transient, match=f"EMBEDDING_MODEL={NEW}"):
        await reindex.run(elsewhere, clock())

    assert 1 == len(elsewhere.asked)


async def test_a_call_that_came_in_meanwhile_counts(
    reindex: Reindex, old: ChunkIndex, new: ChunkIndex, journal: Journal, embedder: Embedder
) -> None:
    """The embedder has written it to the new index by itself."""
    late = CallKey(tenant_id="globex", call_id="late")
    await put(new, late, [chunk(0, "agent: Hello.", late)], MONEY)
    await journal.begin(late, EMBED, NOW)
    await journal.finish(late, EMBED, NOW, 1.0, None)

    done = await reindex.run(embedder, clock())

    assert (5, True) == (done.announced, "late" not in embedder.asked)
