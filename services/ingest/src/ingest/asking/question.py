"""What is asked, by whom, of which calls."""

from dataclasses import dataclass

from common.index import Filters
from common.model import CallKey, TenantId, Work

from ingest.asking.excerpts import Excerpts


@dataclass(frozen=True, slots=True)
class Question:
    """A tenant's question, and which chunks may answer it."""

    tenant_id: TenantId
    text: str
    filters: Filters


@dataclass(frozen=True, slots=True)
class Prepared:
    """A question with everything that may answer it, and what finding that took.

    ``key`` names it in the ledger, where calls are named: their own costs are not mixed with it.
    """

    key: CallKey
    question: Question
    excerpts: Excerpts
    work: Work | None = None
