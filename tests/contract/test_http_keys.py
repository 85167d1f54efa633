"""What the door promises about API keys: shown once, scoped, of one tenant, gone when they are revoked."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from access_scene import PAGE, guarded, known, listed, logged_in, minted
from door_scene import Door, problem


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with guarded() as door:
        yield door


async def test_a_key_says_who_asks(door: Door) -> None:
    """By its id, for its tenant, with its scopes."""
    key = await minted(door, "analysts", "acme")
    answer = await door.get("/me", Authorization=f"Bearer {key.text}")

    assert {
        "name": f"key:{key.key.key_id}",
        "tenant_id": "acme",
        "role": "analysts",
        "scopes": sorted(key.key.scopes),
        "via": "key",
    } == answer.json()


async def test_whatever_is_wrong_with_a_key_the_answer_is_the_same(door: Door) -> None:
    """401 tells an unknown key, a wrong secret, an expired and a revoked one not apart."""
    good = (await minted(door)).text
    other = (await minted(door)).text
    expired = (await minted(door, expires_at=door.outside.now)).text
    revoked = await minted(door)
    await door.outside.security["api_keys"].revoke("default", revoked.key.key_id, door.outside.now)
    wrong = [
        good[:20] + other[20:],
        "cs_0123456789abcdef_" + "a" * 43,
        good[:-1],
        "cs_",
        expired,
        revoked.text,
    ]

    nobody = await door.get("/me")
    answers = [await door.get("/me", Authorization=f"Bearer {text}") for text in wrong]

    assert 401 == problem(nobody)[0]
    assert "Bearer" == nobody.headers["www-authenticate"]
    assert {(401, nobody.content)} == {(answer.status_code, answer.content) for answer in answers}


@pytest.mark.parametrize("header", ["Basic dTpw", "Bearer", "Bearer ", "bearer x", "x" * 20_000])
async def test_other_proofs_are_none(door: Door, header: str) -> None:
    """Only a bearer token counts, and none of any size."""
    assert 401 == (await door.get("/me", Authorization=header)).status_code


async def test_nothing_that_is_kept_opens_the_door(door: Door) -> None:
    """What lies in the database is the hash of a 256-bit secret."""
    key = await minted(door)
    (row,) = [row async for row in door.outside.rows["api_keys"].find({})]

    secret = key.text.rsplit("_", 1)[-1]
    assert 43 <= len(key.text.removeprefix(f"cs_{key.key.key_id}_"))
    assert not any(secret in str(value) or key.text in str(value) for value in row.values())


async def test_an_admin_makes_lists_and_revokes_keys(door: Door) -> None:
    """The key is told once, works, and works no longer once it is revoked."""
    admin = await known(door, "admins", "acme")
    asked = {"label": "crm", "scopes": ["read", "export"], "expires_in_days": 7}
    made = await door.client.post("/api/v1/keys", json=asked, headers=admin)
    new = {"Authorization": f"Bearer {made.json()['key']}"}
    before = await door.client.get("/api/v1/me", headers=new)
    told = await door.client.get("/api/v1/keys", headers=admin)
    gone = await door.client.delete(f"/api/v1/keys/{made.json()['key_id']}", headers=admin)
    after = await door.client.get("/api/v1/me", headers=new)

    assert (201, "no-store", ["export", "read"]) == (
        made.status_code,
        made.headers["cache-control"],
        made.json()["scopes"],
    )
    assert ("acme", 204, 401) == (before.json()["tenant_id"], gone.status_code, after.status_code)
    assert {"crm", "test"} == {key["label"] for key in told.json()["keys"]}
    assert made.json()["key"] not in told.text


async def test_keys_made_with_a_revoked_one_live_on_unless_they_are_meant_too(door: Door) -> None:
    """By it, by a session of it, and by those: nobody's else, and each is on record."""
    root = await minted(door, "admins", "acme")
    header = {"Authorization": f"Bearer {root.text}"}
    child = await made_by(door, header)
    await logged_in(door, root.text)
    by_session = await made_by(door, PAGE)
    door.client.cookies.clear()
    grandchild = await made_by(door, bearer(child))
    await door.outside.security["api_keys"].revoke("acme", child["key_id"], door.outside.now)
    admin = await known(door, "admins", "acme")
    path = f"/api/v1/keys/{root.key.key_id}"
    alone = (await door.client.delete(path, headers=admin)).status_code
    before = [(await door.get("/me", **bearer(each))).status_code for each in (by_session, grandchild)]
    together = (await door.client.delete(path, params={"children": True}, headers=admin)).status_code
    after = [(await door.get("/me", **bearer(each))).status_code for each in (by_session, grandchild)]

    rows = await door.outside.security["audit"].newest("acme", 20)
    ids = [root.key.key_id, by_session["key_id"], grandchild["key_id"]]
    assert (204, [200, 200], 204, [401, 401]) == (alone, before, together, after)
    assert 200 == (await door.get("/me", **admin)).status_code
    assert sorted([root.key.key_id, *ids]) == sorted(row.what for row in rows if row.action == "keys.revoke")


