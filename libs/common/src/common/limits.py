"""What may be spent: which documents hold how much for a call, told without asking anybody."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from math import ceil
from typing import Final

from common.model import CallKey

KEPT: Final = timedelta(days=400)  # a call's own limit counts for so long after it was last spent on


@dataclass(frozen=True, slots=True)
class Scope:
    """One limit, in millionths of a USD: where it is counted, until when, and which setting says it.

    ``resets`` is None where waiting helps nothing.
    """

    id: str
    name: str
    setting: str
    limit: int
    ends: datetime
    resets: datetime | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """USD at most; None is as much as it takes. ``tenants`` have a day's limit of their own.

    ``park``: who finds a day's budget used up waits for the next day, instead of failing.
    """

    call: float | None = None
    stage: float | None = None
    tenant_day: float | None = None
    day: float | None = None
    tenants: Mapping[str, float] = field(default_factory=dict)
    park: bool = False

    @property
    def any(self) -> bool:
        """Whether anything is limited."""
        return any(one is not None for one in (self.call, self.stage, self.tenant_day, self.day)) or bool(
            self.tenants
        )

    def scopes(self, key: CallKey, stage: str, now: datetime) -> tuple[Scope, ...]:
        """What a call's stage has to fit into, the narrowest first."""
        day = now.astimezone(UTC).date()
        tomorrow = datetime.combine(day + timedelta(days=1), time(), UTC)
        call, tenant = f"call:{key.tenant_id}:{key.call_id}", f"tenant:{key.tenant_id}:{day}"
        of_tenant = self.tenants.get(key.tenant_id, self.tenant_day)
        says = "BUDGETS" if key.tenant_id in self.tenants else "BUDGET_PER_TENANT_DAY_USD"
        wide = (
            (f"{stage}:{call}", "for this stage of a call", f"BUDGET_PER_{stage.upper()}_USD", self.stage),
            (call, "for a call", "BUDGET_PER_CALL_USD", self.call),
        )
        daily = (
            (tenant, "for the tenant's day", says, of_tenant),
            (f"day:{day}", "for the day", "BUDGET_PER_DAY_USD", self.day),
        )
        lasting = [_scope(*one, now + KEPT, None) for one in wide]
        ending = [_scope(*one, tomorrow + KEPT, tomorrow) for one in daily]
        return tuple(scope for scope in (*lasting, *ending) if scope)


def _scope(
    name: str, told: str, setting: str, usd: float | None, ends: datetime, resets: datetime | None
) -> Scope | None:
    return None if usd is None else Scope(name, told, setting, micro(usd), ends, resets)


def micro(usd: float) -> int:
    """Millionths of a USD, rounded up: what is reserved is never too little."""
    return ceil(round(usd * 1_000_000, 3))
