"""What may be asked for, and by which role."""

from collections.abc import Set as AbstractSet
from typing import Final, Literal

Scope = Literal[
    "read", "upload", "search", "ask", "export", "costs", "redo", "keys", "erase", "tenants", "operate"
]
Role = Literal["users", "analysts", "admins"]

_USERS: Final[frozenset[Scope]] = frozenset({"read", "upload"})
_ANALYSTS: Final[frozenset[Scope]] = _USERS | {"search", "ask", "export", "costs", "redo"}
_ADMINS: Final[frozenset[Scope]] = _ANALYSTS | {"keys", "erase", "tenants", "operate"}

SCOPES: Final[dict[Role, frozenset[Scope]]] = {"users": _USERS, "analysts": _ANALYSTS, "admins": _ADMINS}
"""What each role may do; each holds all of the one before it."""


def role_of(scopes: AbstractSet[Scope]) -> Role:
    """The least role that may do all of this."""
    return next(role for role, allowed in SCOPES.items() if scopes <= allowed)
