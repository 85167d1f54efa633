"""Who asks, decided before anything of a body is read: FastAPI reads bodies before it asks dependencies."""

from collections.abc import Mapping
from typing import Any, Final

from common.errors import PipelineError
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from ingest.api.failures import told_of
from ingest.auth_settings import Tier
from ingest.limiter import Limiter
from ingest.problems import Problem, too_many
from ingest.security.admission import refused
from ingest.security.identities import Identities
from ingest.security.presented import SAFE, Cookie, from_our_page, presented
from ingest.security.principal import Principal, anyone
from ingest.settings import DoorSettings

OPEN: Final = frozenset({"/session", "/session/options", "/session/oidc", "/session/callback"})
FREE: Final = frozenset({"/health"})
RATE_ANONYMOUS: Final = "RATE_LIMIT_ANONYMOUS"


class Entrance:
    """Let nobody pass who is unknown, asks too often, or was sent by a page of somebody else."""

    def __init__(self, app: ASGIApp, *, settings: DoorSettings) -> None:
        self._app = app
        self._settings = settings
        self._prefix = f"{settings.api_v1_prefix}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or let through."""
        path = self._path(scope)
        if path is None or path in FREE:
            await self._app(scope, receive, send)
            return
        try:
            who = await self._who(Request(scope), path)
        except (Problem, PipelineError) as failure:
            await told_of(failure).response()(scope, receive, send)
            return
        scope.setdefault("state", {})["principal"] = who
        await self._app(scope, receive, send)

    def _path(self, scope: Scope) -> str | None:
        """The path below the API's, or None where it is not the API's."""
        ours = scope["type"] == "http" and scope["path"].startswith(self._prefix)
        return scope["path"][len(self._prefix) - 1 :] if ours else None

    async def _who(self, request: Request, path: str) -> Principal | None:
        opened: Mapping[str, Any] = request.app.state.opened
        gauge = _Gauge(opened["limiters"], _address(request))
        if path in OPEN:
            await gauge.count_open()
            self._same_origin(request, strict=False)
            return None
        who = await self._known(request, opened["identities"])
        if who is None:
            await gauge.count("anonymous", RATE_ANONYMOUS)
            raise refused()
        await gauge.count_of(who)
        return who

    async def _known(self, request: Request, identities: Identities) -> Principal | None:
        """Who it is; one whom the browser made known, unasked, has to come from a page of ours."""
        if not self._settings.ways:
            self._same_origin(request, strict=False)
            return anyone(self._settings.default_tenant)
        shown = presented(request, self._settings)
        if isinstance(shown, Cookie):
            self._same_origin(request, strict=True)
        return await identities.of(shown)

    def _same_origin(self, request: Request, *, strict: bool) -> None:
        if request.method in SAFE or self._may_call(request, strict=strict):
            return
        raise Problem(
            403, "A page of another site may not do this; send a key or a token instead of a cookie."
        )

    def _may_call(self, request: Request, *, strict: bool) -> bool:
        ours = from_our_page(request, self._settings)
        known = request.headers.get("origin") in self._settings.cors_origins
        return not strict if ours is None else ours or (known and not strict)


class _Gauge:
    """How often somebody has asked."""

    def __init__(self, limiters: Mapping[Tier, Limiter], address: str) -> None:
        self._limiters = limiters
        self._address = address

    async def count_of(self, who: Principal) -> None:
        """Count a request of one who is known; where all are the same, by address."""
        name = f"at:{self._address}" if who.via == "none" else f"by:{who.tenant_id}:{who.name}"
        await self.count(who.role, f"RATE_LIMIT_{who.role.upper()}", name)

    async def count_open(self) -> None:
        """Count a login, or what leads to one, apart from what else is refused at that address."""
        await self.count("anonymous", RATE_ANONYMOUS, f"open:{self._address}")

    async def count(self, tier: Tier, setting: str, name: str | None = None) -> None:
        """Count a request.

        Raises:
            Problem: 429, it is one too many.
        """
        wait = await self._limiters[tier].seconds_to_wait(name or f"unknown:{self._address}")
        if wait is not None:
            raise too_many(wait, setting)


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"
