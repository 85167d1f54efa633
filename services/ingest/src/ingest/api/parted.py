"""A recording handed in part by part, straight into the store: for what is too large for one request."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import uuid4

from common.errors import Permanent
from common.model import CallKey, CallMetadata, Noun, ObjectRef
from common.parts import Part
from fastapi import APIRouter, Depends, Path, Response
from pydantic import ConfigDict, Field, PositiveInt

from ingest.api.answers import Uploaded
from ingest.api.given import ThePartedUploads, TheParts, TheUploadQuota
from ingest.api.samples.calls import IN_PARTS, JOINED
from ingest.api.uploads import CONTENT_TYPES, UNKNOWN, Door, Taken, extension, located
from ingest.metadata import Told, ignored, in_name, merged
from ingest.parted import PartedUpload, amiss, fingerprint, part_size
from ingest.problems import Problem
from ingest.recording import call_id, door_key
from ingest.security.admission import needs

MOST_LAPSED: Final = 5  # uploads given up while another one is announced

router = APIRouter(prefix="/uploads", tags=["calls"])

UploadId = Annotated[str, Path(pattern=r"^u-[0-9a-f]{32}$")]


class Announced(Told):
    """A recording that will come, and what its sender knows of it."""

    model_config = ConfigDict(extra="forbid")

    filename: str = Field(min_length=1, max_length=255)
    size_bytes: PositiveInt
    content_type: str | None = Field(
        None, max_length=255, description="Not believed: the recording is looked at"
    )


class PartAddress(Noun):
    """Where a part goes, by PUT, as it is, without any header of yours."""

    number: int
    size_bytes: int
    url: str


class UploadAnswer(Noun):
    """Send each part to its address before ``expires_at``, note the ETag of each answer, and complete it."""

    upload_id: str
    part_size_bytes: int
    parts: tuple[PartAddress, ...]
    expires_at: datetime


class Sent(Noun):
    """A part, and the ETag that its answer had; empty where a browser was not shown it."""

    model_config = ConfigDict(extra="forbid")

    number: int
    etag: str = Field(max_length=200)


class Completion(Noun):
    """All parts."""

    model_config = ConfigDict(extra="forbid")

    parts: Annotated[tuple[Sent, ...], Field(min_length=1, max_length=1000)]


@dataclass(frozen=True, slots=True)
class Gangway:
    """Beside the door, for what is too large for it."""

    door: Annotated[Door, Depends()]
    parts: TheParts
    uploads: ThePartedUploads
    quota: TheUploadQuota

    async def announce(self, told: Announced, upload_id: str) -> PartedUpload:
        """Open an upload; the call is named after it, since nobody knows the recording yet.

        Raises:
            Problem: 413, it is too large; 429, the tenant's day is full.
            Transient: the store cannot be reached.
        """
        settings, tenant, now = self.door.settings, self.door.tenant, self.door.clock()
        largest = settings.max_recording_bytes
        if told.size_bytes > largest:
            raise Problem(413, f"A recording may have at most {largest} bytes (MAX_RECORDING_BYTES).")
        await self._give_up_lapsed(now)
        named, suffix = call_id(tenant, "upload", upload_id), extension(told.filename)
        ref = ObjectRef(bucket=settings.s3_bucket_audio, key=door_key(tenant, now, named, suffix))
        content_type = CONTENT_TYPES.get(suffix, UNKNOWN)
        async with (
            self.quota.taken(tenant, told.size_bytes, now),
            self._opened(ref, content_type) as storage_id,
        ):
            upload = PartedUpload(
                id=upload_id,
                tenant_id=tenant,
                call_id=named,
                recording=ref,
                storage_id=storage_id,
                size=told.size_bytes,
                part_size=part_size(told.size_bytes),
                metadata=merged(told.metadata, in_name(told.filename, settings.filename_pattern)),
                begun_at=now,
                expires_at=now + timedelta(hours=settings.upload_hours),
            )
            await self.uploads.add(upload)
        return upload

    @asynccontextmanager
    async def _opened(self, ref: ObjectRef, content_type: str) -> AsyncIterator[str]:
        """The store's own name of an upload; one that nobody will know of is given up."""
        target = await self.parts.begin(ref, content_type)
        try:
            yield target.storage_id
        except BaseException:
            await self.parts.give_up(target)
            raise

    async def addresses(self, upload: PartedUpload) -> tuple[PartAddress, ...]:
        """Signed for as long as the upload lives."""
        seconds = round((upload.expires_at - upload.begun_at).total_seconds())
        signed: list[PartAddress] = []
        for n, size in enumerate(upload.sizes, start=1):
            url = await self.parts.sign(upload.target, n, size, seconds)
            signed.append(PartAddress(number=n, size_bytes=size, url=url))
            await asyncio.sleep(0)  # signing is arithmetic: a thousand in a row would hold everybody up
        return tuple(signed)

    async def find(self, upload_id: str) -> PartedUpload:
        """One of this tenant's that has not lapsed.

        Raises:
            Problem: 404.
        """
        found = await self.uploads.find(self.door.tenant, upload_id)
        if found is None or found.expires_at <= self.door.clock():
            raise Problem(404, "There is no such upload: it was given up, or its time is over.")
        return found

    async def complete(self, upload: PartedUpload, completion: Completion) -> Taken:
        """Join the parts, unless they are a recording that has come before, and announce the call.

        Raises:
            Problem: 409, the parts are not what was announced (send those that are named again), or
                the call was erased.
        """
        key = CallKey(tenant_id=upload.tenant_id, call_id=upload.call_id)
        await self.door.refuse_erased(key)
        if not upload.joined:
            parts = await self._checked(upload, {part.number: part.etag for part in completion.parts})
            if parts and (known := await self._known(upload, parts)):
                await self.abandon(upload)
                return known
            await self._join(upload, parts)
        return Taken(await self.door.announce(key, upload.recording, upload.metadata))

    async def abandon(self, upload: PartedUpload) -> None:
        """Give it up: what has come of it goes, and its bytes are not counted; what is joined stays."""
        if await self._is_there(upload):
            await self.uploads.joined(upload)
        elif await self.parts.give_up(upload.target) and await self.uploads.drop(upload):
            await self.quota.give_back(upload.tenant_id, upload.size, upload.begun_at)

    async def _checked(self, upload: PartedUpload, told: dict[int, str]) -> tuple[Part, ...]:
        """What has come; nothing if a completion before this one joined it and broke off then."""
        try:
            there = await self.parts.there(upload.target)
        except Permanent as error:
            if error.reason == "not_found" and await self._is_whole(upload):
                return ()
            raise
        if wrong := amiss(upload, there, told):
            faults = [{"field": "body.parts", "message": fault} for fault in wrong[:20]]
            raise Problem(409, "The parts are not the recording that was announced.", errors=faults)
        return there

    async def _is_there(self, upload: PartedUpload) -> bool:
        """Whether a completion joined it, and broke off before it was noted."""
        try:
            return await self._is_whole(upload)
        except Problem:
            return False

    async def _is_whole(self, upload: PartedUpload) -> bool:
        try:
            found = await self.door.recordings.stat(upload.recording)
        except Permanent:
            raise Problem(404, "There is no such upload: it was given up.") from None
        return found.size_bytes == upload.size

    async def _known(self, upload: PartedUpload, parts: tuple[Part, ...]) -> Taken | None:
        """The call that this very recording became before, looked for before there is a second object."""
        before = await self.uploads.call_of(upload.tenant_id, fingerprint(upload, parts))
        if before is None or before == upload.call_id:
            return None
        key = CallKey(tenant_id=upload.tenant_id, call_id=before)
        await self.door.refuse_erased(key)
        entry, call = await self.door.journal.find(key.tenant_id, before), await self.door.calls.find(key)
        # What is not kept yet has metadata that is on its way, and takes no other.
        kept = call.metadata if call else CallMetadata()
        return Taken(entry, ignored(upload.metadata, kept)) if entry else None

    async def _join(self, upload: PartedUpload, parts: tuple[Part, ...]) -> None:
        """The sidecar goes first, as at the door."""
        if parts:
            await self.door.put_sidecar(upload.recording, upload.metadata)
            await self._joined_once(upload, parts)
            if not await self._is_whole(upload):
                raise Problem(409, "The store joined something else than was announced; begin anew.")
            await self.uploads.name(upload, fingerprint(upload, parts))
        await self.uploads.joined(upload)

    async def _joined_once(self, upload: PartedUpload, parts: tuple[Part, ...]) -> None:
        """Another completion may have done it since the parts were listed."""
        try:
            await self.parts.join(upload.target, parts)
        except Permanent as error:
            if error.reason != "not_found":
                raise

    async def _give_up_lapsed(self, now: datetime) -> None:
        for upload in [each async for each in self.uploads.lapsed(now, MOST_LAPSED)]:
            await self.abandon(upload)


