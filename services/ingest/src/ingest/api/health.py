"""Whether the API is of use: anybody may ask; what it depends on, only who may see calls."""

from common.app import PING_TIMEOUT
from fastapi import APIRouter, Response

from ingest.api.answers import DetailedHealth, Health
from ingest.api.given import TheBroker, TheExaminer
from ingest.api.samples.calls import HEALTH
from ingest.problems import Problem
from ingest.security.admission import needs

router = APIRouter(tags=["health"])


@router.get("/health", summary="Check the API")
async def health(broker: TheBroker) -> Health:
    """Say that recordings can be handed in."""
    if not await broker.ping(PING_TIMEOUT):
        raise Problem(503, "The queue does not answer; try again.", headers={"Retry-After": "5"})
    return Health()


@router.get(
    "/health/detailed",
    summary="Check all dependencies",
    operation_id="detailed_health",
    dependencies=[needs("operate")],
    responses=HEALTH,
)
async def detailed(examiner: TheExaminer, response: Response) -> DetailedHealth:
    """What ``pipelinectl doctor`` finds from here: names and states; a few seconds old at most."""
    findings = await examiner.findings()
    response.headers["Cache-Control"] = "no-store"
    failed = any(finding.state == "fail" for finding in findings)
    return DetailedHealth(status="failing" if failed else "ok", checks=tuple(findings))
