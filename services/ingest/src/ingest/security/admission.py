"""Who may ask for what: the one dependency that every route but the open ones passes."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from common.access.audit import Action, AuditLog, Deed, Through
from common.model import TenantId
from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer, SecurityScopes

from ingest.problems import Problem
from ingest.security.presented import COOKIE
from ingest.security.principal import Principal, Scope

REFUSED: Final = "Log in, or send a valid access token or API key: 'Authorization: Bearer …'."

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_BEARER: Final = HTTPBearer(
    scheme_name="bearer", description="An access token of the issuer, or an API key", auto_error=False
)
_COOKIE: Final = APIKeyCookie(
    name=COOKIE,
    scheme_name="session",
    description="What `POST /session` sets; named `__Host-callstream` where the page is served by TLS",
    auto_error=False,
)


def refused() -> Problem:
    """The same, whatever is wrong with what was shown."""
    return Problem(401, REFUSED, headers={"WWW-Authenticate": "Bearer"})


async def principal(request: Request) -> Principal:
    """Who was let in.

    Raises:
        Problem: 401, nobody was.
    """
    who: Principal | None = getattr(request.state, "principal", None)
    if who is None:
        raise refused()
    return who


ThePrincipal = Annotated[Principal, Depends(principal)]


async def admitted(
    who: ThePrincipal,
    scopes: SecurityScopes,
    _token: Annotated[Any, Depends(_BEARER)],
    _session: Annotated[Any, Depends(_COOKIE)],
) -> None:
    """Let them in who may do what the route is for.

    Raises:
        Problem: 401, nobody is known; 403, they may not.
    """
    require(who, scopes.scopes)


def require(who: Principal, scopes: Iterable[str]) -> None:
    """Let them do what takes these scopes.

    Raises:
        Problem: 403, they may not.
    """
    if missing := [scope for scope in scopes if scope not in who.scopes]:
        challenge = f'Bearer error="insufficient_scope", scope="{" ".join(missing)}"'
        raise Problem(403, f"This needs the scope '{missing[0]}'.", headers={"WWW-Authenticate": challenge})


def needs(scope: Scope) -> Any:
    """What a route names among its ``dependencies``: exactly one scope, so that admission happens once."""
    return Security(admitted, scopes=[scope])


KNOWN: Final[Any] = Security(admitted)
"""What a route names instead if anybody who is known may ask."""


@dataclass(frozen=True, slots=True)
class Noted:
    """Writes down what is asked for, before it is done."""

    action: Action

    async def __call__(self, request: Request, who: ThePrincipal) -> None:
        """Write it down."""
        named = next(iter(request.path_params.values()), None)
        await note(request, who, self.action, named)


async def note(
    request: Request, who: Principal, action: Action, what: Any, through: Through | None = None
) -> None:
    """Write down what somebody is about to be given or to do; *what* is told if it is an id.

    Raises:
        Transient: it cannot be written, so it must not be done.
    """
    log: AuditLog = request.app.state.opened["audit"]
    clock: Callable[[], datetime] = request.app.state.opened["clock"]
    known = what if isinstance(what, str) and _ID.fullmatch(what) else None
    deed = Deed(
        tenant_id=who.tenant_id, who=who.name, via=who.via, action=action, what=known, through=through
    )
    await log.note(deed, clock())


def noted(action: Action) -> Any:
    """What a route names behind its ``needs`` when the audit log is to tell of it."""
    return Depends(Noted(action))


async def tenant(who: ThePrincipal) -> TenantId:
    """Whose calls they may see."""
    return who.tenant_id
