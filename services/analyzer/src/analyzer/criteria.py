"""Which scorecard and which categories a tenant's calls are held against."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from common.model import Category, Criteria, ScorecardQuestion

EVERYBODY: Final = "*"
C = TypeVar("C", bound=ScorecardQuestion | Category)


class Catalogue:
    """Every tenant's criteria: their own, and everybody's unless they have an id of their own for it."""

    def __init__(
        self,
        scorecards: Mapping[str, Sequence[ScorecardQuestion]],
        categories: Mapping[str, Sequence[Category]],
    ) -> None:
        tenants = {EVERYBODY, *scorecards, *categories}
        self._criteria = {
            tenant: Criteria(
                scorecard=_merged(scorecards.get(tenant, ()), scorecards.get(EVERYBODY, ())),
                categories=_merged(categories.get(tenant, ()), categories.get(EVERYBODY, ())),
            )
            for tenant in tenants
        }

    def of(self, tenant_id: str) -> Criteria:
        """What this tenant wants to know of every call."""
        return self._criteria.get(tenant_id) or self._criteria[EVERYBODY]


def _merged(own: Sequence[C], everybodys: Sequence[C]) -> tuple[C, ...]:
    taken = {each.id for each in own}
    return (*own, *(each for each in everybodys if each.id not in taken))
