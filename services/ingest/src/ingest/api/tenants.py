"""What a tenant has and uses, for its admins."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from common.model import Noun, TenantId
from fastapi import APIRouter, Depends, Path
from pydantic import Field

from ingest.api.given import TheApiKeys, TheCensus, TheClock, TheCosts, TheTenant, TheUploadQuota
from ingest.api.samples.access import TENANT
from ingest.costs import CostQuery
from ingest.problems import Problem
from ingest.security.admission import needs

router = APIRouter(prefix="/tenants", tags=["access"])


class Uploads(Noun):
    """Bytes handed in today (UTC), and how many may be; where there is no limit, they are not counted."""

    bytes_today: int | None
    bytes_per_day: int | None = Field(description="UPLOAD_BYTES_PER_DAY")


class TenantAnswer(Noun):
    """A tenant's figures at this moment."""

    tenant_id: TenantId
    calls: dict[str, int] = Field(description="Calls by status, each once; erased ones are none")
    keys: int = Field(description="API keys that work")
    uploads: Uploads
    spent_today_usd: float = Field(description="Paid to providers today (UTC), as far as is known")


@dataclass(frozen=True, slots=True)
class Figures:
    """Where a tenant's figures are kept."""

    census: TheCensus
    keys: TheApiKeys
    quota: TheUploadQuota
    costs: TheCosts
    clock: TheClock

    async def of(self, tenant_id: str) -> TenantAnswer:
        """All of them, at this moment."""
        now = self.clock()
        calls, keys, taken, spent = await asyncio.gather(
            self.census.by_status(tenant_id),
            self.keys.listed(tenant_id),
            self.quota.taken_on(tenant_id, now),
            self.costs.total(_today(tenant_id, now)),
        )
        return TenantAnswer(
            tenant_id=tenant_id,
            calls=calls,
            keys=sum(key.works(now) for key in keys),
            uploads=Uploads(bytes_today=taken, bytes_per_day=self.quota.limit),
            spent_today_usd=spent.cost_usd,
        )


@router.get(
    "/{tenant_id}",
    summary="Report a tenant's usage",
    dependencies=[needs("tenants")],
    operation_id="tenant",
    responses=TENANT,
)
async def tenant(
    tenant_id: Annotated[TenantId, Path()], own: TheTenant, figures: Annotated[Figures, Depends()]
) -> TenantAnswer:
    """How many calls your tenant has, and what it uses of what it may."""
    if tenant_id != own:
        raise Problem(404, "There is no such tenant.")
    return await figures.of(own)


def _today(tenant_id: str, now: datetime) -> CostQuery:
    return CostQuery(tenant_id=tenant_id, since=now.date(), until=now.date() + timedelta(days=1))
