"""Findings one after the other: the newest calls first, page after page without a gap."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from common.index.dsl import FIELDS, Body, within
from common.index.query import Filters, Hit
from common.model import CallId, Noun, TenantId

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WITHOUT_DATE: Final = -(2**63)  # what the server sorts by, latest first, where there is no date


class Mark(Noun):
    """Where a finding stands among all; the page that follows begins behind it."""

    started_at: datetime | None
    call_id: CallId
    n: int


def mark(hit: Hit) -> Mark:
    """Where this one stands."""
    return Mark(started_at=hit.facts.started_at, call_id=hit.call_id, n=hit.n)


def listing_body(tenant_id: TenantId, filters: Filters, limit: int, after: Mark | None) -> Body:
    """At most *limit* findings behind a mark."""
    body: dict[str, Any] = {
        "size": limit,
        "query": within(tenant_id, filters.model_copy(update={"findings": True})),
        "sort": [{"facts.started_at": "desc"}, {"call_id": "asc"}, {"n": "asc"}],
        "_source": list(FIELDS),
    }
    return body if after is None else body | {"search_after": [_ms(after.started_at), after.call_id, after.n]}


def _ms(at: datetime | None) -> int:
    """Milliseconds since 1970, as dates are sorted by."""
    return _WITHOUT_DATE if at is None else (at - _EPOCH) // timedelta(milliseconds=1)
