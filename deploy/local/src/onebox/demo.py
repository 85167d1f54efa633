"""The login of ``make run``: an API key that works as long as it runs."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from common.access.keys import ApiKeys, Wanted
from common.access.scopes import SCOPES
from common.clients import open_mongo
from common.settings import MongoSettings

from onebox.door import PREFIX

AUTH: Final = "keys"
"""How the door is run unless the caller's environment says otherwise."""

LONGEST: Final = timedelta(days=1)
"""A key that a kill left behind in somebody's database works no longer than this."""


@asynccontextmanager
async def demo_key(environment: Mapping[str, str]) -> AsyncIterator[str | None]:
    """An admin's key of the default tenant, revoked at the end; None where AUTH takes no keys."""
    if "keys" not in environment.get("AUTH", "").split(","):
        yield None
        return
    tenant, now = environment.get("DEFAULT_TENANT") or "default", datetime.now(UTC)
    settings = MongoSettings.model_validate(
        {"mongodb_uri": environment["MONGODB_URI"], "mongodb_database": environment["MONGODB_DATABASE"]}
    )
    async with open_mongo(settings) as database:
        keys = ApiKeys(database["api_keys"])
        minted = await keys.create(
            Wanted(tenant, "make run", SCOPES["admins"], "make run", now + LONGEST), now
        )
        try:
            yield minted.text
        finally:
            await keys.revoke(tenant, minted.key.key_id, datetime.now(UTC))


def page(url: str, key: str | None) -> str:
    """Where people come in; a fragment stays in the browser, so the key reaches no server's log."""
    return f"{url}/#key={key}" if key else f"{url}/"


def entry(url: str, key: str | None) -> dict[str, str]:
    """What programs come in by, as variables."""
    return {"API": f"{url}{PREFIX}"} | ({"CALLSTREAM_KEY": key} if key else {})
