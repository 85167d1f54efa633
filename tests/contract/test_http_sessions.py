"""What the door promises the page: logging in by key or issuer, and that no other page acts for you."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import httpx2
import pytest
from access_scene import NETWORK, PAGE, guarded, logged_in, minted
from door_scene import Door, opened, problem
from ingest.security.opening import known
from ingest_scene import Outside, door_settings
from oidc_issuer import CLIENT, MOVED, Issuer, running_issuer


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with guarded() as door:
        yield door


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with running_issuer() as issuer:
        yield issuer


@pytest.fixture
async def with_issuer(issuer: Issuer) -> AsyncIterator[Door]:
    settings = door_settings(auth="oidc,keys", oidc_issuer=issuer.url, oidc_client_id=CLIENT)
    async with AsyncExitStack() as life:
        client = await life.enter_async_context(httpx2.AsyncClient())
        outside = Outside(settings, now=datetime.now(UTC), issuer=client)
        yield await life.enter_async_context(opened(outside, NETWORK))


def held(door: Door) -> dict[str, str]:
    """What the browser would send."""
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in door.client.cookies.items())}


async def test_a_key_begins_a_session_that_ends_when_it_is_left(door: Door) -> None:
    """The cookie says who asks; after logging out it says nothing, even to whoever copied it."""
    key = await minted(door, "analysts", "acme")
    began = await logged_in(door, key.text)
    copied = held(door)
    inside = await door.get("/me")
    left = await door.client.delete("/api/v1/session", headers=PAGE)
    outside = [await door.get("/me"), await door.get("/me", **copied)]

    assert (204, 204) == (began.status_code, left.status_code)
    told = inside.json()
    assert (f"key:{key.key.key_id}", "acme", "session") == (told["name"], told["tenant_id"], told["via"])
    assert [401, 401] == [answer.status_code for answer in outside]


async def test_logging_in_again_ends_the_session_before(door: Door) -> None:
    """A browser holds one: no other is left that its reader cannot end."""
    key = await minted(door)
    await logged_in(door, key.text)
    before = held(door)
    await logged_in(door, key.text)
    after = held(door)
    door.client.cookies.clear()

    assert [401, 200] == [(await door.get("/me", **cookie)).status_code for cookie in (before, after)]


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(door: Door) -> None:
    """HttpOnly and SameSite; with TLS it is Secure, and bound to this host."""
    key = (await minted(door)).text
    plain = (await logged_in(door, key)).headers["set-cookie"]
    async with guarded("https://calls.test", public_url="https://calls.test") as secured:
        key = (await minted(secured)).text
        secure = (await logged_in(secured, key)).headers["set-cookie"]
        inside = await secured.get("/me")

    async with guarded(NETWORK, public_url="https://calls.test") as proxied:
        behind = (await logged_in(proxied, (await minted(proxied)).text)).headers["set-cookie"]

    assert "Secure" not in plain  # a browser drops what is, over plain HTTP
    assert ("__Host-callstream=", True) == (behind.partition("=")[0] + "=", "Secure" in behind)
    assert all(part in plain for part in ("callstream=", "HttpOnly", "SameSite=lax", "Path=/"))
    assert all(part in secure for part in ("__Host-callstream=", "HttpOnly", "SameSite=lax", "Secure"))
    assert "Domain" not in plain + secure
    assert 200 == inside.status_code


async def test_a_key_that_does_not_work_begins_nothing(door: Door) -> None:
    """401, and no cookie."""
    answer = await logged_in(door, "cs_0123456789abcdef_" + "a" * 43)

    assert 401 == problem(answer)[0]
    assert "set-cookie" not in answer.headers


async def test_a_session_ends_with_its_key_and_with_its_time(door: Door) -> None:
    """At once, wherever it is open; and after SESSION_HOURS."""
    key = await minted(door)
    await logged_in(door, key.text)
    door.outside.now += timedelta(hours=7)
    before = (await door.get("/me")).status_code
    await door.outside.security["api_keys"].revoke("default", key.key.key_id, door.outside.now)
    revoked = (await door.get("/me")).status_code
    await logged_in(door, (await minted(door)).text)
    door.outside.now += timedelta(hours=8)

    assert (200, 401, 401) == (before, revoked, (await door.get("/me")).status_code)


async def test_nothing_that_is_kept_is_a_cookie(door: Door) -> None:
    """The database has hashes of what browsers hold."""
    await logged_in(door, (await minted(door)).text)
    (row,) = [row async for row in door.outside.rows["sessions"].find({})]

    (cookie,) = door.client.cookies.values()
    assert cookie not in {str(value) for value in row.values()}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (PAGE, 404),
        ({"Origin": NETWORK}, 404),
        ({}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": NETWORK}, 403),
        ({"Origin": "http://evil.test"}, 403),
        ({"Origin": "http://localhost:3000"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_another_page_does_nothing_with_our_cookie(
    door: Door, headers: dict[str, str], status: int
) -> None:
    """What changes something has to come from a page of ours; a browser says where it comes from."""
    await logged_in(door, (await minted(door, "admins")).text)

    answer = await door.client.post("/api/v1/calls/c-1/redo", params={"from": "embed"}, headers=headers)

    assert status == problem(answer)[0]


async def test_another_page_logs_nobody_in_or_out(door: Door) -> None:
    """Nor is anybody made to act as somebody else."""
    key = (await minted(door)).text
    forced = await logged_in(door, key, **{"Sec-Fetch-Site": "cross-site"})
    await logged_in(door, key)
    thrown = await door.client.delete("/api/v1/session", headers={"Origin": "http://evil.test"})

    assert (403, 403, 200) == (forced.status_code, thrown.status_code, (await door.get("/me")).status_code)


async def test_without_authentication_pages_of_strangers_change_nothing() -> None:
    """Whoever sits at this machine may visit any page; programs say no origin and are let in."""
    async with opened(Outside(door_settings(cors_origins=("http://localhost:3000",)))) as door:
        path = "/api/v1/calls/c-1/redo?from=embed"
        strange = await door.client.post(path, headers={"Origin": "http://evil.test"})
        friends = [
            await door.client.post(path, headers=headers)
            for headers in (
                {},
                PAGE,
                {"Origin": "http://localhost:3000"},
                {"Origin": "http://127.0.0.1:8000"},
            )
        ]
        me = (await door.get("/me")).json()

    assert (403, {404}) == (strange.status_code, {answer.status_code for answer in friends})
    assert ("anyone", "default", "admins", "none") == tuple(
        me[name] for name in ("name", "tenant_id", "role", "via")
    )


async def test_the_page_learns_by_what_one_logs_in(door: Door, with_issuer: Door) -> None:
    """By nothing where nobody has to."""
    async with opened(Outside(door_settings())) as free:
        ways = [(await each.get("/session/options")).json()["ways"] for each in (free, door, with_issuer)]

    assert [[], ["keys"], ["oidc", "keys"]] == ways


def refusal(answer: httpx.Response) -> str:
    """Why the login view says that nobody was logged in."""
    return told(answer)["refused"]


def told(answer: httpx.Response) -> dict[str, str]:
    """What the login view is told."""
    assert 302 == answer.status_code
    path, _, query = answer.headers["location"].partition("?")
    assert "/login" == path
    return dict(parse_qsl(query))


async def went(door: Door, issuer: Issuer, to: str = "/calls/c-1") -> tuple[httpx.Response, dict[str, str]]:
    """Leave for the issuer, log in there, and get a code: what it was asked, and what comes back."""
    leaving = await door.client.get("/api/v1/session/oidc", params={"next": to})
    asked = {
        name: values[0] for name, values in parse_qs(urlsplit(leaving.headers["location"]).query).items()
    }
    issuer.codes["code-1"] = asked
    return leaving, {"code": "code-1", "state": asked["state"]}


async def returned(door: Door, issuer: Issuer, **more: str) -> httpx.Response:
    """Leave for the issuer, and come back with what it gave."""
    _, back = await went(door, issuer)
    return await door.client.get("/api/v1/session/callback", params=back | more)


async def test_the_issuer_logs_people_in(with_issuer: Door, issuer: Issuer) -> None:
    """Authorization code, PKCE, state and nonce; then the session has their role, and the page its path."""
    leaving, back = await went(with_issuer, issuer)
    came = await with_issuer.client.get("/api/v1/session/callback", params=back)
    me = (await with_issuer.get("/me")).json()

    asked = issuer.codes or parse_qs(urlsplit(leaving.headers["location"]).query)
    assert {"response_type", "client_id", "redirect_uri", "scope", "state", "nonce"} <= asked.keys()
    assert ["S256"] == asked["code_challenge_method"]
    assert (302, 302, "/calls/c-1") == (leaving.status_code, came.status_code, came.headers["location"])
    assert ("5f1c-subject", "acme", "analysts", "session") == tuple(
        me[name] for name in ("name", "tenant_id", "role", "via")
    )


async def test_a_login_is_finished_once_by_the_browser_that_began_it(
    with_issuer: Door, issuer: Issuer
) -> None:
    """A code that somebody else brings, or brings again, logs nobody in."""
    _, back = await went(with_issuer, issuer)
    mine = held(with_issuer)
    with_issuer.client.cookies.clear()
    path = "/api/v1/session/callback"
    stolen = await with_issuer.client.get(path, params=back)
    wrong = await with_issuer.client.get(path, params=back | {"state": "x"}, headers=mine)
    first = await with_issuer.client.get(path, params=back, headers=mine)
    again = await with_issuer.client.get(path, params=back, headers=mine)

    went_to = [answer.headers["location"] for answer in (stolen, wrong, first, again)]
    expired = "/login?refused=expired"
    assert [expired, expired, "/calls/c-1", expired] == went_to
    assert all("set-cookie" not in answer.headers for answer in (stolen, wrong, again))


async def test_an_id_token_of_another_login_logs_nobody_in(with_issuer: Door, issuer: Issuer) -> None:
    """The nonce binds it to this one; a code the issuer does not know is no login either."""
    issuer.identity = {"nonce": "another"}
    replayed = await returned(with_issuer, issuer)
    issuer.identity = {}
    unknown = await returned(with_issuer, issuer, code="code-2")

    assert ["unknown", "denied"] == list(map(refusal, (replayed, unknown)))
    assert 401 == (await with_issuer.get("/me")).status_code


ODD: dict[str, dict[str, Any]] = {
    "for another client": {"aud": "other"},
    "for nobody": {"aud": None},
    "asked for by another client": {"aud": [CLIENT, "other"], "azp": "other"},
    "of another issuer": {"iss": "https://elsewhere.test"},
    "expired": {"exp": int(time.time()) - 61},
    "without an end": {"exp": None},
    "of somebody else": {"sub": "another-subject"},
    "of nobody": {"sub": None},
    "an access token": {"token_use": "access"},
    "without a nonce": {"nonce": None},
}


@pytest.mark.parametrize("kind", ODD)
async def test_an_id_token_that_is_not_of_this_login_logs_nobody_in(
    with_issuer: Door, issuer: Issuer, kind: str
) -> None:
    """Though the access token beside it is good."""
    issuer.identity = ODD[kind]

    assert "unknown" == refusal(await returned(with_issuer, issuer))
    assert 401 == (await with_issuer.get("/me")).status_code


@pytest.mark.parametrize(
    "header", [{"crit": ["b64"], "b64": True}, {"kid": "r9"}], ids=["critical", "unknown"]
)
async def test_an_id_token_that_cannot_be_verified_logs_nobody_in(
    with_issuer: Door, issuer: Issuer, header: dict[str, Any]
) -> None:
    """Nor one with an extension that we do not know and have to heed."""
    issuer.identity_header = header

    assert "unknown" == refusal(await returned(with_issuer, issuer))


async def test_a_code_is_shown_to_the_issuer_alone(with_issuer: Door, issuer: Issuer) -> None:
    """A token endpoint that leads elsewhere is not followed there."""
    _, back = await went(with_issuer, issuer)
    issuer.moved = True
    answer = await with_issuer.client.get("/api/v1/session/callback", params=back)

    assert "unavailable" == refusal(answer)
    assert not [path for path in issuer.asked if path.startswith(MOVED)]


async def test_a_session_of_the_issuer_ends_where_it_is_no_longer_asked(
    with_issuer: Door, issuer: Issuer
) -> None:
    """Who takes oidc from AUTH has sent everybody home whom it let in."""
    await returned(with_issuer, issuer)
    before, outside = (await with_issuer.get("/me")).status_code, with_issuer.outside
    after = Outside(door_settings(auth="keys"), now=outside.now)
    after.security = known(after.settings, outside.rows, None, lambda: outside.now)
    async with opened(after, NETWORK) as without:
        answer = await without.get("/me", **held(with_issuer))

    assert (200, 401) == (before, answer.status_code)


@pytest.mark.parametrize("to", ["//evil.test", "https://evil.test", "/\\evil.test", "evil", "/\tx", ""])
async def test_after_a_login_nobody_is_led_elsewhere(with_issuer: Door, issuer: Issuer, to: str) -> None:
    """``next`` is a path of ours."""
    _, back = await went(with_issuer, issuer, to)

    assert "/" == (await with_issuer.client.get("/api/v1/session/callback", params=back)).headers["location"]


async def test_an_issuer_that_is_away_is_said_to_be(with_issuer: Door, issuer: Issuer) -> None:
    """On the login view; where there is no issuer at all, 404."""
    issuer.down = True
    leaving = await with_issuer.get("/session/oidc?next=/failed")
    async with guarded() as door:
        none = await door.get("/session/oidc")

    assert {"refused": "unavailable", "next": "/failed"} == told(leaving)
    assert 404 == problem(none)[0]


async def test_an_issuer_that_goes_away_meanwhile_is_said_to_have(with_issuer: Door, issuer: Issuer) -> None:
    """Whoever comes back with a code that cannot be exchanged may try again."""
    _, back = await went(with_issuer, issuer)
    issuer.down = True
    returned = await with_issuer.client.get("/api/v1/session/callback", params=back)

    assert "unavailable" == refusal(returned)


async def test_a_person_whom_the_issuer_turns_away_is_back_at_the_login(
    with_issuer: Door, issuer: Issuer
) -> None:
    """The view says why; what the issuer wrote goes nowhere."""
    _, back = await went(with_issuer, issuer)
    told = {"state": back["state"], "error": "access_denied", "error_description": "<b>No</b>"}
    denied = await with_issuer.client.get("/api/v1/session/callback", params=told)

    assert "denied" == refusal(denied)
    assert "No" not in denied.text + denied.headers["location"]


async def test_whoever_is_turned_away_may_try_again_for_what_they_wanted(
    with_issuer: Door, issuer: Issuer
) -> None:
    """``next`` goes back to the login with whatever reason there is; a path that is not ours does not."""
    wanted, callback = "/calls/c-1?t=900&revision=2", "/api/v1/session/callback"
    _, back = await went(with_issuer, issuer, wanted)
    denied = await with_issuer.client.get(callback, params={"state": back["state"], "error": "access_denied"})
    _, back = await went(with_issuer, issuer, wanted)
    unknown = await with_issuer.client.get(callback, params=back | {"code": "code-2"})
    _, elsewhere = await went(with_issuer, issuer, "//evil.test")
    strange = await with_issuer.client.get(callback, params=elsewhere | {"code": "code-2"})
    _, back = await went(with_issuer, issuer, wanted)
    issuer.down = True
    away = await with_issuer.client.get(callback, params=back)

    assert {"refused": "denied", "next": wanted} == told(denied)
    assert {"refused": "denied", "next": wanted} == told(unknown)
    assert {"refused": "denied"} == told(strange)
    assert {"refused": "unavailable", "next": wanted} == told(away)


async def test_a_failed_login_is_over(with_issuer: Door, issuer: Issuer) -> None:
    """Its state does not work a second time, so that whoever learns of it later has nothing."""
    _, back = await went(with_issuer, issuer)
    path = "/api/v1/session/callback"
    await with_issuer.client.get(path, params={"state": back["state"], "error": "access_denied"})

    assert "expired" == refusal(await with_issuer.client.get(path, params=back))
