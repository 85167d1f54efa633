"""Do a part of a call's way again, as a new revision; what came before that part is read where it lies.

A stage reads the newest document at or before its revision, so nothing is copied and nothing deleted.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from common.announcements import Kept
from common.entry import Entry, waiting_for
from common.errors import Claimed, Permanent
from common.events import Event
from common.journal import Journal
from common.pipeline import ANALYZE, EMBED, PIPELINE, STATUSES, TRANSCRIBE, Stage

REDOABLE = (TRANSCRIBE, ANALYZE, EMBED)
"""ingest only looks at the recording: whoever transcribes again looks at it, too."""


class Announces(Protocol):
    """Sends an event to a stage."""

    async def announce(self, event: Event, stage: Stage) -> None:
        """Return once the queue has it."""


@dataclass(frozen=True, slots=True)
class Redo:
    """Opens revisions."""

    journal: Journal
    kept: Kept
    announcer: Announces

    async def start(self, entry: Entry, stage: Stage, now: datetime) -> Entry:
        """Open the revision after *entry*, the call's newest, and announce to *stage* what is kept.

        If the announcement fails the revision is there and stands still, and the sweeper announces it.

        Raises:
            Permanent: ``not_kept``, the stages before have kept nothing to start from.
            Claimed: the call is still on its way, or the same was asked a moment ago.
        """
        if ahead := waiting_for(entry):
            raise Claimed(f"revision {entry.revision} is on its way still: {ahead.name} comes next")
        event = await self.kept.event_for(stage, entry.model_copy(update={"revision": entry.revision + 1}))
        if event is None:
            raise Permanent(f"the stage before {stage.name} kept nothing for this call", reason="not_kept")
        opened = await self.journal.redo(entry, stage, _reached(stage), now)
        await self.announcer.announce(event, stage)
        return opened


def redoable(name: str) -> Stage:
    """A stage that can be done again.

    Raises:
        ValueError: there is none of this name.
    """
    found = next((stage for stage in REDOABLE if stage.name == name), None)
    if found is None:
        raise ValueError(f"{name!r} is none of {', '.join(stage.name for stage in REDOABLE)}")
    return found


def _reached(stage: Stage) -> int:
    return STATUSES.index(PIPELINE[PIPELINE.index(stage) - 1].done)
