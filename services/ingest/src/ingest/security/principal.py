"""Who asks, for which tenant, and what they may do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from common.access.scopes import SCOPES, Role, Scope, role_of
from common.model import TenantId

__all__ = ["SCOPES", "Principal", "Role", "Scope", "Via", "anyone", "role_of"]

Via = Literal["session", "key", "oidc", "none"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody, or a machine; *name* is an id that may be logged, never an address or a person's name."""

    name: str
    tenant_id: TenantId
    scopes: frozenset[Scope]
    via: Via = "none"
    ends_at: datetime | None = None
    """When the key that lets them in expires."""

    @property
    def role(self) -> Role:
        """The least role that may do all of it; it decides how often they may ask."""
        return role_of(self.scopes)


def anyone(tenant_id: TenantId) -> Principal:
    """Whoever reaches a door that asks nobody who they are."""
    return Principal("anyone", tenant_id, SCOPES["admins"])
