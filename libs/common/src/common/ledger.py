"""One row for each request to a provider: written before it is made, settled when its end is known.

A request for several calls has a row for each of them, with its part; ``request`` is then the same in all.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Protocol
from uuid import uuid4

from botocore.exceptions import ClientError
from openai import APIStatusError

from common.account import current
from common.errors import PipelineError, raising
from common.joint import JointAccount, fractions, shared_out
from common.logging import get_logger
from common.model import CallKey, Noun, Work
from common.providers import Asked, Untaken
from common.store import MONGO_FAILURES
from common.work import AtWork, at_work, utc_now

Outcome = Literal["started", "ok", "throttled", "refused", "failed", "unknown"]

SEARCH: Final = "search"
"""The stage of questions to the search, which belong to no call."""

ASK: Final = "ask"
"""The stage of questions about calls, and what stands for the call where they are about several."""

_BY_REASON: Final[dict[str, Outcome]] = {
    "provider_busy": "throttled",
    "provider_quota": "throttled",
    "provider_denied": "refused",
    "provider_refused": "refused",
}

log = get_logger("callstream.ledger")


class Spent(Noun):
    """What rows of the ledger add up to.

    ``usd`` is what is known to have been paid; ``at_most_usd`` counts what may have been paid beside it: by
    ``started`` rows, whose request is under way or died with its worker, and by ``unknown`` ones.
    """

    requests: int = 0
    started: int = 0
    unknown: int = 0
    usd: float = 0.0
    at_most_usd: float = 0.0


class Row:
    """A request that is being made; ``asked`` tells what was paid for it."""

    def __init__(self) -> None:
        self.asked: Asked | None = None

    @property
    def work(self) -> Work | None:
        """What came back, as far as it is known."""
        return self.asked.work if self.asked else None


class Notes(Protocol):
    """Notes a request to a provider from before its beginning to after its end."""

    def calling(
        self, provider: str, model: str, usd: float | None, audio_seconds: float
    ) -> AbstractAsyncContextManager[Row]:
        """Make the request inside; *usd* is what it costs at most, None where nobody knows."""
        ...


class NoLedger:
    """Where nothing is paid, or a test looks at something else."""

    @asynccontextmanager
    async def calling(
        self, _provider: str, _model: str, _usd: float | None, _audio_seconds: float
    ) -> AsyncIterator[Row]:
        """Note nothing."""
        yield Row()


@dataclass(frozen=True, slots=True)
class Means:
    """Where time and ids come from."""

    now: Callable[[], datetime] = utc_now
    clock: Callable[[], float] = time.monotonic
    new_id: Callable[[], str] = field(default=lambda: uuid4().hex)


class Ledger:
    """The collection ``ledger``; *stage* names who asks, rows end by themselves after so many *days*."""

    def __init__(self, collection: Any, stage: str, *, days: int, means: Means | None = None) -> None:
        self._collection = collection
        self._stage = stage
        self._kept_for = timedelta(days=days)
        self._means = means or Means()

    @asynccontextmanager
    async def calling(
        self, provider: str, model: str, usd: float | None, audio_seconds: float
    ) -> AsyncIterator[Row]:
        """Make the request inside, once its row is written; the row then learns what became of it.

        Raises:
            Transient: the row cannot be written, so nothing is asked.
        """
        row, begun, parties = Row(), self._means.clock(), _parties()
        named = await self._start(
            {"provider": provider, "model": model, "at_most_usd": usd, "audio_seconds": audio_seconds},
            parties,
        )
        try:
            yield row
        except BaseException as error:
            await asyncio.shield(self._settle(named, parties.works(row.work), error, begun))
            raise
        await self._settle(named, parties.works(row.work), None, begun)

    async def of_call(self, tenant_id: str, call_id: str) -> Spent:
        """All requests made for a call, in all its revisions."""
        return await self._sum({"tenant_id": tenant_id, "call_id": call_id})

    async def since(self, key: CallKey, stage: str, begin: datetime) -> Spent:
        """Requests made for a call's revision by one stage from then on."""
        return await self._sum({**dict(key), "stage": stage, "started_at": {"$gte": begin}})

    async def unsettled(self, after: datetime, before: datetime) -> dict[str, int]:
        """How many requests begun between then and then have no end yet, by stage."""
        query = {"outcome": "started", "started_at": {"$gte": after, "$lt": before}}
        counts: dict[str, int] = {}
        with raising("reading the ledger", MONGO_FAILURES):
            async for row in self._collection.find(query, {"stage": 1}):
                counts[row["stage"]] = counts.get(row["stage"], 0) + 1
        return counts

    async def prepare(self) -> None:
        """Create the indexes: a day's sums, a call's rows, what is open, and the end of all."""
        day = [("tenant_id", 1), ("day", 1), ("stage", 1), ("model", 1)]
        with raising("creating an index", MONGO_FAILURES):
            await self._collection.create_index(day)
            await self._collection.create_index([("tenant_id", 1), ("call_id", 1), ("started_at", 1)])
            await self._collection.create_index([("outcome", 1), ("started_at", 1)])
            await self._collection.create_index("expires_at", expireAfterSeconds=0)

    async def _start(self, asked: dict[str, Any], parties: "_Parties | None" = None) -> list[str]:
        parties, now = parties or _parties(), self._means.now()
        times = {"day": now.date().isoformat(), "started_at": now, "expires_at": now + self._kept_for}
        same = {"stage": self._stage, **asked, **times, "outcome": "started"}
        names = [self._means.new_id() for _ in parties.shares]
        joint = {"request": names[0]} if len(names) > 1 else {}
        rows = [
            {
                "_id": name,
                **same,
                **joint,
                **whose,
                "at_most_usd": asked["at_most_usd"] and asked["at_most_usd"] * share,
            }
            for name, whose, share in zip(names, parties.whose, parties.shares, strict=True)
        ]
        with raising("writing the ledger", MONGO_FAILURES):
            await self._collection.insert_many(rows)
        return names

    async def _settle(
        self, names: list[str], works: Sequence[Work | None], error: BaseException | None, begun: float
    ) -> None:
        times = {"settled_at": self._means.now(), "seconds": round(self._means.clock() - begun, 3)}
        try:
            for name, work in zip(names, works, strict=True):
                with raising("writing the ledger", MONGO_FAILURES):
                    await self._collection.update_one(
                        {"_id": name, "outcome": "started"}, {"$set": _ended(work, error) | times}
                    )
        except PipelineError as failure:
            # The answer is worth more than its row, which stays ``started`` and is counted as such.
            log.warning("ledger.unsettled", error=str(failure))

    async def _sum(self, query: dict[str, Any]) -> Spent:
        fields = {"outcome": 1, "usd": 1, "at_most_usd": 1}
        with raising("reading the ledger", MONGO_FAILURES):
            return _added([row async for row in self._collection.find(query, fields)])


