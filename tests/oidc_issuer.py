"""A small OIDC issuer on loopback: keys of both kinds; it counts what it is asked, and can misbehave."""

import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from ingest.security.login import challenge
from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64encode
from yarl import URL

CLIENT = "callstream-page"
GROUPS = ["acme/analysts"]
MOVED = "/moved"
"""Before a path to which it leads where it has *moved*, and answers as it should."""


@cache
def rsa(kid: str, _whose: str = "issuer") -> Key:
    """The same key whenever it is asked for: making one takes a while."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


def ec(kid: str) -> Key:
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig"})


@dataclass
class Issuer:
    """Its keys by id, the logins it expects by code, and the paths it was asked for."""

    url: str = ""
    keys: dict[str, Key] = field(default_factory=lambda: {"r1": rsa("r1"), "e1": ec("e1")})
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tells: dict[str, Any] = field(default_factory=dict)
    down: bool = False
    groups: list[str] = field(default_factory=lambda: list(GROUPS))
    identity: dict[str, Any] = field(default_factory=dict)
    identity_header: dict[str, Any] = field(default_factory=dict)
    moved: bool = False
    denies: bool = False

    def claims(self, **more: Any) -> dict[str, Any]:
        """What an access token of Cognito's kind says; None takes a claim away."""
        now = int(time.time())
        told = {
            "iss": self.url,
            "sub": "5f1c-subject",
            "client_id": CLIENT,
            "token_use": "access",
            "iat": now,
            "exp": now + 3600,
            "cognito:groups": self.groups,
        }
        return {name: value for name, value in (told | more).items() if value is not None}

    def token(self, kid: str = "r1", header: Mapping[str, Any] | None = None, /, **more: Any) -> str:
        """A token signed with a key of ours; *header* is what its header says beside."""
        return signed(self.keys[kid], self.claims(**more), header=header)

    def confirmed(self, login: dict[str, str]) -> dict[str, str]:
        """Both tokens of a login; *identity* and its header say what is odd about the ID token."""
        usual = {"token_use": "id", "client_id": None, "aud": login["client_id"], "nonce": login["nonce"]}
        identity = self.token("r1", self.identity_header, **(usual | self.identity))
        return {"id_token": identity, "access_token": self.token("e1"), "token_type": "Bearer"}

    @property
    def described(self) -> dict[str, Any]:
        """What it says about itself."""
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/keys",
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
        } | self.tells


def signed(
    key: Key,
    claims: dict[str, Any],
    *,
    algorithm: str | None = None,
    kid: str | None = None,
    header: Mapping[str, Any] | None = None,
) -> str:
    """A token as that key signs it."""
    kind = algorithm or ("RS256" if isinstance(key, RSAKey) else "ES256")
    said = {"alg": kind, "kid": kid or key.kid, **(header or {})}
    registry = JWSRegistry(algorithms=[kind], strict_check_header=False)
    return jwt.encode(said, claims, key, registry=registry)


@asynccontextmanager
async def running_issuer() -> AsyncIterator[Issuer]:
    """Serve it on a free port of loopback."""
    issuer = Issuer()
    server = TestServer(_app(issuer), host="127.0.0.1")
    await server.start_server()
    issuer.url = f"http://127.0.0.1:{server.port}"
    try:
        yield issuer
    finally:
        await server.close()


@dataclass
class _Desk:
    """What it answers."""

    issuer: Issuer

    @web.middleware
    async def counted(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.issuer.asked.append(request.path)
        if self.issuer.down:
            raise web.HTTPServiceUnavailable
        if self.issuer.moved and not request.path.startswith(MOVED):
            raise web.HTTPTemporaryRedirect(f"{MOVED}{request.path}")
        answer: web.StreamResponse = await handler(request)
        return answer

    async def described(self, _request: web.Request) -> web.Response:
        return web.json_response(self.issuer.described)

    async def authorize(self, request: web.Request) -> web.Response:
        """Let the browser go back at once, as if somebody had logged in, or been refused."""
        asked = dict(request.query)
        if self.issuer.denies:
            told = {"error": "access_denied", "error_description": "No."}
        else:
            told = {"code": f"code-{len(self.issuer.asked)}"}
            self.issuer.codes[told["code"]] = asked
        back = URL(asked["redirect_uri"]).update_query(told | {"state": asked["state"]})
        return web.Response(status=302, headers={"Location": str(back)})

    async def keys(self, _request: web.Request) -> web.Response:
        public = [key.as_dict(private=False) for key in self.issuer.keys.values()]
        return web.json_response({"keys": public})

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        login = self.issuer.codes.pop(str(form["code"]), None)
        if login is None or not _fits(login, form):
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response(self.issuer.confirmed(login))


def _fits(login: Mapping[str, str], form: Mapping[str, Any]) -> bool:
    proven = login["code_challenge"] == challenge(str(form["code_verifier"]))
    return proven and login["redirect_uri"] == form["redirect_uri"]


def _app(issuer: Issuer) -> web.Application:
    desk = _Desk(issuer)
    app = web.Application(middlewares=[desk.counted])
    app.router.add_get("/.well-known/openid-configuration", desk.described)
    app.router.add_get("/authorize", desk.authorize)
    app.router.add_get("/keys", desk.keys)
    for prefix in ("", MOVED):
        app.router.add_post(f"{prefix}/token", desk.token)
    return app


def by_hand(algorithm: str, claims: dict[str, Any], secret: bytes = b"", kid: str = "r1") -> str:
    """A token that no library would make: unsigned, or signed by HMAC with whatever is known."""
    parts = ({"alg": algorithm, "kid": kid}, claims)
    said = b".".join(urlsafe_b64encode(json.dumps(part).encode()) for part in parts)
    seal = hmac.digest(secret, said, "sha256") if secret else b""
    return b".".join((said, urlsafe_b64encode(seal))).decode()
