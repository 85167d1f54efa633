"""A part of a call's way, done again as a new revision."""

from dataclasses import dataclass
from typing import Annotated, Literal

from common.announcements import Announcer, Kept
from common.entry import Entry
from common.errors import Claimed, Permanent
from common.redo import Redo, redoable
from fastapi import APIRouter, Depends, Query, Response

from ingest.api.answers import Redone
from ingest.api.calls import CallIdPath
from ingest.api.given import (
    TheAnalyses,
    TheBroker,
    TheCalls,
    TheClock,
    TheJournal,
    TheSettings,
    TheTenant,
    TheTranscripts,
)
from ingest.api.samples.calls import REDONE
from ingest.problems import Problem
from ingest.security.admission import needs, noted

router = APIRouter(prefix="/calls", tags=["calls"])

From = Annotated[
    Literal["transcribe", "analyze", "embed"],
    Query(alias="from", description="The first stage to be done again; those before it are built on"),
]


@dataclass(frozen=True, slots=True)
class Again:
    """Whatever a redo needs."""

    tenant: TheTenant
    journal: TheJournal
    calls: TheCalls
    transcripts: TheTranscripts
    analyses: TheAnalyses
    broker: TheBroker
    clock: TheClock

    async def start(self, call_id: str, stage: str) -> Entry:
        """Open the call's next revision.

        Raises:
            Problem: 404, there is no such call; 409, nothing is kept to start from, or it is on its way.
        """
        entry = await self.journal.find(self.tenant, call_id)
        if entry is None:
            raise Problem(404, "There is no such call.")
        redo = Redo(self.journal, Kept(self.calls, self.transcripts, self.analyses), Announcer(self.broker))
        try:
            return await redo.start(entry, redoable(stage), self.clock())
        except Permanent as error:
            raise Problem(
                409, f"This cannot be done again from there: {error}.", reason=error.reason
            ) from None
        except Claimed as error:
            raise Problem(
                409, "The call is on its way: wait until it is completed or failed.", reason=error.reason
            ) from None


@router.post(
    "/{call_id}/redo",
    summary="Reprocess a call",
    dependencies=[needs("redo"), noted("redo")],
    status_code=202,
    responses=REDONE,
)
async def redo(
    call_id: CallIdPath,
    stage: From,
    again: Annotated[Again, Depends()],
    settings: TheSettings,
    response: Response,
) -> Redone:
    """Do a call again from a stage on; what is kept stays, and what was paid is not paid again."""
    opened = await again.start(call_id, stage)
    response.headers["Location"] = (
        f"{settings.api_v1_prefix}/calls/{opened.call_id}?revision={opened.revision}"
    )
    return Redone(call_id=opened.call_id, revision=opened.revision, status=opened.status)
