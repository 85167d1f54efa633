"""Carry every call over to the index of another model, dimension or mapping; then let it be served.

A call is carried over by doing it again from the embed stage on: its chunks and findings are cut and embedded
as they would be today. What was embedded with the new model before is remembered and not paid for again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from common.entry import COMPLETED, Entry
from common.errors import Claimed, Permanent, Transient, raising
from common.index import ChunkIndex
from common.index.shape import index_name
from common.journal import Journal
from common.model import Noun
from common.pipeline import EMBED, Stage
from common.prices import embedding_cost
from common.store import MONGO_FAILURES

EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
LOOKED_UP: Final = 500  # calls in one request


class Plan(Noun):
    """What carrying over means. ``usd``: at most, as far as is known what the calls took before."""

    index: str
    calls: int
    there: int
    on_their_way: int
    failed: int
    missing: int
    tokens: int
    unknown: int
    """Calls of which nobody noted how many tokens they took."""
    usd: float | None


class Reindexed(Noun):
    """What was done: ``before`` is what was served until now."""

    index: str
    announced: int
    before: tuple[str, ...]
    dropped: bool


class Starts(Protocol):
    """Opens a revision of a call and announces it, as ``Redo`` does."""

    async def start(self, entry: Entry, stage: Stage, now: datetime) -> Entry:
        """Return once the queue has it."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast: at most *rate* calls a second, *window* on their way, *patience* seconds without progress.

    The first call goes alone: an embedder that writes another index is found out by one call, not by all.
    """

    rate: float = 20.0
    window: int = 200
    patience: float = 600.0
    look: float = 1.0
    """Seconds between two looks at what has arrived."""

    def batches(self, entries: Sequence[Entry]) -> Iterable[Sequence[Entry]]:
        """One, then as many as may be on their way."""
        yield from (entries[n : n + 1] for n in range(min(1, len(entries))))
        yield from (entries[n : n + self.window] for n in range(1, len(entries), self.window))


@dataclass
class Standing:
    """Every call by where it stands: its newest revision, and whether one was ever completed."""

    completed: list[Entry] = field(default_factory=list)
    moving: list[Entry] = field(default_factory=list)
    failed: list[Entry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reindex:
    """Carries calls over to an index; *said* is told how far it is."""

    journal: Journal
    indexed: Any
    index: ChunkIndex
    dimensions: int
    pace: Pace = Pace()
    said: Callable[[str], None] = lambda _: None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    @property
    def name(self) -> str:
        """The index calls are carried to."""
        indexes = self.index.indexes
        return index_name(indexes.prefix, indexes.model, self.dimensions)

    async def plan(self) -> Plan:
        """What is there, what is missing, what that may cost."""
        standing = await self._standing()
        missing = [entry async for entry in self._missing(standing.completed)]
        tokens, unknown = await self._tokens(missing)
        return Plan(
            index=self.name,
            calls=len(standing.completed) + len(standing.moving) + len(standing.failed),
            there=len(standing.completed) - len(missing),
            on_their_way=len(standing.moving),
            failed=len(standing.failed),
            missing=len(missing),
            tokens=tokens,
            unknown=unknown,
            usd=embedding_cost(self.index.indexes.model, tokens),
        )

    async def run(self, redo: Starts, now: Callable[[], datetime], *, drop: bool = False) -> Reindexed:
        """Announce what is missing, wait until all is there, switch the alias; it goes on where it was.

        Raises:
            Transient: nothing arrived for too long.
            Permanent: calls failed on their way; nothing is switched.
        """
        await self.index.prepare(self.dimensions)
        missing = [entry async for entry in self._missing((await self._standing()).completed)]
        announced = 0
        for batch in self.pace.batches(missing):
            for entry in batch:
                announced += await self._announced(redo, entry, now())
                await self.sleep(1 / self.pace.rate)
            await self._arrived(batch)
            self.said(f"{announced} of {len(missing)} calls carried over to {self.name}")
        await self._settled()
        before = tuple(await self.index.indexes.serve(self.name))
        if drop:
            await self.index.indexes.drop(before)
        return Reindexed(index=self.name, announced=announced, before=before, dropped=drop and bool(before))

    async def _announced(self, redo: Starts, entry: Entry, now: datetime) -> bool:
        try:
            await redo.start(entry, EMBED, now)
        except Claimed:  # somebody asked for the same a moment ago: it is on its way
            return False
        return True

    async def _arrived(self, batch: Sequence[Entry]) -> None:
        """Wait until these are there, or have failed; every arrival renews the patience."""
        left, waited = len(batch), 0.0
        while pending := await self._pending(batch):
            waited = 0.0 if len(pending) < left else waited + self.pace.look
            left = len(pending)
            if waited > self.pace.patience:
                raise Transient(self._stalled(left), reason="index_unavailable")
            await self.sleep(self.pace.look)

    async def _pending(self, batch: Sequence[Entry]) -> list[Entry]:
        """Those that are on their way still: a head is there before the chunks, so the journal decides."""
        standing = Standing()
        for entry in batch:
            newest = await self.journal.find(entry.tenant_id, entry.call_id) or entry
            _group(standing, newest).append(newest)
        return [*standing.moving, *[entry async for entry in self._missing(standing.completed)]]

    def _stalled(self, left: int) -> str:
        indexes = self.index.indexes
        told = f"{left} calls do not arrive in {self.name}"
        return f"{told}: the embedder has to run, with EMBEDDING_MODEL={indexes.model}; then run this again"

    async def _settled(self) -> None:
        """Nothing is switched before everything is there."""
        standing = await self._standing()
        await self._arrived(standing.moving)
        if failed := (await self._standing()).failed:
            told = f"{len(failed)} calls failed on their way, so {self.name} is not served yet"
            raise Permanent(f"{told}; redo them from embed, then run this again", reason="index_unfit")

    async def _standing(self) -> Standing:
        newest: dict[tuple[str, str], Entry] = {}
        ever: set[tuple[str, str]] = set()
        async for entry in self.journal.moved(EVER):
            call = (entry.tenant_id, entry.call_id)
            if entry.rank == COMPLETED:
                ever.add(call)
            if call not in newest or newest[call].revision < entry.revision:
                newest[call] = entry
        standing = Standing()
        for call in ever:
            _group(standing, newest[call]).append(newest[call])
        return standing

    async def _missing(self, entries: Sequence[Entry]) -> AsyncIterator[Entry]:
        """Those whose revision, or a newer one, is not in the index."""
        for n in range(0, len(entries), LOOKED_UP):
            some = entries[n : n + LOOKED_UP]
            there = await self.index.there(self.dimensions, [entry.key for entry in some])
            for entry, revision in zip(some, there, strict=True):
                if revision < entry.revision:
                    yield entry

    async def _tokens(self, entries: Sequence[Entry]) -> tuple[int, int]:
        """How many tokens these calls took when they were embedded last, and of how many nobody knows."""
        known: dict[str, int] = {}
        for n in range(0, len(entries), LOOKED_UP):
            ids = [entry.id for entry in entries[n : n + LOOKED_UP]]
            with raising("reading what calls took", MONGO_FAILURES):
                async for row in self.indexed.find({"_id": {"$in": ids}}, {"work.input_tokens": 1}):
                    known[row["_id"]] = row["work"]["input_tokens"]
        return sum(known.values()), len(entries) - len(known)


def _group(standing: Standing, entry: Entry) -> list[Entry]:
    if entry.failed:
        return standing.failed
    return standing.completed if entry.rank == COMPLETED else standing.moving
