"""Opens what the door needs to know who asks."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx2
from common.access.audit import AuditLog
from common.access.keys import ApiKeys
from redis.asyncio import Redis

from ingest.auth_settings import AuthSettings
from ingest.limiter import Limiter
from ingest.security.claims import Expected
from ingest.security.identities import Identities, Tokens
from ingest.security.issuer import Issuer
from ingest.security.login import Logins
from ingest.security.sessions import Sessions


@asynccontextmanager
async def open_security(
    settings: AuthSettings, database: Any, redis: Redis, clock: Callable[[], datetime]
) -> AsyncIterator[dict[str, Any]]:
    """Keys, sessions, the audit log and the limits; a client of the issuer where there is one."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx2.AsyncClient()) if "oidc" in settings.ways else None
        opened = known(settings, database, client, clock)
        for kept in ("api_keys", "sessions", "audit"):
            await opened[kept].prepare()
        yield opened | {"limiters": {tier: Limiter(rate, redis) for tier, rate in settings.rates.items()}}


def known(
    settings: AuthSettings, database: Any, client: httpx2.AsyncClient | None, clock: Callable[[], datetime]
) -> dict[str, Any]:
    """What is asked who somebody is; *client* reaches the issuer."""
    keys, sessions = ApiKeys(database["api_keys"]), Sessions(database["sessions"])
    tokens = Tokens(Issuer(client, _issuer(settings)), _expected(settings)) if client else None
    identities = Identities(keys if "keys" in settings.ways else None, tokens, sessions, clock)
    return {
        "api_keys": keys,
        "sessions": sessions,
        "audit": AuditLog(database["audit"], timedelta(days=settings.audit_days)),
        "identities": identities,
        "logins": Logins(tokens, identities, settings.oidc_scopes) if tokens else None,
    }


def _issuer(settings: AuthSettings) -> str:
    return settings.oidc_issuer or ""


def _expected(settings: AuthSettings) -> Expected:
    return Expected(
        issuer=_issuer(settings),
        client_id=settings.oidc_client_id or "",
        groups_claim=settings.oidc_groups_claim,
        tenant_claim=settings.oidc_tenant_claim,
        audience=frozenset(settings.oidc_audience),
    )
