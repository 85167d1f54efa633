"""``pipelinectl keys``: API keys of any tenant, made, listed and revoked by whoever reaches the database."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from common.ctl.running import NOT_FOUND, AsJson, Tenant, database, end, note, now, ran, say

if TYPE_CHECKING:
    from common.access.keys import ApiKeys
    from common.access.scopes import Role, Scope

keys = typer.Typer(help="API keys: made (and shown once), listed, revoked.", no_args_is_help=True)


@keys.command()
def create(
    label: Annotated[str, typer.Argument(help="What you call it.")],
    *,
    tenant: Tenant = "default",
    role: Annotated[str | None, typer.Option(help="users, analysts or admins.")] = None,
    scopes: Annotated[str | None, typer.Option(help="Instead of a role: read,export …")] = None,
    days: Annotated[
        int | None, typer.Option(min=1, help="Days it works; it never expires unless given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is printed once, and kept as a hash; without --days it never expires."""
    allowed = _allowed(role, scopes)

    async def made() -> dict[str, Any]:
        from common.access.keys import Wanted

        ends = now() + timedelta(days=days) if days else None
        async with database() as opened:
            made = _kept(opened)
            minted = made.mint(Wanted(tenant, label, allowed, "pipelinectl", ends), now())
            await note(opened, tenant, "keys.create", minted.key.key_id)
            await made.keep(minted)
        return {"key": minted.text} | minted.key.model_dump(mode="json", include={"key_id", "expires_at"})

    say(ran(made()), as_json=as_json)
    if days is None:
        typer.echo("This key never expires: --days gives one an end, `keys revoke` ends this one.", err=True)


@keys.command("list")
def list_(*, tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """A tenant's keys: what each may do, and when it was used last."""

    async def found() -> list[Any]:
        async with database() as opened:
            return [key.told for key in await _kept(opened).listed(tenant)]

    say(ran(found()), as_json=as_json)


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="Its id, as `list` has it.")],
    *,
    children: Annotated[bool, typer.Option(help="Those made with it, too, and with those.")] = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Let a key work no longer, from now on; sessions that it began end with it, keys made with it do not."""

    async def gone() -> list[str]:
        async with database() as opened:
            return await _revoked(opened, tenant, key_id, children=children)

    revoked = ran(gone())
    if not revoked:
        end(f"Tenant {tenant} has no such key; --tenant names another.", NOT_FOUND)
    say({"revoked": key_id} | ({"children": revoked[1:]} if children else {}), as_json=as_json)


async def _revoked(opened: Any, tenant: str, key_id: str, *, children: bool) -> list[str]:
    """That key, and those made with it if they are meant, too; none where it is no key of the tenant's."""
    kept, revoked = _kept(opened), [key_id]
    await note(opened, tenant, "keys.revoke", key_id)
    if not await kept.revoke(tenant, key_id, now()):
        return []
    if children:
        async for child in kept.made_with(tenant, key_id):
            await note(opened, tenant, "keys.revoke", child)
            await kept.revoke(tenant, child, now())
            revoked.append(child)
    return revoked


def _allowed(role: str | None, scopes: str | None) -> "frozenset[Scope]":
    from common.access.scopes import SCOPES, Scope

    if (role is None) is (scopes is None):
        raise typer.BadParameter("name a role or scopes, and not both", param_hint="--role")
    if role is not None:
        return SCOPES[_role(role)]
    named = frozenset[Any]((scopes or "").replace(" ", "").split(","))
    if unknown := sorted(named - set(get_args(Scope))):
        raise typer.BadParameter(f"no such scope: {', '.join(unknown)}", param_hint="--scopes")
    return named


def _role(text: str) -> "Role":
    from common.access.scopes import SCOPES

    found: Role | None = next((role for role in SCOPES if role == text), None)
    if found is None:
        raise typer.BadParameter(f"none of {', '.join(SCOPES)}", param_hint="--role")
    return found


def _kept(opened: Any) -> "ApiKeys":
    from common.access.keys import ApiKeys

    return ApiKeys(opened["api_keys"])
