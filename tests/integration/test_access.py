"""Keys, sessions and the audit log on a real MongoDB; and pipelinectl's commands for them."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from common.access.audit import AuditLog, Deed, Place
from common.access.keys import ApiKeys, Wanted
from common.access.scopes import SCOPES
from common.ctl.main import app
from ingest.security.sessions import Login, Session, Sessions
from servers import Servers
from typer.testing import CliRunner

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
async def keys(database: Any) -> ApiKeys:
    keys = ApiKeys(database["api_keys"])
    await keys.prepare()
    return keys


@pytest.fixture
async def sessions(database: Any) -> Sessions:
    sessions = Sessions(database["sessions"])
    await sessions.prepare()
    return sessions


def wanted(tenant: str = "acme", **more: Any) -> Wanted:
    return Wanted(tenant, "crm", SCOPES["users"], **({"made_by": "test"} | more))


async def test_a_key_opens_until_it_is_revoked(keys: ApiKeys) -> None:
    """By all of it, for its own tenant; another tenant revokes nothing."""
    minted = await keys.create(wanted(), NOW)
    opened = await keys.opened(minted.text, NOW)
    elsewhere = await keys.revoke("globex", minted.key.key_id, NOW)
    still = await keys.opened(minted.text, NOW)
    revoked = [await keys.revoke("acme", minted.key.key_id, NOW) for _ in range(2)]

    assert minted.key == opened
    assert (False, True, [True, True]) == (elsewhere, still is not None, revoked)
    assert (None, None) == (
        await keys.opened(minted.text, NOW),
        await keys.alive(minted.key.key_id, NOW),
    )


async def test_keys_are_listed_newest_first_with_their_last_use(keys: ApiKeys) -> None:
    """Those of one tenant."""
    first = await keys.create(wanted(), NOW)
    second = await keys.create(wanted(), NOW + timedelta(seconds=1))
    await keys.create(wanted("globex"), NOW)
    await keys.opened(first.text, NOW)

    assert [(second.key.key_id, None), (first.key.key_id, NOW)] == [
        (key.key_id, key.last_used_at) for key in await keys.listed("acme")
    ]


async def test_a_session_is_found_until_it_ends(sessions: Sessions) -> None:
    """By what the browser holds, and by nothing that is kept; MongoDB takes away what is over."""
    ends = NOW + timedelta(hours=1)
    session = Session(name="s", tenant_id="acme", scopes=SCOPES["users"], expires_at=ends)
    held = await sessions.begin(session)
    found = [await sessions.find(held, at) for at in (NOW, ends)]
    await sessions.end(held)
    indexes = await sessions.collection.index_information()

    assert [session, None] == found
    assert await sessions.find(held, NOW) is None
    assert [0] == [index["expireAfterSeconds"] for index in indexes.values() if "expireAfterSeconds" in index]


async def test_a_login_is_found_once(sessions: Sessions) -> None:
    """However many bring its state at once; and it is no session."""
    login = Login(verifier="v", nonce="n", next="/", expires_at=NOW + timedelta(minutes=10))
    state = await sessions.expect(login)
    as_session = await sessions.find(state, NOW)
    found = await asyncio.gather(*(sessions.expected(state, NOW) for _ in range(5)))

    assert as_session is None
    assert [login] == [one for one in found if one]


async def test_rows_are_read_page_by_page(database: Any) -> None:
    """Newest first; those of the same moment each once."""
    log = AuditLog(database["audit"], timedelta(days=400))
    await log.prepare()
    for seconds in (0, 1, 1, 2):
        deed = Deed(tenant_id="acme", who="s", via="oidc", action="call.read", what="c-1")
        await log.note(deed, NOW + timedelta(seconds=seconds))
    read, after = [], None
    while page := await log.newest("acme", 1, after=after):
        read += page
        after = Place(at=page[0].at, id=page[0].id)

    assert [2, 1, 1, 0] == [(row.at - NOW).seconds for row in read]
    assert 4 == len({row.id for row in read})
    assert [] == await log.newest("globex", 10)


async def test_pipelinectl_makes_lists_and_revokes_keys(keys: ApiKeys, server: Servers, fresh: str) -> None:
    """What it prints opens the door; what it did is in the audit log."""

    async def ctl(*arguments: str) -> Any:
        environment = {"MONGODB_URI": server("mongo"), "MONGODB_DATABASE": fresh, "COLUMNS": "200"}
        return await asyncio.to_thread(CliRunner().invoke, app, [*arguments, "--json"], env=environment)

    made = json.loads(
        (await ctl("keys", "create", "crm", "--tenant", "acme", "--scopes", "read,export")).stdout
    )
    opened = await keys.opened(made["key"], datetime.now(UTC))
    (told,) = json.loads((await ctl("keys", "list", "--tenant", "acme")).stdout)
    foreign = await ctl("keys", "revoke", made["key_id"], "--tenant", "globex")
    revoked = await ctl("keys", "revoke", made["key_id"], "--tenant", "acme")
    rows = json.loads((await ctl("audit", "--tenant", "acme")).stdout)

    assert opened is not None
    assert ({"read", "export"}, "analysts", "crm") == (set(opened.scopes), told["role"], told["label"])
    assert (3, 0) == (foreign.exit_code, revoked.exit_code)
    assert await keys.opened(made["key"], datetime.now(UTC)) is None
    assert ["keys.revoke", "keys.create"] == [row["action"] for row in rows]
    assert {"pipelinectl"} == {row["who"] for row in rows}


async def test_pipelinectl_revokes_keys_made_with_a_key(keys: ApiKeys, server: Servers, fresh: str) -> None:
    """All the way down, of its tenant; each is on record."""
    environment = {"MONGODB_URI": server("mongo"), "MONGODB_DATABASE": fresh}
    root = (await keys.create(wanted(), NOW)).key
    child = (await keys.create(wanted(made_by=root.holder), NOW)).key
    grandchild = (await keys.create(wanted(made_by=child.holder), NOW)).key
    other = (await keys.create(wanted("globex", made_by=root.holder), NOW)).key
    command = ["keys", "revoke", root.key_id, "--tenant", "acme", "--children", "--json"]
    told = json.loads((await asyncio.to_thread(CliRunner().invoke, app, command, env=environment)).stdout)

    ids = [root.key_id, child.key_id, grandchild.key_id]
    assert {"revoked": ids[0], "children": ids[1:]} == told
    assert [None, None, None, other.key_id] == [
        key and key.key_id for key in [await keys.alive(each, NOW) for each in (*ids, other.key_id)]
    ]


@pytest.mark.parametrize("days", [(), ("--days", "90")], ids=["none", "ninety"])
async def test_a_key_without_an_end_says_so(server: Servers, fresh: str, days: tuple[str, ...]) -> None:
    """Beside what it prints, so that a program still reads JSON: nobody makes one for ever unawares."""
    environment = {"MONGODB_URI": server("mongo"), "MONGODB_DATABASE": fresh}
    made = await asyncio.to_thread(
        CliRunner().invoke,
        app,
        ["keys", "create", "crm", "--role", "users", *days, "--json"],
        env=environment,
    )

    endless = not days
    assert (endless, endless) == (
        "never expires" in made.stderr,
        json.loads(made.stdout)["expires_at"] is None,
    )


@pytest.mark.parametrize(
    "arguments",
    [(), ("--role", "owners"), ("--scopes", "everything"), ("--role", "users", "--scopes", "read")],
)
def test_pipelinectl_says_which_keys_there_are(arguments: tuple[str, ...]) -> None:
    """Exit code 2, before anything is asked for."""
    result = CliRunner().invoke(app, ["keys", "create", "crm", *arguments])

    assert 2 == result.exit_code
