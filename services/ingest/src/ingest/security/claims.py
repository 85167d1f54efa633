"""What a token's claims say of who asks; decided here, whoever signed it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from common.access.scopes import SCOPES, Scope
from common.model import TenantId
from joserfc.errors import JoseError
from joserfc.jwt import JWTClaimsRegistry
from pydantic import TypeAdapter, ValidationError

from ingest.security.principal import Principal

LEEWAY: Final = 60  # seconds the issuer's clock may differ from ours
LONGEST_SUBJECT: Final = 200
_ACCESS: Final = "access"
_OF_ACCESS_TOKENS: Final = frozenset({"scope", "scp"})
_OF_ID_TOKENS: Final = frozenset({"nonce", "at_hash", "c_hash"})
_RFC_9068: Final = frozenset({"at+jwt", "application/at+jwt"})
_CLIENT: Final = ("azp", "client_id", "cid")  # Keycloak's, Auth0's and Entra's; RFC 9068's; Okta's
_TENANT: Final = TypeAdapter[str](TenantId)

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Expected:
    """Whose tokens are taken, for which client, and where they name groups and tenant."""

    issuer: str
    client_id: str
    groups_claim: str
    tenant_claim: str | None = None
    audience: frozenset[str] = frozenset()
    """Other names for us among ``aud``, where another claim names our client."""


def are_current(claims: Claims, issuer: str, now: int) -> bool:
    """Whether the issuer is the right one, and the token's time has come and is not over."""
    needed: Any = {"iss": {"essential": True, "value": issuer}, "exp": {"essential": True}}
    registry = JWTClaimsRegistry(now=now, leeway=LEEWAY, sub={"essential": True}, **needed)
    try:
        registry.validate(dict(claims))
    except JoseError:
        return False
    return True


def is_access(claims: Claims, kind: str, expected: Expected) -> bool:
    """Whether it is an access token, for us; an ID token says who logged in, not what they may do.

    *kind* is the type that its header names.
    """
    if "token_use" in claims:  # Cognito's
        ours = claims.get("client_id") == expected.client_id
        return claims["token_use"] == _ACCESS and ours and _is_for(claims, expected)
    return _gives_access(claims, kind) and _is_for(claims, expected)


def _gives_access(claims: Claims, kind: str) -> bool:
    """By the type it names, RFC 9068's or Keycloak's, or else by scopes, which ID tokens lack."""
    if kind.lower() in _RFC_9068 or claims.get("typ") == "Bearer":
        return True
    other = "typ" in claims or _OF_ID_TOKENS & claims.keys()
    return not other and bool(_OF_ACCESS_TOKENS & claims.keys())


def _is_for(claims: Claims, expected: Expected) -> bool:
    """What is meant for another API is not to be shown to us, though our client asked for it."""
    audience = _listed(claims.get("aud"))
    if expected.client_id in audience:
        return True
    ours = "aud" not in claims or not expected.audience.isdisjoint(audience)
    return ours and any(claims.get(name) == expected.client_id for name in _CLIENT)


def is_identity(claims: Claims, client_id: str, nonce: str) -> bool:
    """Whether it is the ID token of the login that *nonce* was made for."""
    asked = client_id in _listed(claims.get("aud")) and claims.get("azp", client_id) == client_id
    return asked and claims.get("token_use", "id") == "id" and claims.get("nonce") == nonce


def principal_of(claims: Claims, expected: Expected) -> Principal | None:
    """Who they are; None where no tenant or no role of ours is named, or more than one tenant."""
    tenants, scopes = _memberships(claims, expected)
    subject = claims.get("sub")
    if len(tenants) != 1 or not scopes or not isinstance(subject, str) or len(subject) > LONGEST_SUBJECT:
        return None
    try:
        return Principal(subject, _TENANT.validate_python(*tenants), scopes, "oidc")
    except ValidationError:
        return None


def _memberships(claims: Claims, expected: Expected) -> tuple[set[str], frozenset[Scope]]:
    groups = _listed(claims.get(expected.groups_claim))
    if expected.tenant_claim:
        return set(_listed(claims.get(expected.tenant_claim))), _scopes(groups)
    named = [group.partition("/") for group in groups]
    ours = [(tenant, role) for tenant, _, role in named if tenant and role in SCOPES]
    return {tenant for tenant, _ in ours}, _scopes([role for _, role in ours])


def _scopes(roles: list[str]) -> frozenset[Scope]:
    return frozenset[Scope]().union(*(SCOPES[role] for role in roles if role in SCOPES))


def _listed(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str)]
