"""Signed tokens: taken apart, and believed if the issuer's key signed them."""

import json
from dataclasses import dataclass
from typing import Any, Final, Protocol

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, RSAKey

from ingest.security.presented import LARGEST

_ALGORITHMS: Final = {RSAKey: "RS256", ECKey: "ES256"}
"""The key decides what signs, never the token, which may say ``none``, or HMAC with the public key."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What an issuer signed; *kind* is the type that the token's header names, if any."""

    claims: dict[str, Any]
    kind: str


class Keys(Protocol):
    """Where an issuer's public keys are."""

    async def key(self, kid: str) -> Key | None:
        """The key of that id."""
        ...


async def verified(token: str, keys: Keys) -> Signed | None:
    """What a token says that one of the keys signed; what else it may be is not told."""
    signed = _taken_apart(token)
    if signed is None:
        return None
    header = signed.headers()
    key = await keys.key(str(header["kid"]))
    claims = _claims(signed) if key and _signed_by(signed, key) else None
    return None if claims is None else Signed(claims, str(header.get("typ", "")))


def algorithm(key: Key) -> str | None:
    """What this key signs with; None for keys we take nothing of."""
    return _ALGORITHMS.get(type(key))


def _taken_apart(token: str) -> jws.CompactSignature | None:
    if len(token) > LARGEST or not token.isascii():
        return None
    try:
        signed = jws.extract_compact(token.encode())
    except (JoseError, ValueError, RecursionError):
        return None
    header = signed.headers()
    usable = header.get("alg") in _ALGORITHMS.values() and isinstance(header.get("kid"), str)
    return signed if usable and "crit" not in header else None


def _signed_by(signed: jws.CompactSignature, key: Key) -> bool:
    only = algorithm(key)
    try:
        return only is not None and jws.validate_compact(signed, key, [only])
    except (JoseError, ValueError):
        return False


def _claims(signed: jws.CompactSignature) -> dict[str, Any] | None:
    try:
        claims = json.loads(signed.payload)
    except (ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None
