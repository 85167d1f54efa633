"""Examine the issuer of access tokens: it answers under its own name, and has keys that we verify with."""

from http import HTTPStatus
from typing import Any, Final

from aiohttp import ClientError, ClientSession, ClientTimeout

from common.ctl.findings import Finding, encryption, ok, wrong
from common.settings import IssuerSettings

TIMEOUT: Final = ClientTimeout(total=4.0)
KINDS: Final = frozenset({"RSA", "EC"})

_NAME: Final = "check OIDC_ISSUER: it has to be what tokens say in `iss`, letter for letter"


async def issuer(settings: IssuerSettings) -> list[Finding]:
    """Whether its tokens can be verified, and people be sent there."""
    name = settings.oidc_issuer or ""
    tls = encryption("issuer", name, encrypted=name.startswith("https:"))
    try:
        async with ClientSession(timeout=TIMEOUT) as session:
            return [await _examined(session, name), tls]
    except (ClientError, TimeoutError) as error:
        told = f"does not answer ({type(error).__name__})"
        return [wrong("issuer", told, "check OIDC_ISSUER and the network"), tls]
    except ValueError:
        return [wrong("issuer", "what it answers is no JSON", _NAME), tls]


async def _examined(session: ClientSession, name: str) -> Finding:
    status, told = await _read(session, f"{name.rstrip('/')}/.well-known/openid-configuration")
    if status != HTTPStatus.OK:
        return wrong("issuer", f"describes itself with status {status}", _NAME)
    if told.get("issuer") != name:
        return wrong("issuer", "describes itself by another name", _NAME)
    status, keys = await _read(session, str(told.get("jwks_uri")))
    if not (usable := _usable(keys)):
        remedy = "let it sign with RS256 or ES256, and say by `kid` with which key"
        return wrong("issuer", f"has no key to verify RS256 or ES256 with (status {status})", remedy)
    return ok("issuer", f"answers, with {usable} key(s)")


async def _read(session: ClientSession, address: str) -> tuple[int, dict[str, Any]]:
    async with session.get(address, allow_redirects=False) as answer:
        told = await answer.json(content_type=None) if answer.status == HTTPStatus.OK else {}
        return answer.status, told if isinstance(told, dict) else {}


def _usable(document: dict[str, Any]) -> int:
    keys = document.get("keys")
    rows = keys if isinstance(keys, list) else []
    return sum(isinstance(row, dict) and row.get("kty") in KINDS and bool(row.get("kid")) for row in rows)
