"""API keys of a tenant: made, listed and revoked by its admins."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from common.access.keys import KeyId, Label, ToldKey, Wanted
from common.access.scopes import SCOPES, Role, Scope
from common.model import Noun
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import ConfigDict, Field, model_validator

from ingest.api.given import TheApiKeys, TheClock, ThePrincipal, TheTenant
from ingest.api.samples.access import KEYS, NEW_KEY, REVOKED
from ingest.problems import Problem
from ingest.security.admission import needs, note, noted, refused

router = APIRouter(prefix="/keys", tags=["access"])


class KeyRequest(Noun):
    """The key to make: as a role, or for some scopes."""

    model_config = ConfigDict(extra="forbid")

    label: Label = Field(description="What you call it", examples=["crm export"])
    role: Role | None = None
    scopes: Annotated[tuple[Scope, ...], Field(max_length=20)] = ()
    expires_in_days: Annotated[int, Field(ge=1, le=3650)] | None = Field(
        None, description="Days it works; null: it never expires, unless the key you show does"
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.role is None) is not bool(self.scopes):
            raise ValueError("name a role or scopes, and not both")
        return self

    @property
    def wanted(self) -> frozenset[Scope]:
        """What the key is to be good for."""
        return SCOPES[self.role] if self.role else frozenset(self.scopes)

    def ends(self, now: datetime) -> datetime | None:
        """When it is to expire."""
        return now + timedelta(days=self.expires_in_days) if self.expires_in_days else None


class NewKey(ToldKey):
    """A new key; ``key`` is told this once."""

    key: str


class KeyList(Noun):
    """A tenant's keys, newest first."""

    keys: tuple[ToldKey, ...]


@router.get(
    "",
    summary="List API keys",
    dependencies=[needs("keys"), noted("keys.list")],
    operation_id="list_keys",
    responses=KEYS,
)
async def listed(tenant: TheTenant, keys: TheApiKeys) -> KeyList:
    """The keys of your tenant, those that no longer work included."""
    return KeyList(keys=tuple(key.told for key in await keys.listed(tenant)))


@router.post(
    "",
    summary="Create an API key",
    dependencies=[needs("keys")],
    status_code=201,
    operation_id="create_key",
    responses=NEW_KEY,
)
async def create(
    asked: KeyRequest,
    request: Request,
    who: ThePrincipal,
    keys: TheApiKeys,
    clock: TheClock,
    response: Response,
) -> NewKey:
    """Make a key for a machine; it can do no more than you can, and no longer than the key you show."""
    if beyond := sorted(asked.wanted - who.scopes):
        raise Problem(403, f"A key cannot do more than its maker; you lack {', '.join(beyond)}.")
    now = clock()
    ends = _first(asked.ends(now), who.ends_at)
    minted = keys.mint(Wanted(who.tenant_id, asked.label, asked.wanted, who.name, ends), now)
    await note(request, who, "keys.create", minted.key.key_id)
    if not await keys.keep(minted):
        raise refused()
    response.headers["Cache-Control"] = "no-store"
    return NewKey(key=minted.text, **dict(minted.key.told))


@router.delete(
    "/{key_id}",
    summary="Revoke an API key",
    dependencies=[needs("keys"), noted("keys.revoke")],
    status_code=204,
    operation_id="revoke_key",
    responses=REVOKED,
)
async def revoke(
    key_id: Annotated[KeyId, Path()],
    request: Request,
    who: ThePrincipal,
    keys: TheApiKeys,
    clock: TheClock,
    *,
    children: Annotated[bool, Query(description="Those made with it, too, and with those")] = False,
) -> Response:
    """Let a key work no longer, from now on; sessions that it began end with it, keys made with it do not."""
    if not await keys.revoke(who.tenant_id, key_id, clock()):
        raise Problem(404, "There is no such key.")
    if children:
        async for child in keys.made_with(who.tenant_id, key_id):
            await note(request, who, "keys.revoke", child)
            await keys.revoke(who.tenant_id, child, clock())
    return Response(status_code=204)


def _first(*ends: datetime | None) -> datetime | None:
    return min((each for each in ends if each), default=None)
