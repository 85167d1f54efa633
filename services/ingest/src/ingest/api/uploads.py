"""The door: a recording is handed in, stored, and announced."""

import asyncio
import json
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import PurePath
from typing import Annotated, Any

from common.announcements import QUEUE_FAILURES
from common.entry import ERASED, Entry, Source
from common.errors import raising
from common.events import CallUploaded
from common.model import CallKey, CallMetadata, ObjectRef
from common.pipeline import INGEST
from common.telemetry import carried
from fastapi import APIRouter, Depends, File, Form, Response, UploadFile
from pydantic import ValidationError

from ingest.api.answers import Uploaded
from ingest.api.bodies import FIELD, FIELDS
from ingest.api.faults import faults
from ingest.api.given import (
    TheBroker,
    TheCalls,
    TheClock,
    TheJournal,
    TheRecordings,
    TheSettings,
    TheTenant,
    TheUploadQuota,
)
from ingest.api.samples.calls import UPLOADED
from ingest.metadata import Told, ignored, in_name, merged
from ingest.problems import Problem, too_large
from ingest.recording import call_id, door_key, sidecar_of
from ingest.security.admission import needs
from ingest.seeming import HEAD, NO_AUDIO, no_recording, seeming
from ingest.settings import DoorSettings

PUBLISH_TIMEOUT = 15.0  # seconds

# Only what the object is called and served as; whether it is audio is decided by its content.
CONTENT_TYPES = {
    "wav": "audio/wav",
    "w64": "audio/wav",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "mp4": "audio/mp4",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "webm": "audio/webm",
    "mka": "audio/x-matroska",
    "amr": "audio/amr",
    "wma": "audio/x-ms-wma",
    "aiff": "audio/aiff",
    "aif": "audio/aiff",
    "au": "audio/basic",
    "caf": "audio/x-caf",
    "3gp": "audio/3gpp",
}
UNKNOWN = "application/octet-stream"

# One recording, and no more than its fields, each held in memory. A part's headers are the parser's to bound:
# eight of 4 KiB.
FORM_LIMITS: Any = {"max_files": 1, "max_fields": FIELDS, "max_part_size": FIELD}

router = APIRouter(prefix="/calls", tags=["calls"])


@dataclass(frozen=True, slots=True)
class UploadForm:
    """A recording and what its sender knows of it."""

    file: Annotated[UploadFile | None, File(description="The recording")] = None
    agent: Annotated[str | None, Form()] = None
    customer: Annotated[str | None, Form()] = None
    direction: Annotated[str | None, Form(description="inbound or outbound")] = None
    started_at: Annotated[str | None, Form(description="ISO 8601")] = None
    company_name: Annotated[str | None, Form()] = None
    contact_email: Annotated[str | None, Form()] = None
    call_type: Annotated[str | None, Form()] = None
    channel_roles: Annotated[str | None, Form(description="Who speaks on channel 1, 2 …: agent,customer")] = (
        None
    )
    extra: Annotated[str | None, Form(description="A JSON object of texts")] = None

    def recording(self, largest: int) -> UploadFile:
        """The file.

        Raises:
            Problem: 400, there is none or it is empty; 413, it has more than *largest* bytes.
        """
        if self.file is None:
            raise Problem(400, "No recording was sent: send it as the multipart field 'file'.")
        if not self.file.size:
            raise Problem(400, "The recording is empty.")
        if self.file.size > largest:
            raise too_large(largest)
        return self.file

    def metadata(self) -> CallMetadata:
        """The other fields.

        Raises:
            Problem: 400, naming the ones that do not fit.
        """
        names = CallMetadata.model_fields.keys() - {"extra", "filename"}
        given = {name: value for name in names if (value := getattr(self, name))}
        try:
            return Told(**given, extra=_object(self.extra)).metadata
        except ValidationError as error:
            wrong = faults(error.errors(), within=("body",))
            raise Problem(400, "Some of the call's metadata cannot be read.", errors=wrong) from None


