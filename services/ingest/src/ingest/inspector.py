"""Uploaded objects, looked at: does it exist, what is it, and what lies beside it."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from common.errors import Permanent
from common.events import CallUploaded
from common.logging import get_logger
from common.model import CallMetadata, ObjectRef, Recording
from common.recordings import ObjectStat, RecordingBucket

from ingest.metadata import in_name, merged
from ingest.recording import (
    Rules,
    check_size,
    is_identified,
    is_own,
    names_its_call,
    recording,
    refusal,
    sidecar_of,
    trespass,
)
from ingest.sniff import sniff

LARGEST_SIDECAR = 64 * 1024  # bytes
_ABSENT = {"not_found", "forbidden"}  # S3 says 403 for a missing key to those who may not list the bucket

log = get_logger("callstream.ingest")


class Inspector:
    """Looks at what was uploaded, under the operator's rules."""

    def __init__(self, recordings: RecordingBucket, rules: Rules) -> None:
        self._recordings = recordings
        self.rules = rules

    async def locate(self, upload: CallUploaded, ref: ObjectRef) -> tuple[ObjectRef, Permanent | None]:
        """The object with what identifies it, and why it may not be opened.

        The refusal is returned, not raised: the journal must learn of it, and needs the call's id first.
        """
        refused = refusal(ref, self.rules.allowed) or trespass(upload, ref, self.rules)
        if refused or is_identified(upload, ref, self.rules):
            return ref, refused
        try:
            return await self._recordings.stat(ref), None
        except Permanent as error:
            return ref, error

    async def recording(self, upload: CallUploaded, ref: ObjectRef) -> Recording:
        """What the object was found to be.

        Raises:
            Permanent: it is gone, ``empty_file``, ``too_large``, ``unreadable_audio``, ``no_audio_stream``,
                ``unsupported_audio``, or ``changed`` since it was announced.
        """
        found = await self._stat(ref, exactly=not names_its_call(upload, ref, self.rules))
        # Nothing lies beside the file, and its name is ours: a name can tell FFmpeg what to do.
        with TemporaryDirectory(prefix="callstream-") as folder:
            path = Path(folder) / "recording"
            size = await self._recordings.fetch(found, path)
            return recording(found, size, await sniff(path))

    async def transcript(self, upload: CallUploaded, ref: ObjectRef) -> ObjectRef:
        """The reference to a transcript made elsewhere, which exists and is not empty."""
        found = await self._stat(ref, exactly=not names_its_call(upload, ref, self.rules))
        return ObjectRef(**found.model_dump(exclude={"size_bytes"}))

    def metadata(self, upload: CallUploaded, ref: ObjectRef, sidecar: dict[str, Any]) -> CallMetadata:
        """Facts of the call: the event is believed first, then the object's name, then its sidecar.

        A name that our own door gave says nothing: what its sender called the file is in the sidecar.
        """
        named = {} if is_own(ref, self.rules) else in_name(ref.key, self.rules.filename_pattern)
        return merged(upload.metadata, named, sidecar)

    async def sidecar(self, ref: ObjectRef) -> dict[str, Any]:
        """What the JSON document beside a recording says; a bad one costs its metadata, never the call."""
        try:
            found = json.loads(await self._recordings.read(sidecar_of(ref), LARGEST_SIDECAR))
        except Permanent as error:
            return {} if error.reason in _ABSENT else _ignored(error.reason)
        except (ValueError, RecursionError):
            return _ignored("not_json")
        return found if isinstance(found, dict) else _ignored("not_an_object")

    async def _stat(self, ref: ObjectRef, *, exactly: bool) -> ObjectStat:
        if refused := refusal(ref, self.rules.allowed):
            raise refused
        found = await self._recordings.stat(ref)
        if exactly and ref.etag and not ref.version and found.etag != ref.etag:
            raise Permanent(
                "the object was overwritten; its new content has a notice of its own", reason="changed"
            )
        check_size(found.size_bytes, self.rules)
        return found


def _ignored(why: str) -> dict[str, Any]:
    log.warning("sidecar.ignored", reason=why)
    return {}
