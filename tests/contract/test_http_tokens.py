"""What the door promises about access tokens: only the issuer's, for our client, in their time."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import httpx2
import pytest
from door_scene import Door, opened, problem
from ingest_scene import Outside, door_settings
from joserfc.jwk import RSAKey
from oidc_issuer import CLIENT, Issuer, by_hand, rsa, running_issuer, signed

NETWORK = "http://calls.test:8000"

FOREIGN: dict[str, Any] = {"client_id": None, "token_use": None}
"""What takes the claims away that only Cognito's tokens have."""

TAKEN: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "Keycloak": ("account", {"typ": "Bearer", "aud": "account", "azp": CLIENT, "scope": "openid"}, {}),
    "Keycloak before 24": ("account", {"typ": "Bearer", "aud": "account", "azp": CLIENT, "nonce": "n"}, {}),
    "Keycloak with an audience mapper": ("", {"typ": "Bearer", "aud": [CLIENT, "account"]}, {}),
    "Auth0": (
        "https://calls.test",
        {"aud": ["https://calls.test", "https://acme.test/userinfo"], "azp": CLIENT, "scope": "openid"},
        {},
    ),
    "Auth0 by RFC 9068": (
        "https://calls.test",
        {"aud": "https://calls.test", "client_id": CLIENT},
        {"typ": "at+jwt"},
    ),
    "Entra": ("", {"aud": CLIENT, "azp": CLIENT, "scp": "access", "ver": "2.0"}, {"typ": "JWT"}),
    "Okta": ("api://default", {"aud": "api://default", "cid": CLIENT, "scp": ["openid"]}, {}),
    "RFC 9068": ("", {"aud": CLIENT, "client_id": CLIENT}, {"typ": "application/AT+JWT"}),
}
"""What access tokens of other issuers say, and the OIDC_AUDIENCE that they need."""


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with running_issuer() as issuer:
        yield issuer


@asynccontextmanager
async def believing(issuer: Issuer, **more: Any) -> AsyncIterator[Door]:
    """A door that takes this issuer's tokens."""
    settings = door_settings(auth="oidc", oidc_issuer=issuer.url, oidc_client_id=CLIENT, **more)
    async with httpx2.AsyncClient() as client:
        outside = Outside(settings, now=datetime.now(UTC), issuer=client)
        async with opened(outside, NETWORK) as door:
            yield door


@pytest.fixture
async def door(issuer: Issuer) -> AsyncIterator[Door]:
    async with believing(issuer) as door:
        yield door


async def shown(door: Door, token: str, path: str = "/me") -> httpx.Response:
    return await door.get(path, Authorization=f"Bearer {token}")


@pytest.mark.parametrize("kid", ["r1", "e1"])
async def test_a_token_says_who_asks_for_whom(door: Door, issuer: Issuer, kid: str) -> None:
    """RS256 and ES256; the group names tenant and role."""
    answer = (await shown(door, issuer.token(kid))).json()

    assert ("5f1c-subject", "acme", "analysts", "oidc") == tuple(
        answer[name] for name in ("name", "tenant_id", "role", "via")
    )
    assert "ask" in answer["scopes"]
    assert "keys" not in answer["scopes"]


async def test_tokens_of_other_issuers_than_cognito_are_for_their_audience(
    door: Door, issuer: Issuer
) -> None:
    """Where there is no ``token_use``, ``aud`` names our client; where there is no ``aud``, another claim."""
    named: list[dict[str, Any]] = [
        {"aud": ["api", CLIENT]},
        *({name: CLIENT} for name in ("azp", "client_id", "cid")),
    ]
    tokens = [issuer.token(**{**FOREIGN, "scope": "openid"} | more) for more in named]

    assert [200] * 4 == [(await shown(door, token)).status_code for token in tokens]


@pytest.mark.parametrize("kind", TAKEN)
async def test_tokens_of_the_issuers_we_name_are_taken(issuer: Issuer, kind: str) -> None:
    """With the audience that deploy/README.md says they need; without it, for another API, no."""
    audience, claims, header = TAKEN[kind]
    token = issuer.token("r1", header, **{**FOREIGN, **claims})
    async with believing(issuer) as strict, believing(issuer, oidc_audience=audience) as told:
        answers = [(await shown(each, token)).status_code for each in (strict, told)]

    assert [401 if audience else 200, 200] == answers


