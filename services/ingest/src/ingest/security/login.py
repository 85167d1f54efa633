"""Logging in at the issuer: authorization code flow with PKCE, state and nonce."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal
from urllib.parse import urlencode

from common.errors import Transient

from ingest.security.claims import are_current, is_identity
from ingest.security.identities import Identities, Tokens
from ingest.security.principal import Principal
from ingest.security.sessions import LOGIN, Login, new_secret
from ingest.security.tokens import verified

Refusal = Literal["denied", "expired", "unknown", "unavailable"]
"""Why nobody is logged in: the issuer or the person said no, nobody waits for this login (any more), its
tokens name no tenant and role here, or the issuer does not answer."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """Where the browser goes, and the state by which it is known when it comes back."""

    address: str
    state: str


@dataclass(frozen=True, slots=True)
class Logins:
    """Logins at the issuer; *scopes* is what they ask for."""

    tokens: Tokens
    identities: Identities
    scopes: str

    async def begin(self, back: str, to: str) -> Leaving:
        """Begin a login that comes back to the address *back*, to go on to the path *to*.

        Raises:
            Transient: the issuer does not say where its page is.
        """
        page = (await self.tokens.issuer.endpoints()).authorization_endpoint
        if page is None:
            raise Transient("the issuer names no page to log in at")
        login = Login(
            verifier=new_secret(), nonce=new_secret(), next=to, expires_at=self.identities.clock() + LOGIN
        )
        state = await self.identities.sessions.expect(login)
        asked = self._asked(login, state, back)
        return Leaving(f"{page}{'&' if '?' in page else '?'}{urlencode(asked)}", state)

    async def expected(self, state: str) -> Login | Refusal:
        """The login of that state, once.

        Raises:
            Transient: what is kept of it cannot be read.
        """
        return await self.identities.sessions.expected(state, self.identities.clock()) or "expired"

    async def finish(self, login: Login, code: str, back: str) -> Principal | Refusal:
        """Who came back with that code, or why it is nobody.

        Raises:
            Transient: the issuer does not answer, or not with tokens.
        """
        given = await self.tokens.issuer.exchange(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": back,
                "client_id": self.tokens.expected.client_id,
                "code_verifier": login.verifier,
            }
        )
        if given is None:
            return "denied"
        return await self._confirmed(given, login) or "unknown"

    def _asked(self, login: Login, state: str, back: str) -> Mapping[str, str]:
        return {
            "response_type": "code",
            "client_id": self.tokens.expected.client_id,
            "redirect_uri": back,
            "scope": self.scopes,
            "state": state,
            "nonce": login.nonce,
            "code_challenge": challenge(login.verifier),
            "code_challenge_method": "S256",
        }

    async def _confirmed(self, given: Any, login: Login) -> Principal | None:
        """The ID token proves that it is this login; the access token says what they may do."""
        if not isinstance(given, dict):
            return None
        identity, access = given.get("id_token"), given.get("access_token")
        if not isinstance(identity, str) or not isinstance(access, str):
            return None
        signed = await verified(identity, self.tokens.issuer)
        if signed is None or not self._is_this(signed.claims, login):
            return None
        who = await self.tokens.principal(access, self.identities.clock())
        return who if who and who.name == signed.claims["sub"] else None

    def _is_this(self, claims: dict[str, Any], login: Login) -> bool:
        expected, now = self.tokens.expected, int(self.identities.clock().timestamp())
        current = are_current(claims, expected.issuer, now)
        return current and is_identity(claims, expected.client_id, login.nonce)


def challenge(verifier: str) -> str:
    """What RFC 7636 calls S256."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


def is_local(path: str) -> bool:
    r"""Whether a browser that is sent there stays here: ``//host`` and ``/\host`` lead elsewhere."""
    return path.startswith("/") and path[1:2] not in {"/", "\\"} and path.isprintable() and path.isascii()
