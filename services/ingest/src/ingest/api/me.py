"""Who is asking, as the door sees it."""

from common.access.scopes import Role, Scope
from common.model import Noun
from fastapi import APIRouter

from ingest.api.given import ThePrincipal
from ingest.api.samples.access import ME
from ingest.security.admission import KNOWN
from ingest.security.principal import Via

router = APIRouter(tags=["access"])


class Me(Noun):
    """Somebody who was let in; ``name`` is an id, ``via`` how they are known."""

    name: str
    tenant_id: str
    role: Role
    scopes: tuple[Scope, ...]
    via: Via


@router.get("/me", summary="Identify the caller", dependencies=[KNOWN], operation_id="me", responses=ME)
async def me(who: ThePrincipal) -> Me:
    """Who you are, whose calls you see, and what you may do."""
    return Me(
        name=who.name,
        tenant_id=who.tenant_id,
        role=who.role,
        scopes=tuple(sorted(who.scopes)),
        via=who.via,
    )