def outcome(work: Work | None, error: BaseException | None) -> Outcome:
    """What became of a request; ``unknown`` where it may have been billed and nobody can tell."""
    if error is None:
        return "ok"
    known = _BY_REASON.get(getattr(error, "reason", ""))
    if known:
        return known
    return "failed" if work or _unbilled(error) else "unknown"


def _ended(work: Work | None, error: BaseException | None) -> dict[str, Any]:
    ended: dict[str, Any] = {"outcome": outcome(work, error), "usd": None}
    if work:
        return ended | {
            "usd": work.cost_usd,
            "audio_seconds": work.audio_seconds,
            "input_tokens": work.input_tokens,
            "output_tokens": work.output_tokens,
        }
    return ended | {"usd": 0.0} if error and _unbilled(error) else ended


def _unbilled(error: BaseException) -> bool:
    """Whether the provider did not do it: it never had the request, or answered with an error's status."""
    return isinstance(error, Untaken) or isinstance(error.__cause__, APIStatusError | ClientError)


@dataclass(frozen=True, slots=True)
class _Parties:
    """Who asks: usually one call, or several of a tenant together, each for its share."""

    whose: tuple[dict[str, Any], ...]
    weights: tuple[int, ...] = (1,)

    @property
    def shares(self) -> tuple[float, ...]:
        return fractions(self.weights)

    def works(self, work: Work | None) -> Sequence[Work | None]:
        if work is None or len(self.weights) == 1:
            return [work] * len(self.weights)
        return shared_out(work, self.weights)


def _parties() -> _Parties:
    """The calls and the claim at hand; a question to the search has a tenant alone."""
    account, claim = current(), at_work()
    if isinstance(account, JointAccount):
        whose = (_whose(party.account.tenant_id, party.key, None) for party in account.parties)
        return _Parties(tuple(whose), account.weights)
    tenant, key = (account.tenant_id, account.key) if account else (None, None)
    return _Parties((_whose(tenant, key, claim),))


def _whose(tenant_id: str | None, key: CallKey | None, claim: AtWork | None) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "call_id": key.call_id if key else None,
        "revision": key.revision if key else None,
        "work": claim.digest if claim else None,
        "fence": claim.fence if claim else None,
    }


def _added(rows: list[dict[str, Any]]) -> Spent:
    known = [row["usd"] for row in rows if row.get("usd") is not None]
    maybe = [row["at_most_usd"] or 0.0 for row in rows if row.get("usd") is None]
    usd = round(sum(known), 9)
    return Spent(
        requests=len(rows),
        started=sum(row["outcome"] == "started" for row in rows),
        unknown=sum(row["outcome"] == "unknown" for row in rows),
        usd=usd,
        at_most_usd=round(usd + sum(maybe), 9),
    )
