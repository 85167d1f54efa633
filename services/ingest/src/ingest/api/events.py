"""A call's way through the stages, as server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final

from common.connections import stopping
from common.journal import Entry
from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import Response

from ingest.api.answers import CallProgress, progress
from ingest.api.calls import SETTLED, CallIdPath
from ingest.api.event_stream import Emit, EventStream, event
from ingest.api.given import ThePrincipal, TheSeats, TheTenant, TheWatching
from ingest.api.samples.events import EVENTS
from ingest.problems import Problem
from ingest.security.admission import needs
from ingest.watching import Watched

BEAT: Final = 15.0  # seconds without news, after which proxies are told that the connection lives
HELD: Final = 60.0  # seconds; whoever comes back then is asked again who they are
COME_BACK: Final = 2000  # milliseconds after which a client whose connection broke should come back

router = APIRouter(prefix="/calls", tags=["calls"])


@dataclass(frozen=True, slots=True)
class Stream:
    """A call that one client looks on at; *last* is the id of the last event it has."""

    watched: Watched
    last: str | None

    async def emit(self, emit: Emit) -> None:
        """The call whenever it has changed, for a while: a key that was revoked tells nobody for long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(HELD):
                await self._until_settled(emit)

    async def _until_settled(self, emit: Emit) -> None:
        """Until it is settled or erased."""
        entry = await self.watched.first()
        if entry and place(entry) != self.last:
            emit(_call(entry))
        while entry and entry.status not in SETTLED:
            entry = await self.watched.other_than(entry)
            if entry:
                emit(_call(entry))
        emit(event("end", "{}", end(entry) if entry else None))


def place(entry: Entry) -> str:
    """An event's id: the revision, and when something last became of it.

    It is the same in every process, so that a client can go on with another one. An event is the whole of
    what is known: whoever has the newest has missed nothing that matters.
    """
    return f"{entry.revision}.{round(entry.updated_at.timestamp() * 1000)}"


def end(entry: Entry) -> str:
    """The id of the last event of a revision."""
    return f"{entry.revision}.end"


async def onlooking(
    call_id: CallIdPath, tenant: TheTenant, asks: ThePrincipal, seats: TheSeats, calls: TheWatching
) -> AsyncIterator[Watched]:
    """The call, watched until the answer is over or its client gone."""
    with seats.taken(f"{tenant}:{asks.name}"):
        async with calls.watch(tenant, call_id) as watched:
            yield watched


@router.get(
    "/{call_id}/events",
    summary="Stream a call's progress",
    dependencies=[needs("read")],
    response_class=Response,
    response_model=None,
    responses=EVENTS,
)
async def follow(
    request: Request,
    watched: Annotated[Watched, Depends(onlooking)],
    last_event_id: Annotated[str | None, Header(description="Of the last event that came")] = None,
) -> Response:
    """Follow a call: each event is the whole of its progress, and ``end`` comes after the last one.

    A client that comes back with ``Last-Event-ID`` is told nothing twice; after ``end`` it is told 204.
    """
    entry = await watched.first()
    if entry is None:
        raise Problem(404, "There is no such call.")
    if last_event_id == end(entry) and entry.status in SETTLED:
        return Response(status_code=204)  # the one answer after which browsers do not come back
    stream = Stream(watched, last_event_id)
    return EventStream(partial(stream.emit), BEAT, stopping(request.scope) or asyncio.Event())


def _call(entry: Entry) -> bytes:
    told: CallProgress = progress(entry)
    return event("call", told.model_dump_json(), place(entry), COME_BACK)
