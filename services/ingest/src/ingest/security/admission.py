"""The one dependency that every route but those for health passes: it decides who may ask for what."""

from typing import Annotated, Any

from common.model import TenantId
from fastapi import Depends, Request, Security
from fastapi.security import SecurityScopes

from ingest.security.principal import SCOPES, Principal, Scope


async def admitted(request: Request, _scopes: SecurityScopes) -> None:
    """Let them in who may do what the route is for; until there are accounts, all who sit at this machine."""
    tenant_id = request.app.state.settings.default_tenant
    request.state.principal = Principal("anyone", tenant_id, SCOPES["admins"])


def needs(scope: Scope) -> Any:
    """What a route names among its ``dependencies``: exactly one scope, so that admission happens once."""
    return Security(admitted, scopes=[scope])


async def principal(request: Request) -> Principal:
    """Who was let in. A route that admitted nobody fails here."""
    asks: Principal = request.state.principal
    return asks


async def tenant(who: Annotated[Principal, Depends(principal)]) -> TenantId:
    """Whose calls they may see."""
    return who.tenant_id
