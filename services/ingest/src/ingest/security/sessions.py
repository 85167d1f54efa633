"""Logins of the page: a document each, found by the hash of what the browser holds; and logins under way."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from common.access.scopes import Scope
from common.errors import raising
from common.model import Noun, TenantId
from common.store import MONGO_FAILURES

LOGIN: Final = timedelta(minutes=10)
"""How long somebody may take at the issuer's page."""


class Session(Noun):
    """Somebody who logged in; with a key, for as long as that works."""

    name: str
    tenant_id: TenantId
    scopes: frozenset[Scope]
    key_id: str | None = None
    expires_at: datetime


class Login(Noun):
    """A login that the issuer has to confirm."""

    verifier: str
    nonce: str
    next: str
    expires_at: datetime


def new_secret() -> str:
    """256 bits that nobody can guess."""
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Sessions:
    """The collection ``sessions``; MongoDB removes documents whose time is over."""

    collection: Any
    new: Callable[[], str] = new_secret

    async def begin(self, session: Session) -> str:
        """Keep a session; return what the browser is to hold."""
        return await self._keep("session", session, sorted(session.scopes))

    async def find(self, text: str, now: datetime) -> Session | None:
        """The session of which the browser holds this."""
        with raising("reading a session", MONGO_FAILURES):
            row = await self.collection.find_one(_named("session", text))
        found = Session.model_validate(row) if row else None
        return found if found and now < found.expires_at else None

    async def end(self, text: str) -> None:
        """Forget a session."""
        with raising("ending a session", MONGO_FAILURES):
            await self.collection.delete_many(_named("session", text))

    async def expect(self, login: Login) -> str:
        """Keep a login that is under way; return its state."""
        return await self._keep("login", login)

    async def expected(self, state: str, now: datetime) -> Login | None:
        """The login of that state, which nobody finds a second time."""
        with raising("reading a login", MONGO_FAILURES):
            row = await self.collection.find_one_and_delete(_named("login", state))
        found = Login.model_validate(row) if row else None
        return found if found and now < found.expires_at else None

    async def prepare(self) -> None:
        """Create the index by which they end."""
        with raising("creating an index", MONGO_FAILURES):
            await self.collection.create_index("expires_at", expireAfterSeconds=0)

    async def _keep(self, kind: str, noun: Session | Login, scopes: list[Scope] | None = None) -> str:
        text = self.new()
        more = {} if scopes is None else {"scopes": scopes}
        with raising("keeping a session", MONGO_FAILURES):
            await self.collection.insert_one({**_named(kind, text), **noun.model_dump(), **more})
        return text


def _named(kind: str, text: str) -> dict[str, str]:
    return {"_id": sha256(text.encode()).hexdigest(), "kind": kind}
