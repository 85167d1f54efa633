"""The HTTP API: a recording in; calls, their recordings and what was said in them out."""

from typing import Final

from fastapi import APIRouter, Depends

from ingest.api import (
    ask,
    audit,
    calls,
    costs,
    erasing,
    events,
    findings,
    health,
    insights,
    keys,
    me,
    parted,
    peaks,
    redo,
    revisions,
    search,
    session,
    similar,
    spoken,
    tenants,
    uploads,
)
from ingest.api.names import only_known

PARTS: Final = (
    health,
    uploads,
    parted,
    calls,
    events,
    spoken,
    peaks,
    revisions,
    redo,
    erasing,
    similar,
    search,
    insights,
    findings,
    costs,
    ask,
    session,
    me,
    keys,
    tenants,
    audit,
)

router = APIRouter(dependencies=[Depends(only_known)])
for part in PARTS:
    router.include_router(part.router)
