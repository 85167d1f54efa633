"""Money put by before it is spent: per call, per tenant and day, and per day, by single updates in MongoDB.

A scope is one document: ``committed`` is what is spent and what is reserved, in millionths of a USD, and
``open`` holds the reservations. One is taken by the update that finds room for it, and settled to what the
ledger says by the update that finds it open, so that no crash loses or doubles anything. Days are UTC's.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, Protocol

from pymongo.errors import DuplicateKeyError

from common.errors import Claimed, Parked, Permanent, Transient, raising
from common.ledger import Spent
from common.limits import Limits, Scope, micro
from common.model import CallKey
from common.store import MONGO_FAILURES
from common.work import utc_now

LAPSES: Final = timedelta(days=1)  # after which a reservation nobody came back to is settled by another
TRIES: Final = 50  # at a document that others change meanwhile
SPREAD: Final = timedelta(minutes=10)  # over which those who wait for a new day come back

Row = dict[str, Any]


class Books(Protocol):
    """Says what was spent."""

    async def since(self, key: CallKey, stage: str, begin: datetime) -> Spent:
        """Of a call's revision, in one stage, from then on."""
        ...


class Budget:
    """One stage's purse: what it reserves for a call is not there for another."""

    def __init__(
        self,
        collection: Any,
        books: Books,
        stage: str,
        limits: Limits,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._collection = collection
        self._books = books
        self._stage = stage
        self._limits = limits
        self._now = now

    @asynccontextmanager
    async def reserved(self, key: CallKey, usd: float | None, *, once: bool = False) -> AsyncIterator[None]:
        """Spend up to *usd* inside; a redelivery goes on with what the delivery before it reserved.

        *once*: there is no redelivery, so that it is settled however it ends.

        Raises:
            Permanent: there is no room (reason ``budget_exceeded``).
            Parked: there is none today, and the operator would rather wait.
        """
        scopes = self._limits.scopes(key, self._stage, self._now())
        await self._take(key, scopes, micro(usd or 0.0))
        try:
            yield
        except (Claimed, asyncio.CancelledError):
            if once:
                await asyncio.shield(self._settle(key, scopes))
            raise  # another delivery, now or later, goes on with this very reservation
        except BaseException:
            await asyncio.shield(self._settle(key, scopes))
            raise
        await self._settle(key, scopes)

    async def prepare(self) -> None:
        """Create the index by which documents end."""
        with raising("creating an index", MONGO_FAILURES):
            await self._collection.create_index("expires_at", expireAfterSeconds=0)

    async def _take(self, key: CallKey, scopes: tuple[Scope, ...], amount: int) -> None:
        """All or none of them."""
        taken: list[Scope] = []
        for scope in scopes if amount else ():
            if not await self._fits(scope, key, amount):
                for other in taken:
                    await self._close(other, _id(key, self._stage), amount, 0)
                raise self._over(scope, key, amount)
            taken.append(scope)

    async def _fits(self, scope: Scope, key: CallKey, amount: int) -> bool:
        if amount > scope.limit:
            return False
        for _ in range(TRIES):
            row = await self._find(scope)
            if await self._reserve(scope, row, key, amount):
                return True
            row = await self._find(scope)
            mine = _open(row, _id(key, self._stage))
            wanted = amount - (mine["amount"] if mine else 0)
            if row and row["committed"] + wanted > scope.limit and not await self._lapsed(scope, row):
                return False
        raise Transient(f"the budget of {scope.name} changes too fast")

    async def _reserve(self, scope: Scope, row: Row | None, key: CallKey, amount: int) -> bool:
        """Whether the reservation is there now; not if there is no room, or somebody was faster."""
        name, mine = _id(key, self._stage), _open(row, _id(key, self._stage))
        if mine and mine["amount"] >= amount:
            return True
        more = amount - (mine["amount"] if mine else 0)
        was = {f"open.{name}.amount": mine["amount"]} if mine else {f"open.{name}": {"$exists": False}}
        begun = mine["at"] if mine else self._now()
        open_ = {"amount": amount, "at": begun, "stage": self._stage, **dict(key)}
        return await self._update(
            {"_id": scope.id, "committed": {"$lte": scope.limit - more}, **was},
            {"$inc": {"committed": more}, "$set": {f"open.{name}": open_, "expires_at": scope.ends}},
            upsert=mine is None,
        )

    async def _settle(self, key: CallKey, scopes: tuple[Scope, ...]) -> None:
        name = _id(key, self._stage)
        for scope in scopes:
            if mine := _open(await self._find(scope), name):
                await self._settle_one(scope, name, mine)

    async def _settle_one(self, scope: Scope, name: str, mine: Row) -> bool:
        """To what the ledger says was spent since, or may have been."""
        key = CallKey(tenant_id=mine["tenant_id"], call_id=mine["call_id"], revision=mine["revision"])
        spent = await self._books.since(key, mine["stage"], mine["at"])
        return await self._close(scope, name, mine["amount"], micro(spent.at_most_usd))

    async def _close(self, scope: Scope, name: str, amount: int, spent: int) -> bool:
        return await self._update(
            {"_id": scope.id, f"open.{name}.amount": amount},
            {"$inc": {"committed": spent - amount}, "$unset": {f"open.{name}": ""}},
        )

    async def _lapsed(self, scope: Scope, row: Row) -> bool:
        """Settle what was reserved long ago and left open; whether there was any."""
        before = self._now() - LAPSES
        old = [(name, mine) for name, mine in row.get("open", {}).items() if mine["at"] < before]
        return any([await self._settle_one(scope, name, mine) for name, mine in old])

    async def _find(self, scope: Scope) -> Row | None:
        with raising("reading the budget", MONGO_FAILURES):
            row: Row | None = await self._collection.find_one({"_id": scope.id})
        return row

    async def _update(self, which: Row, change: Row, *, upsert: bool = False) -> bool:
        with raising("changing the budget", MONGO_FAILURES):
            try:
                done = await self._collection.update_one(which, change, upsert=upsert)
            except DuplicateKeyError:  # the document is there, and not as it was asked for
                return False
        return bool(done.matched_count or done.upserted_id is not None)

    def _over(self, scope: Scope, key: CallKey, amount: int) -> Permanent | Parked:
        told = (
            f"at most {amount / 1e6:.4f} USD are needed, more than is left of {scope.limit / 1e6:.4f} USD"
            f" {scope.name}; raise {scope.setting}, or wait where it is a day's"
        )
        if scope.resets is None or not self._limits.park or amount > scope.limit:
            return Permanent(told, reason="budget_exceeded")
        return Parked(told, until=scope.resets + _spread(key), reason="budget_exceeded")


def _id(key: CallKey, stage: str) -> str:
    """A reservation's name: a field of a document, so without dots."""
    return sha256(f"{key.id}\0{stage}".encode()).hexdigest()[:32]


def _open(row: Row | None, name: str) -> Row | None:
    mine: Row | None = (row or {}).get("open", {}).get(name)
    return mine


def _spread(key: CallKey) -> timedelta:
    """A part of the spread, each call its own."""
    return SPREAD * (int(sha256(key.id.encode()).hexdigest()[:8], 16) / 0xFFFF_FFFF)
