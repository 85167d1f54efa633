"""Calls: the list, one of them, and its recording."""

import asyncio
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Literal

from common.journal import Entry
from common.model import Analysis, Call, CallKey, Transcript
from fastapi import APIRouter, Depends, Header, Path, Query
from fastapi.responses import RedirectResponse, Response

from ingest.api.answers import CallAnswer, CallList, answer, listed
from ingest.api.cursors import cursor_after, page_after
from ingest.api.given import (
    TheAnalyses,
    TheCache,
    TheCalls,
    TheGlances,
    TheJournal,
    TheRecordings,
    TheTenant,
    TheTranscripts,
)
from ingest.api.moments import Moment
from ingest.api.samples.calls import CALL, CALLS, RECORDING
from ingest.problems import Problem
from ingest.security.admission import needs, noted

RECORDING_SECONDS = 300  # for which a recording's address works
SETTLED = {"completed", "failed"}

router = APIRouter(prefix="/calls", tags=["calls"])

Status = Literal[
    "uploaded", "transcribing", "transcribed", "analyzing", "analyzed", "embedding", "completed", "failed"
]
CallIdPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$")]
MOST_REVISIONS = 1_000_000
RevisionQuery = Annotated[
    int | None, Query(ge=1, le=MOST_REVISIONS, description="A revision; the newest unless given")
]


@dataclass(frozen=True, slots=True)
class Filters:
    """Which calls to list."""

    status: Annotated[Status | None, Query()] = None
    since: Annotated[Moment | None, Query(description="Created at or after")] = None
    until: Annotated[Moment | None, Query(description="Created before")] = None
    cursor: Annotated[str | None, Query(max_length=500, description="``next`` of the page before")] = None
    limit: Annotated[int, Query(ge=1, le=100)] = 20


@dataclass(frozen=True, slots=True)
class Documents:
    """Everything kept about calls of one tenant."""

    tenant: TheTenant
    journal: TheJournal
    calls: TheCalls
    transcripts: TheTranscripts
    analyses: TheAnalyses
    cache: TheCache

    async def entry(self, call_id: str, revision: int | None) -> Entry:
        """A call's journal.

        Raises:
            Problem: 404.
        """
        entry = await self.journal.find(self.tenant, call_id, revision)
        if entry is None:
            raise Problem(404, "There is no such call.")
        return entry

    async def body(self, entry: Entry) -> bytes:
        """The call as JSON; a settled one is put together once and remembered."""
        if entry.status not in SETTLED:
            return await self._put_together(entry)
        name = _remembered(entry)
        body = await self.cache.get(name)
        if body is None:
            body = await self._put_together(entry)
            await self.cache.set(name, body)
        return body

    async def forget(self, call_id: str) -> None:
        """Remember nothing of a call, in any revision; what is not there is no fault."""
        entries = await self.journal.revisions(self.tenant, call_id, MOST_REVISIONS)
        if entries:
            await self.cache.forget([_remembered(entry) for entry in entries])

    async def _put_together(self, entry: Entry) -> bytes:
        call, transcript, analysis = await asyncio.gather(
            self.calls.latest(entry.key), self.transcripts.latest(entry.key), self.analyses.latest(entry.key)
        )
        return await asyncio.to_thread(_as_json, entry, call, transcript, analysis)


def _remembered(entry: Entry) -> str:
    return f"{entry.tenant_id}:{entry.id}:{entry.updated_at.timestamp()}"


@router.get("", summary="List recorded calls", dependencies=[needs("read")], responses=CALLS)
async def list_calls(
    tenant: TheTenant, journal: TheJournal, glances: TheGlances, filters: Annotated[Filters, Depends()]
) -> CallList:
    """Calls, newest first."""
    entries = await journal.newest(
        tenant,
        filters.limit + 1,
        status=filters.status,
        since=filters.since,
        until=filters.until,
        after=page_after(filters.cursor) if filters.cursor else None,
    )
    shown, more = entries[: filters.limit], len(entries) > filters.limit
    about = await glances.at(tenant, [entry.key for entry in shown]) if shown else []
    return CallList(calls=tuple(map(listed, shown, about)), next=cursor_after(shown[-1]) if more else None)


@router.get(
    "/{call_id}",
    summary="Retrieve a call",
    dependencies=[needs("read"), noted("call.read")],
    response_model=CallAnswer,
    responses=CALL,
)
async def get_call(
    call_id: CallIdPath,
    documents: Annotated[Documents, Depends()],
    revision: RevisionQuery = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """A call's status, journal, metadata, transcript, analysis and cost."""
    body = await documents.body(await documents.entry(call_id, revision))
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if matches(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


@router.get(
    "/{call_id}/recording",
    summary="Download the recording",
    dependencies=[needs("read"), noted("recording.read")],
    status_code=307,
    response_class=RedirectResponse,
    responses=RECORDING,
)
async def get_recording(
    call_id: CallIdPath, documents: Annotated[Documents, Depends()], recordings: TheRecordings
) -> Response:
    """Lead to the recording itself, at an address that works for a few minutes; ranges work there."""
    entry = await documents.entry(call_id, None)
    call = await documents.calls.latest(CallKey(**dict(entry.key)))
    if call is None or call.recording is None:
        raise Problem(404, "This call has no recording that could be opened.")
    address = await recordings.presign(call.recording.object, RECORDING_SECONDS)
    return RedirectResponse(address, 307, headers={"Cache-Control": "no-store"})


def _as_json(
    entry: Entry, call: Call | None, transcript: Transcript | None, analysis: Analysis | None
) -> bytes:
    return answer(entry, call, transcript, analysis).model_dump_json().encode()


def matches(if_none_match: str | None, etag: str) -> bool:
    """Whether a client has this already: weak comparison, as RFC 9110 asks for here."""
    offered = {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
    return bool(offered & {etag, "*"})
