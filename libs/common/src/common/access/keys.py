"""API keys: shown once, kept as the hash of a 256-bit secret, one document each."""

import hmac
import re
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints

from common.access.scopes import Role, Scope, role_of
from common.errors import raising
from common.model import Noun, TenantId
from common.store import MONGO_FAILURES

USE_NOTED: Final = timedelta(minutes=1)
"""A key's last use is written down this often at most."""

_KEY: Final = re.compile(r"cs_(?P<id>[0-9a-f]{16})_(?P<secret>[A-Za-z0-9_-]{43})")
_KEYS: Final = "key"  # before the colon, where a key asks
_SECRET_BYTES: Final = 32
_ID_BYTES: Final = 8

KeyId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class ApiKey(Noun):
    """What is known of a key, its secret excepted; ``label`` is whatever its maker calls it."""

    key_id: KeyId
    tenant_id: TenantId
    label: Label
    scopes: Annotated[frozenset[Scope], Field(min_length=1)]
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    @property
    def holder(self) -> str:
        """Who asks by it: on record for what is done, and as the maker of other keys."""
        return _holder(self.key_id)

    @property
    def role(self) -> Role:
        """The least role that may do what the key may."""
        return role_of(self.scopes)

    @property
    def told(self) -> "ToldKey":
        """The key as it is listed."""
        return ToldKey.model_validate(self.model_dump() | {"role": self.role, "scopes": sorted(self.scopes)})

    def works(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class ToldKey(Noun):
    """A key in a list; ``role`` is the least that may do what it may."""

    key_id: str
    label: str
    role: Role
    scopes: tuple[Scope, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime | None = Field(description="Null: it never expires")
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The key that somebody wants made."""

    tenant_id: str
    label: str
    scopes: frozenset[Scope]
    made_by: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Minted:
    """A new key and, this once, all of it."""

    key: ApiKey
    text: str
    hashed: str


@dataclass(frozen=True, slots=True)
class Parts:
    """A key's text, taken apart."""

    key_id: str
    secret: str

    @property
    def hashed(self) -> str:
        """What is kept of the secret: it has 256 random bits, so no slow hash is needed."""
        return sha256(self.secret.encode()).hexdigest()


def parts(text: str) -> Parts | None:
    """The parts of what looks like a key of ours."""
    found = _KEY.fullmatch(text)
    return Parts(found["id"], found["secret"]) if found else None


def new_parts() -> Parts:
    """A key that nobody can guess."""
    return Parts(secrets.token_hex(_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES))


def _holder(key_id: str) -> str:
    return f"{_KEYS}:{key_id}"


class ApiKeys:
    """The collection ``api_keys``."""

    def __init__(self, collection: Any, made: Callable[[], Parts] = new_parts) -> None:
        self._collection = collection
        self._made = made

    async def create(self, wanted: Wanted, now: datetime) -> Minted:
        """Make a key and keep it; its text is known to nobody afterwards."""
        minted = self.mint(wanted, now)
        await self.keep(minted)
        return minted

    def mint(self, wanted: Wanted, now: datetime) -> Minted:
        """Make a key, which works once it is kept."""
        fresh = self._made()
        key = ApiKey(
            key_id=fresh.key_id,
            tenant_id=wanted.tenant_id,
            label=wanted.label,
            scopes=wanted.scopes,
            created_at=now,
            created_by=wanted.made_by,
            expires_at=wanted.expires_at,
        )
        return Minted(key, f"cs_{fresh.key_id}_{fresh.secret}", fresh.hashed)

    async def keep(self, minted: Minted) -> bool:
        """Keep a key, from when on it works; of its secret the hash.

        False, and it works no longer, where the key it was made with has been revoked meanwhile. Whoever
        revokes that one and those made with it looks for them afterwards, so one of us sees the other.
        """
        key = minted.key
        row = key.model_dump() | {"scopes": sorted(key.scopes)}
        with raising("keeping an API key", MONGO_FAILURES):
            await self._collection.insert_one({"_id": key.key_id, "hashed": minted.hashed, **row})
        orphaned = await self._is_orphaned(key)
        if orphaned:
            await self.revoke(key.tenant_id, key.key_id, key.created_at)
        return not orphaned

    async def opened(self, text: str, now: datetime) -> ApiKey | None:
        """The key that this is all of, if it works; its use is noted."""
        given = parts(text)
        row = await self._row(given.key_id) if given else None
        if given is None or row is None or not hmac.compare_digest(row["hashed"], given.hashed):
            return None
        return await self._used(ApiKey.model_validate(row), now)

    async def alive(self, key_id: str, now: datetime) -> ApiKey | None:
        """The key of that id, if it works; its use is noted."""
        row = await self._row(key_id)
        return await self._used(ApiKey.model_validate(row), now) if row else None

    async def listed(self, tenant_id: str) -> list[ApiKey]:
        """A tenant's keys, those that no longer work included, newest first."""
        with raising("reading API keys", MONGO_FAILURES):
            rows = self._collection.find(
                {"tenant_id": tenant_id}, None, sort=[("created_at", -1), ("_id", 1)]
            )
            return [ApiKey.model_validate(row) async for row in rows]

    async def revoke(self, tenant_id: str, key_id: str, now: datetime) -> bool:
        """Let a key of that tenant work no longer; False where it has no such key."""
        ours = {"_id": key_id, "tenant_id": tenant_id}
        with raising("revoking an API key", MONGO_FAILURES):
            await self._collection.update_one({**ours, "revoked_at": None}, {"$set": {"revoked_at": now}})
            return await self._collection.find_one(ours) is not None

    async def made_with(self, tenant_id: str, key_id: str) -> AsyncIterator[str]:
        """Keys that work, made with that one, and with these: revoke each as it comes, and none is left."""
        makers = [key_id]
        while makers:
            rows = await self._made_by(tenant_id, makers)
            for row in rows:
                if row["revoked_at"] is None:
                    yield row["_id"]
            makers = [row["_id"] for row in rows]

    async def prepare(self) -> None:
        """Create the index that lists go by."""
        with raising("creating an index", MONGO_FAILURES):
            await self._collection.create_index([("tenant_id", 1), ("created_at", -1)])

    async def _made_by(self, tenant_id: str, key_ids: list[str]) -> list[dict[str, Any]]:
        made = {"tenant_id": tenant_id, "created_by": {"$in": [_holder(each) for each in key_ids]}}
        with raising("reading API keys", MONGO_FAILURES):
            return [row async for row in self._collection.find(made, {"revoked_at": 1})]

    async def _is_orphaned(self, key: ApiKey) -> bool:
        """Whether it was made with a key that is revoked."""
        kind, _, maker = key.created_by.partition(":")
        row = await self._row(maker) if kind == _KEYS else None
        return row is not None and row["revoked_at"] is not None

    async def _row(self, key_id: str) -> dict[str, Any] | None:
        with raising("reading an API key", MONGO_FAILURES):
            row: dict[str, Any] | None = await self._collection.find_one({"_id": key_id})
        return row

    async def _used(self, key: ApiKey, now: datetime) -> ApiKey | None:
        if not key.works(now):
            return None
        if key.last_used_at is None or key.last_used_at <= now - USE_NOTED:
            unchanged = {"_id": key.key_id, "last_used_at": key.last_used_at}
            with raising("noting the use of an API key", MONGO_FAILURES):
                await self._collection.update_one(unchanged, {"$set": {"last_used_at": now}})
        return key
