"""A door that asks who is there, and keys to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from common.access.keys import ApiKey, Minted, Wanted
from common.access.scopes import SCOPES, Role, Scope
from door_scene import Door, opened
from ingest_scene import Outside, door_settings

NETWORK = "http://calls.test:8000"
PAGE = {"Sec-Fetch-Site": "same-origin"}


@asynccontextmanager
async def guarded(base_url: str = NETWORK, **more: Any) -> AsyncIterator[Door]:
    """AUTH=keys, seen from a network."""
    async with opened(Outside(door_settings(**({"auth": "keys"} | more))), base_url) as door:
        yield door


async def minted(
    door: Door, role: Role = "users", tenant: str = "default", *scopes: Scope, **more: Any
) -> Minted:
    """A key of a tenant, for a role or some scopes."""
    wanted = Wanted(tenant, "test", frozenset(scopes) or SCOPES[role], "test", **more)
    made: Minted = await door.outside.security["api_keys"].create(wanted, door.outside.now)
    return made


async def known(door: Door, role: Role = "users", tenant: str = "default", *scopes: Scope) -> dict[str, str]:
    """The header of a new key."""
    return {"Authorization": f"Bearer {(await minted(door, role, tenant, *scopes)).text}"}


async def listed(door: Door, tenant: str = "default") -> list[ApiKey]:
    """A tenant's keys, as they are kept."""
    found: list[ApiKey] = await door.outside.security["api_keys"].listed(tenant)
    return found


async def logged_in(door: Door, key: str, **headers: str) -> httpx.Response:
    """Log in on the page; the client holds the cookie from then on."""
    return await door.client.post("/api/v1/session", json={"key": key}, headers=PAGE | headers)