@pytest.mark.parametrize("client", ["other", None])
async def test_an_audience_of_ours_is_not_enough_for_another_client(
    issuer: Issuer, client: str | None
) -> None:
    """Many clients may hold tokens of it; only those that ours was given are shown here."""
    token = issuer.token(**FOREIGN, scope="openid", aud="https://calls.test", azp=client)
    async with believing(issuer, oidc_audience="https://calls.test,account") as door:
        assert 401 == (await shown(door, token)).status_code


@pytest.mark.parametrize(("name", "seconds"), [("exp", -50), ("nbf", 50), ("iat", 50)])
async def test_clocks_may_differ_by_a_minute(door: Door, issuer: Issuer, name: str, seconds: int) -> None:
    """Leeway, both ways."""
    assert 200 == (await shown(door, issuer.token(**{name: int(time.time()) + seconds}))).status_code


def _hmac_with_the_public_key(issuer: Issuer) -> str:
    pem = RSAKey.import_key(dict(issuer.keys["r1"].as_dict(private=False))).as_pem(private=False)
    return by_hand("HS256", issuer.claims(), pem)


def _now(seconds: int) -> int:
    return int(time.time()) + seconds


REFUSED: dict[str, Callable[[Issuer], str]] = {
    "nothing": lambda _: "",
    "no token": lambda _: "nonsense",
    "five parts": lambda i: f"{i.token()}.a.b",
    "forged": lambda i: signed(rsa("r1", "stranger"), i.claims()),
    "changed": lambda i: ".".join([i.token().split(".")[0], i.token(sub="me").split(".")[1], "AAAA"]),
    "expired": lambda i: i.token(exp=_now(-61)),
    "without an end": lambda i: i.token(exp=None),
    "an end that is no number": lambda i: i.token(exp="tomorrow"),
    "not yet": lambda i: i.token(nbf=_now(120)),
    "issued in the future": lambda i: i.token(iat=_now(120)),
    "for another client": lambda i: i.token(client_id="other"),
    "for another audience": lambda i: i.token(**FOREIGN, scope="openid", aud="other"),
    "for nobody": lambda i: i.token(**FOREIGN, scope="openid"),
    "for another API": lambda i: i.token(**FOREIGN, scope="openid", aud="https://other.test", azp=CLIENT),
    "of Cognito, for another client": lambda i: i.token(client_id="other", aud=CLIENT),
    "of Cognito, for another API": lambda i: i.token(aud="https://other.test"),
    "for an empty audience": lambda i: i.token(**FOREIGN, scope="openid", aud=[], azp=CLIENT),
    "of another issuer": lambda i: i.token(iss="https://elsewhere.test"),
    "an ID token of Cognito": lambda i: i.token(token_use="id", client_id=None, aud=CLIENT),
    "an ID token": lambda i: i.token(**FOREIGN, aud=CLIENT, nonce="n"),
    "an ID token without a nonce": lambda i: i.token(**FOREIGN, aud=CLIENT, azp=CLIENT),
    "an ID token with a scope": lambda i: i.token(**FOREIGN, aud=CLIENT, scope="openid", at_hash="h"),
    "an ID token of Keycloak": lambda i: i.token(**FOREIGN, aud=CLIENT, scope="openid", typ="ID"),
    "a logout token": lambda i: i.token("r1", {"typ": "logout+jwt"}, **FOREIGN, aud=CLIENT),
    "a critical extension": lambda i: i.token("r1", {"crit": ["b64"], "b64": True}),
    "alg=none": lambda i: by_hand("none", i.claims()),
    "HS256 with the public key": _hmac_with_the_public_key,
    "a key of the other kind": lambda i: signed(i.keys["e1"], i.claims(), kid="r1"),
    "RS512": lambda i: signed(i.keys["r1"], i.claims(), algorithm="RS512"),
    "an unknown key": lambda i: signed(rsa("r9", "stranger"), i.claims()),
    "huge": lambda i: i.token(padding="x" * 9000),
    "without a subject": lambda i: i.token(sub=None),
    "of no tenant": lambda i: i.token(**{"cognito:groups": ["analysts"]}),
    "of two tenants": lambda i: i.token(**{"cognito:groups": ["acme/users", "globex/users"]}),
    "of no role": lambda i: i.token(**{"cognito:groups": ["acme/owners"]}),
    "of a tenant that is none": lambda i: i.token(**{"cognito:groups": ["a b/users"]}),
}


@pytest.mark.parametrize("kind", REFUSED)
async def test_whatever_is_wrong_with_a_token_the_answer_is_the_same(
    door: Door, issuer: Issuer, kind: str
) -> None:
    """401, with a body that tells nothing apart."""
    nobody = await door.get("/me")
    answer = await shown(door, REFUSED[kind](issuer))

    assert 401 == problem(answer)[0]
    assert nobody.content == answer.content
    assert "Bearer" == answer.headers["www-authenticate"]


