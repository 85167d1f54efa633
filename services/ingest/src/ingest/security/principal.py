"""Who asks, for which tenant, and what they may do."""

from dataclasses import dataclass
from typing import Final, Literal

from common.model import TenantId

Scope = Literal[
    "read", "upload", "search", "ask", "export", "costs", "redo", "keys", "erase", "tenants", "operate"
]
Role = Literal["users", "analysts", "admins"]

_USERS: Final[frozenset[Scope]] = frozenset({"read", "upload"})
_ANALYSTS: Final[frozenset[Scope]] = _USERS | {"search", "ask", "export", "costs", "redo"}
_ADMINS: Final[frozenset[Scope]] = _ANALYSTS | {"keys", "erase", "tenants", "operate"}

SCOPES: Final[dict[Role, frozenset[Scope]]] = {"users": _USERS, "analysts": _ANALYSTS, "admins": _ADMINS}
"""What each role may do; each holds all of the one before it."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody, or a machine; *name* is an id that may be logged, never an address or a person's name."""

    name: str
    tenant_id: TenantId
    scopes: frozenset[Scope]
