"""The HTTP API: a recording in; calls, their recordings and what was said in them out."""

from fastapi import APIRouter

from ingest.api import ask, calls, health, redo, revisions, search, spoken, uploads

router = APIRouter()
for part in (health, uploads, calls, spoken, revisions, redo, search, ask):
    router.include_router(part.router)
