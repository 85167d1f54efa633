"""Whether the API is of use: anybody may ask."""

from common.app import PING_TIMEOUT
from fastapi import APIRouter

from ingest.api.answers import Health
from ingest.api.given import TheBroker
from ingest.problems import Problem

router = APIRouter(tags=["health"])


@router.get("/health")
async def health(broker: TheBroker) -> Health:
    """Say that recordings can be handed in."""
    if not await broker.ping(PING_TIMEOUT):
        raise Problem(503, "The queue does not answer; try again.", headers={"Retry-After": "5"})
    return Health()