@dataclass(frozen=True, slots=True)
class Taken:
    """A call; *ignored* is None where it is new, else what it has not taken of its upload's metadata."""

    entry: Entry
    ignored: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Door:
    """Where a recording goes on its way in."""

    tenant: TheTenant
    settings: TheSettings
    recordings: TheRecordings
    calls: TheCalls
    journal: TheJournal
    broker: TheBroker
    clock: TheClock
    quota: TheUploadQuota

    async def take(self, file: UploadFile, metadata: CallMetadata) -> Taken:
        """Store a recording and announce it; the same recording again is the same call.

        Raises:
            Problem: 409, it was erased.
            Transient: something could not be reached; handing it in again loses and doubles nothing.
        """
        content: Any = file.file
        digest = await asyncio.to_thread(file_digest, content, "sha256")
        key = CallKey(tenant_id=self.tenant, call_id=call_id(self.tenant, digest.hexdigest()))
        await self.refuse_erased(key)
        call = await self.calls.find(key)
        if call and call.recording:
            entry = await self.announce(key, call.recording.object, metadata)
            return Taken(entry, ignored(metadata, call.metadata))
        async with self.quota.taken(self.tenant, file.size or 0, self.clock()):
            return Taken(await self.announce(key, await self._store(key, file, metadata), metadata))

    async def refuse_erased(self, key: CallKey) -> None:
        """Somebody asked that it be gone: it does not come back by being handed in.

        Raises:
            Problem: 409.
        """
        if buried := await self.journal.tombstone(key.tenant_id, key.call_id):
            day = f"{buried.updated_at:%Y-%m-%d}"
            raise Problem(409, f"This recording was erased on {day}, and is not taken again.", reason=ERASED)

    async def announce(self, key: CallKey, stored: ObjectRef, metadata: CallMetadata) -> Entry:
        """Tell the journal and the queue of a recording that is stored."""
        entry = await self.journal.expect(key, INGEST, self.clock(), Source(recording=stored))
        await self._announce(key, stored, metadata)
        return entry

    async def put_sidecar(self, ref: ObjectRef, metadata: CallMetadata) -> None:
        """What is known of a call, beside its recording, and this request's trace."""
        beside = metadata.model_dump(mode="json", exclude_none=True) | carried()
        await self.recordings.put_json(sidecar_of(ref), beside)

    async def _store(self, key: CallKey, file: UploadFile, metadata: CallMetadata) -> ObjectRef:
        """The sidecar goes first: the bucket's own notification of the recording must find it there.

        It carries this request's trace, too: whichever of notification and event comes first goes on with it.
        """
        suffix = extension(file.filename or "")
        ref = ObjectRef(
            bucket=self.settings.s3_bucket_audio,
            key=door_key(self.tenant, self.clock(), key.call_id, suffix),
        )
        await self.put_sidecar(ref, metadata)
        return await self.recordings.put_file(ref, file.file, CONTENT_TYPES.get(suffix, UNKNOWN))

    async def _announce(self, key: CallKey, ref: ObjectRef, metadata: CallMetadata) -> None:
        event = CallUploaded(
            tenant_id=key.tenant_id,
            call_id=key.call_id,
            recording=ref,
            metadata=metadata,
            uploaded_at=self.clock(),
        )
        with raising("announcing an upload", QUEUE_FAILURES):
            async with asyncio.timeout(PUBLISH_TIMEOUT):
                await self.broker.publish(event, INGEST.queue, group_id=key.tenant_id)


@router.post(
    "/upload",
    summary="Upload a recording",
    dependencies=[needs("upload")],
    status_code=201,
    responses=UPLOADED,
    form_limits=FORM_LIMITS,
)
async def upload(
    form: Annotated[UploadForm, Depends()], door: Annotated[Door, Depends()], response: Response
) -> Uploaded:
    """Hand in a recording; 201 means that it is certain to be processed, 200 that it is a call already."""
    file, metadata = form.recording(door.settings.max_upload_bytes), form.metadata()
    await _refuse_other_things(file)
    metadata = merged(metadata, in_name(file.filename or "", door.settings.filename_pattern))
    return located(await door.take(file, metadata), door.settings, response)


def located(taken: Taken, settings: DoorSettings, response: Response) -> Uploaded:
    """The answer to whoever handed in a call, which leads to it."""
    entry = taken.entry
    response.headers["Location"] = f"{settings.api_v1_prefix}/calls/{entry.call_id}"
    if taken.ignored is not None:
        response.status_code = 200
    return Uploaded(call_id=entry.call_id, status=entry.status, metadata_ignored=taken.ignored or ())


async def _refuse_other_things(file: UploadFile) -> None:
    """Raises Problem (415) of what is plainly no recording; what may be one is looked at by the stage."""
    kind = seeming(await file.read(HEAD))
    await file.seek(0)
    if kind:
        raise Problem(415, no_recording(kind), reason=NO_AUDIO)


def extension(name: str) -> str:
    """What the object's name ends with: nothing of a stranger's choice but one of a few words."""
    suffix = PurePath(name).suffix.lower().removeprefix(".")
    return suffix if suffix in CONTENT_TYPES else "bin"


def _object(text: str | None) -> Any:
    try:
        return json.loads(text) if text else {}
    except (ValueError, RecursionError):
        raise Problem(
            400, 'The field \'extra\' is not JSON: send an object such as {"deal": "42"}.'
        ) from None