async def test_unknown_keys_are_asked_for_once_a_minute(door: Door, issuer: Issuer) -> None:
    """However many tokens name however many keys, all at once."""
    assert 200 == (await shown(door, issuer.token())).status_code
    issuer.asked.clear()
    door.outside.security["identities"].tokens.issuer._asked_at -= 61
    stranger = rsa("r1", "stranger")

    forged = [signed(stranger, issuer.claims(), kid=f"k{number}") for number in range(20)]
    answers = await asyncio.gather(*(shown(door, token) for token in forged))

    assert {401} == {answer.status_code for answer in answers}
    assert ["/keys"] == issuer.asked


async def test_a_key_that_is_new_is_learnt_and_one_that_is_gone_forgotten(door: Door, issuer: Issuer) -> None:
    """Rotation needs no restart."""
    old = issuer.token()
    before = (await shown(door, old)).status_code
    issuer.keys = {"r2": rsa("r2")}
    door.outside.security["identities"].tokens.issuer._asked_at -= 61

    after = [(await shown(door, token)).status_code for token in (issuer.token("r2"), old)]

    assert (200, [200, 401]) == (before, after)


async def test_while_the_issuer_is_away_known_keys_hold(door: Door, issuer: Issuer) -> None:
    """Even after the hour for which they are fresh; what is unknown stays refused."""
    before = (await shown(door, issuer.token())).status_code
    issuer.down = True
    ring = door.outside.security["identities"].tokens.issuer
    ring._asked_at, ring._read_at = ring._asked_at - 4000, ring._read_at - 4000
    issuer.asked.clear()

    after = [(await shown(door, token)).status_code for token in (issuer.token(), issuer.token("e1"))]
    unknown = (await shown(door, signed(rsa("r9", "stranger"), issuer.claims()))).status_code

    assert (200, [200, 200], 401, 1) == (before, after, unknown, len(issuer.asked))


async def test_an_issuer_that_was_never_there_lets_nobody_in(door: Door, issuer: Issuer) -> None:
    """The same answer, and one question a minute."""
    issuer.down = True
    answers = [await shown(door, issuer.token()) for _ in range(3)]

    assert ({401}, 1) == ({answer.status_code for answer in answers}, len(issuer.asked))


@pytest.mark.parametrize(
    "tells",
    [
        {"issuer": "https://elsewhere.test"},
        {"jwks_uri": "http://10.0.0.7/keys"},
        {"token_endpoint": "http://calls.test/token"},
        {"jwks_uri": None},
    ],
)
async def test_an_issuer_that_leads_elsewhere_is_not_followed(
    door: Door, issuer: Issuer, tells: dict[str, Any]
) -> None:
    """Its description has to be its own, and its addresses as safe as itself."""
    issuer.tells = tells

    assert 401 == (await shown(door, issuer.token())).status_code
    assert ["/.well-known/openid-configuration"] == issuer.asked


async def test_a_claim_can_name_the_tenant(issuer: Issuer) -> None:
    """Then groups are roles."""
    async with believing(issuer, oidc_tenant_claim="custom:tenant", oidc_groups_claim="groups") as door:
        good = await shown(door, issuer.token(**{"custom:tenant": "globex", "groups": ["admins"]}))
        bad = [
            await shown(door, issuer.token(**{"custom:tenant": tenant, "groups": ["admins"]}))
            for tenant in (None, "", "a b", 7, ["a", "b"], {"a": "b"})
        ]

    assert ("globex", "admins") == (good.json()["tenant_id"], good.json()["role"])
    assert {401} == {answer.status_code for answer in bad}


async def test_why_a_token_is_refused_is_told_to_whoever_runs_this(
    capfd: pytest.CaptureFixture[str], issuer: Issuer
) -> None:
    """In the log, by a word of ours; nothing of the token is in there."""
    tokens = [REFUSED[kind](issuer) for kind in ("forged", "expired", "for another client", "of no role")]
    async with believing(issuer) as door:
        for token in tokens:
            await shown(door, token)

    said = capfd.readouterr().out
    lines = [json.loads(line) for line in said.splitlines() if "token.refused" in line]
    assert ["signature", "issuer_or_time", "audience", "membership"] == [line["reason"] for line in lines]
    assert not any(part in said for token in tokens for part in token.split("."))
    assert "5f1c-subject" not in said
