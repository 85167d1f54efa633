"""The login that `make run` gives out."""

from datetime import UTC, datetime
from typing import Any

from common.access.keys import ApiKeys
from common.access.scopes import SCOPES
from onebox.demo import demo_key, entry, page
from servers import Servers


async def test_a_key_works_as_long_as_it_runs(database: Any, server: Servers, fresh: str) -> None:
    """An admin's, of the tenant whose calls are handed in; revoked at the end."""
    environment = {"AUTH": "oidc,keys", "MONGODB_URI": server("mongo"), "MONGODB_DATABASE": fresh}
    keys = ApiKeys(database["api_keys"])
    async with demo_key(environment | {"DEFAULT_TENANT": "acme"}) as text:
        assert text is not None
        during = await keys.opened(text, datetime.now(UTC))
        told = entry("http://127.0.0.1:8000", text)

    assert during is not None
    assert ("acme", SCOPES["admins"]) == (during.tenant_id, during.scopes)
    assert await keys.opened(text, datetime.now(UTC)) is None
    assert f"http://127.0.0.1:8000/#key={text}" == page("http://127.0.0.1:8000", text)
    assert {"API": "http://127.0.0.1:8000/api/v1", "CALLSTREAM_KEY": text} == told


async def test_where_no_keys_are_taken_none_is_made() -> None:
    """AUTH=none needs no login."""
    async with demo_key({"AUTH": "none"}) as text:
        assert text is None
        assert "http://127.0.0.1:8000/" == page("http://127.0.0.1:8000", text)
        assert {"API": "http://127.0.0.1:8000/api/v1"} == entry("http://127.0.0.1:8000", text)
