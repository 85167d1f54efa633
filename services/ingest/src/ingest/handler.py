"""Ingest a call.

Takes notices of uploads from the *ingest* queue, announces ``CallIngested`` on *transcribe*.
"""

from typing import Any

from common import announcements
from common.entry import Entry, Source
from common.errors import raising
from common.events import CallUploaded
from common.middleware import Attempt
from common.model import Call, ObjectRef
from common.pipeline import INGEST, TRANSCRIBE
from common.telemetry import resume
from common.work import Claims, WorkId
from faststream_sqs import SQSRouter

from ingest.inspector import Inspector
from ingest.metadata import trace_in
from ingest.recording import Rules, key_of, subject, tenant_of
from ingest.resources import Calls, TheClaims, TheInspector, ThisAttempt
from ingest.uploads import read

router = SQSRouter()
one_by_one = router.publisher(INGEST.queue)
ingested = router.publisher(TRANSCRIBE.queue)


@router.subscriber(INGEST.queue)
async def ingest(
    notice: Any, attempt: ThisAttempt, inspector: TheInspector, calls: Calls, claims: TheClaims
) -> None:
    """Check the recording, keep the call, announce it: once, however many notices speak of it.

    A notice of several uploads is taken apart, so that each of them has a delivery and an end of its own;
    one of none, such as S3's test, is let go.
    """
    match read(notice, inspector.rules.default_tenant):
        case ():
            return
        case (upload,):
            await _ingested(upload, attempt, inspector, calls, claims)
        case uploads:
            for upload in uploads:
                await _hand_in(upload, inspector.rules)


async def _ingested(
    upload: CallUploaded, attempt: Attempt, inspector: Inspector, calls: Calls, claims: Claims
) -> None:
    """An upload and its bucket's own notice arrive together: the claim lets one of them announce the call."""
    entry, ref = await _identified(upload, attempt, inspector)

    async def announced() -> Call:
        sidecar = await inspector.sidecar(ref)
        # The bucket's notice may come before the door's event, and knows nothing of the upload's trace.
        resume(trace_in(sidecar))
        call = await calls.find(entry.key) or await calls.keep(
            await _found(upload, entry, ref, sidecar, inspector)
        )
        await _announce(call)
        return call

    await claims.once(WorkId(entry.key, INGEST.name, (entry.revision,)), Call, announced)


async def _identified(
    upload: CallUploaded, attempt: Attempt, inspector: Inspector
) -> tuple[Entry, ObjectRef]:
    """Tell the journal which call this is before anything is refused."""
    ref, refused = await inspector.locate(upload, subject(upload))
    source = Source(recording=upload.recording, transcript=upload.transcript)
    entry = await attempt.identify(key_of(upload, ref, inspector.rules), source)
    if refused:
        raise refused
    return entry, ref


async def _found(
    upload: CallUploaded, entry: Entry, ref: ObjectRef, sidecar: dict[str, Any], inspector: Inspector
) -> Call:
    """The call as the looked-at object and everything known of it make it."""
    return Call(
        **dict(entry.key),
        recording=await inspector.recording(upload, ref) if upload.recording else None,
        transcript=await inspector.transcript(upload, upload.transcript) if upload.transcript else None,
        metadata=inspector.metadata(upload, ref, sidecar),
        created_at=entry.created_at,
    )


async def _announce(call: Call) -> None:
    with raising("announcing a call", announcements.QUEUE_FAILURES):
        await ingested.publish(announcements.ingested(call.key, call), group_id=call.tenant_id)


async def _hand_in(upload: CallUploaded, rules: Rules) -> None:
    tenant = tenant_of(upload, subject(upload), rules)
    with raising("handing in one of several uploads", announcements.QUEUE_FAILURES):
        await one_by_one.publish(upload, group_id=tenant)