def new_upload() -> Callable[[], str]:
    """Where the names of uploads come from."""
    return lambda: f"u-{uuid4().hex}"


@router.post(
    "",
    summary="Start a multipart upload",
    dependencies=[needs("upload")],
    status_code=201,
    responses=IN_PARTS,
)
async def begin_upload(
    told: Announced,
    gangway: Annotated[Gangway, Depends()],
    new_id: Annotated[Callable[[], str], Depends(new_upload)],
    response: Response,
) -> UploadAnswer:
    """Announce a recording that will come in parts: each goes to an address of the store's own."""
    upload = await gangway.announce(told, new_id())
    response.headers["Location"] = f"{gangway.door.settings.api_v1_prefix}/uploads/{upload.id}"
    return UploadAnswer(
        upload_id=upload.id,
        part_size_bytes=upload.part_size,
        parts=await gangway.addresses(upload),
        expires_at=upload.expires_at,
    )


@router.post(
    "/{upload_id}/complete",
    summary="Complete a multipart upload",
    dependencies=[needs("upload")],
    status_code=201,
    responses=JOINED,
)
async def complete_upload(
    upload_id: UploadId, completion: Completion, gangway: Annotated[Gangway, Depends()], response: Response
) -> Uploaded:
    """Every part has been sent: check them, join them and announce the call, as an upload does.

    The same recording again, in parts again, is the same call (200). Completing again answers the same.
    """
    taken = await gangway.complete(await gangway.find(upload_id), completion)
    return located(taken, gangway.door.settings, response)


@router.delete(
    "/{upload_id}",
    summary="Abort a multipart upload",
    dependencies=[needs("upload")],
    status_code=204,
    responses={404: {"description": "No such upload, or its time is over"}},
)
async def abandon_upload(upload_id: UploadId, gangway: Annotated[Gangway, Depends()]) -> None:
    """Give an upload up; a completed one is a call, and stays."""
    upload = await gangway.find(upload_id)
    if not upload.joined:
        await gangway.abandon(upload)
