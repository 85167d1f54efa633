"""Who it is that shows a token, a key or a session."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from common.access.keys import ApiKey, ApiKeys
from common.logging import get_logger

from ingest.security.claims import Expected, are_current, is_access, principal_of
from ingest.security.issuer import Issuer
from ingest.security.presented import Bearer, Cookie, Presented
from ingest.security.principal import Principal
from ingest.security.sessions import Session, Sessions
from ingest.security.tokens import Signed, verified

OF_KEYS: Final = "cs_"

Doubt = Literal["signature", "issuer_or_time", "audience", "membership"]
"""What is wrong with a token: not signed by a key of the issuer, …, or of no tenant and role."""

log = get_logger("callstream.access")


@dataclass(frozen=True, slots=True)
class Tokens:
    """Access tokens of one issuer."""

    issuer: Issuer
    expected: Expected

    async def principal(self, token: str, now: datetime) -> Principal | None:
        """Who a token says they are, if it may be believed; why not is for our log alone."""
        found = self._judged(await verified(token, self.issuer), now)
        if isinstance(found, Principal):
            return found
        log.info("token.refused", reason=found)
        return None

    def _judged(self, signed: Signed | None, now: datetime) -> Principal | Doubt:
        if signed is None:
            return "signature"
        claims = signed.claims
        if not are_current(claims, self.expected.issuer, int(now.timestamp())):
            return "issuer_or_time"
        if not is_access(claims, signed.kind, self.expected):
            return "audience"
        return principal_of(claims, self.expected) or "membership"


@dataclass(frozen=True, slots=True)
class Identities:
    """Everything by which one may come in; *keys* or *tokens* is None where that is not a way."""

    keys: ApiKeys | None
    tokens: Tokens | None
    sessions: Sessions
    clock: Callable[[], datetime]

    async def of(self, shown: Presented) -> Principal | None:
        """Who it is; why not, nobody is told.

        Raises:
            Transient: nobody can tell now.
        """
        match shown:
            case Bearer(text) if text.startswith(OF_KEYS):
                return await self._by_key(text)
            case Bearer(text):
                return await self.tokens.principal(text, self.clock()) if self.tokens else None
            case Cookie(text):
                return await self._by_session(text)
            case _:
                return None

    async def with_key(self, text: str, hours: int) -> str | None:
        """Log in with a key; what the browser is to hold, or None where the key does not work."""
        key = await self.keys.opened(text, self.clock()) if self.keys else None
        if key is None:
            return None
        ends = self.clock() + timedelta(hours=hours)
        who = _holder(key)
        return await self.sessions.begin(
            Session(
                name=who.name,
                tenant_id=who.tenant_id,
                scopes=who.scopes,
                key_id=key.key_id,
                expires_at=min(ends, key.expires_at or ends),
            )
        )

    async def with_token(self, who: Principal, hours: int) -> str:
        """Log in as whom the issuer confirmed; what the browser is to hold."""
        ends = self.clock() + timedelta(hours=hours)
        return await self.sessions.begin(
            Session(name=who.name, tenant_id=who.tenant_id, scopes=who.scopes, expires_at=ends)
        )

    async def _by_key(self, text: str) -> Principal | None:
        key = await self.keys.opened(text, self.clock()) if self.keys else None
        return _holder(key) if key else None

    async def _by_session(self, text: str) -> Principal | None:
        session = await self.sessions.find(text, self.clock())
        return await self._standing(session) if session else None

    async def _standing(self, session: Session) -> Principal | None:
        """A session ends with the key that began it, or with the way it came by."""
        who = Principal(session.name, session.tenant_id, session.scopes, "session")
        if session.key_id is None:
            return who if self.tokens else None
        key = await self.keys.alive(session.key_id, self.clock()) if self.keys else None
        return replace(who, ends_at=key.expires_at) if key else None


def _holder(key: ApiKey) -> Principal:
    return Principal(key.holder, key.tenant_id, key.scopes, "key", key.expires_at)
