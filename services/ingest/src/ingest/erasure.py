"""A call is erased: its recording, what was said and concluded, what could be found, what was remembered."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from common.entry import Entry
from common.errors import Permanent, PipelineError, raising
from common.index import ChunkIndex
from common.journal import Journal
from common.ledger import ASK
from common.logging import get_logger
from common.model import Call, CallKey, ObjectRef
from common.recordings import RecordingBucket
from common.store import MONGO_FAILURES

from ingest.recording import sidecar_of

AGAIN: Final = timedelta(hours=6)
"""After which a call is looked for once more: no stage that was at work on it then is at work any longer."""

_KEPT: Final = ("calls", "transcripts", "transcript_parts", "analyses", "peaks")

log = get_logger("callstream.erasure")


class Erasure:
    """Removes a call from the bucket of recordings, that of *transcripts*, and *database*.

    Left is a tombstone in the journal, which keeps the call away, and the ledger, which holds figures alone.
    """

    def __init__(
        self,
        journal: Journal,
        database: Any,
        objects: RecordingBucket,
        transcripts: str,
        now: Callable[[], datetime],
    ) -> None:
        self._journal = journal
        self._database = database
        self._objects = objects
        self._transcripts = transcripts
        self._now = now

    async def erase(self, entry: Entry, index: ChunkIndex) -> None:
        """Remove a call, all its revisions; again is harmless, and goes on where a crash ended it.

        The index comes first: while the journal still knows the call, it can be asked for again.

        Raises:
            Transient: something does not answer; what is gone stays gone.
            Permanent: a bucket refuses; all but its objects is gone, and they are tried again later.
        """
        await index.erase(entry.key)
        await self._journal.bury(entry.tenant_id, entry.call_id, self._now(), self._now() + AGAIN)
        await self._remove(entry)
        log.info("call.erased", call_id=entry.call_id, tenant_id=entry.tenant_id)

    async def again(self) -> int:
        """Remove what stages that were at work have kept since; how many calls were looked at."""
        looked = 0
        async for entry in self._journal.buried(self._now()):
            await self._once_more(entry)
            looked += 1
        return looked

    async def _once_more(self, entry: Entry) -> None:
        """One that cannot be removed keeps no other waiting: it is told, and looked for after a while."""
        await self._journal.bury(entry.tenant_id, entry.call_id, self._now(), self._now() + AGAIN)
        try:
            await self._remove(entry)
        except PipelineError as error:
            told = {"reason": error.reason, "error": str(error)}
            log.warning("call.not_erased", call_id=entry.call_id, tenant_id=entry.tenant_id, **told)
        else:
            await self._journal.rest(entry.tenant_id, entry.call_id)

    async def _remove(self, entry: Entry) -> None:
        """First what is only found by what is kept, then what is kept: that also where a bucket refuses."""
        try:
            await self._remove_objects(entry)
        except Permanent:
            await self._forget(entry)
            raise
        await self._forget(entry)

    async def _remove_objects(self, entry: Entry) -> None:
        for ref in await self._objects_of(entry):
            await self._objects.erase(ref)
            await self._objects.erase(sidecar_of(ref))
        await self._objects.erase_under(self._transcripts, f"{entry.tenant_id}/{entry.call_id}/")

    async def _objects_of(self, entry: Entry) -> set[ObjectRef]:
        """Where the call came from, as the journal and every revision of it say."""
        told: list[ObjectRef | None] = []
        if entry.source:
            told += [entry.source.recording, entry.source.transcript]
        with raising("looking for a call's objects", MONGO_FAILURES):
            async for row in self._database["calls"].find(_of(entry)):
                call = Call.model_validate(row)
                told += [call.recording.object if call.recording else None, call.transcript]
        return {ref.model_copy(update={"etag": None, "version": None}) for ref in told if ref}

    async def _forget(self, entry: Entry) -> None:
        """Answers about several calls are forgotten with any of them."""
        either = {"$in": [entry.call_id, ASK]}
        with raising("erasing documents", MONGO_FAILURES):
            for name in _KEPT:
                await self._database[name].delete_many(_of(entry))
            await self._database["work"].delete_many({"tenant_id": entry.tenant_id, "call_id": either})


def _of(key: CallKey) -> dict[str, Any]:
    return {"tenant_id": key.tenant_id, "call_id": key.call_id}