async def test_no_key_is_made_with_one_that_is_revoked_meanwhile(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where those made with it have been looked for already."""
    root = await minted(door, "admins", "acme")
    keys = door.outside.security["api_keys"]
    insert = door.outside.rows["api_keys"].insert_one

    async def late(row: Any) -> None:
        await keys.revoke("acme", root.key.key_id, door.outside.now)
        assert [] == [child async for child in keys.made_with("acme", root.key.key_id)]
        await insert(row)

    monkeypatch.setattr(door.outside.rows["api_keys"], "insert_one", late)
    asked = {"label": "x", "scopes": ["read", "keys"]}
    answer = await door.client.post(
        "/api/v1/keys", json=asked, headers={"Authorization": f"Bearer {root.text}"}
    )

    assert 401 == problem(answer)[0]
    assert not [key for key in await listed(door, "acme") if key.works(door.outside.now)]


def bearer(key: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {key['key']}"}


async def made_by(door: Door, who: dict[str, str]) -> Any:
    asked = {"label": "x", "scopes": ["read", "keys"]}
    return (await door.client.post("/api/v1/keys", json=asked, headers=who)).json()


async def test_a_key_expires(door: Door) -> None:
    """On its second."""
    key = await minted(door, expires_at=door.outside.now + timedelta(days=1))
    header = {"Authorization": f"Bearer {key.text}"}
    before = (await door.get("/me", **header)).status_code
    door.outside.now += timedelta(days=1)

    assert (200, 401) == (before, (await door.get("/me", **header)).status_code)


async def test_nobody_makes_a_key_that_can_do_more_than_they(door: Door) -> None:
    """A key that may make keys passes on what it has, and nothing else."""
    maker = await known(door, "users", "default", "read", "keys")
    more = await door.client.post("/api/v1/keys", json={"label": "x", "role": "admins"}, headers=maker)
    same = await door.client.post("/api/v1/keys", json={"label": "x", "scopes": ["read"]}, headers=maker)

    assert 403 == problem(more)[0]
    assert (201, 2) == (same.status_code, len(await listed(door)))


@pytest.mark.parametrize(
    "asked",
    [
        {"label": "x"},
        {"label": "x", "role": "users", "scopes": ["read"]},
        {"label": " ", "role": "users"},
        {"label": "x", "role": "users", "tenant_id": "globex"},
        {"label": "x", "scopes": ["everything"]},
    ],
)
async def test_a_key_is_asked_for_clearly(door: Door, asked: dict[str, object]) -> None:
    """422, and no key."""
    admin = await known(door, "admins")

    assert 422 == (await door.client.post("/api/v1/keys", json=asked, headers=admin)).status_code
    assert 1 == len(await listed(door))


async def test_the_last_use_is_written_down_once_a_minute(door: Door) -> None:
    """Who looks for keys that nobody needs finds them; not every request costs a write."""
    key = await minted(door)
    header = {"Authorization": f"Bearer {key.text}"}
    times = []
    for seconds in (0, 30, 31):
        door.outside.now += timedelta(seconds=seconds)
        await door.get("/me", **header)
        times.append((await listed(door))[0].last_used_at)

    begin = key.key.created_at
    assert [begin, begin, begin + timedelta(seconds=61)] == times


async def test_a_key_ends_no_later_than_the_one_that_made_it(door: Door) -> None:
    """However long is asked for, and though nothing is; by its session as by itself."""
    ends = door.outside.now + timedelta(days=2)
    maker = await minted(door, "admins", expires_at=ends)
    header = {"Authorization": f"Bearer {maker.text}"}
    await logged_in(door, maker.text)
    asked: list[dict[str, Any]] = [{}, {"expires_in_days": 30}, {"expires_in_days": 1}]
    made = [
        (await door.client.post("/api/v1/keys", json={"label": "x", "scopes": ["read"], **more}, headers=how))
        for how in (header, PAGE)
        for more in asked
    ]

    day = door.outside.now + timedelta(days=1)
    assert [ends, ends, day] * 2 == [datetime.fromisoformat(each.json()["expires_at"]) for each in made]
