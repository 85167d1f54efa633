"""Search what was said, by words and by meaning."""

from typing import Annotated

from common.account import current
from common.index import Query as Asked
from fastapi import APIRouter, Query

from ingest.api.answers import SearchAnswer
from ingest.api.given import TheEmbedder, TheIndex, TheTenant

router = APIRouter(tags=["search"])

Question = Annotated[
    str, Query(min_length=1, max_length=1000, pattern=r"\S", description="Words or a question")
]
Limit = Annotated[int, Query(ge=1, le=50)]


@router.get("/search")
async def search(
    q: Question, tenant: TheTenant, embedder: TheEmbedder, index: TheIndex, limit: Limit = 10
) -> SearchAnswer:
    """Find the passages that share words or meaning with the question, best first."""
    if account := current():
        account.tenant_id = tenant  # who pays for the question
    embedded = await embedder.embed([q])
    asked = Asked(tenant_id=tenant, text=q, vector=embedded.vectors[0], limit=limit)
    return SearchAnswer(query=q, hits=tuple(await index.search(asked)))
