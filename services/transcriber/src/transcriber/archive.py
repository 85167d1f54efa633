"""Transcripts as JSON in S3: those made elsewhere are read, ours are written."""

import asyncio

from common.documents import encoded
from common.model import CallKey, ObjectRef, Transcript
from common.recordings import RecordingBucket

from transcriber import imported

LARGEST = 64 * 1024 * 1024  # bytes; eight hours of talk with the times of each word are a third of it


class TranscriptArchive:
    """The bucket of transcripts."""

    def __init__(self, objects: RecordingBucket, bucket: str) -> None:
        self._objects = objects
        self._bucket = bucket

    async def read(self, key: CallKey, ref: ObjectRef) -> Transcript:
        """A transcript made elsewhere, as that of *key*.

        Raises:
            Permanent: it is missing, too large, or no transcript (``invalid_transcript``).
        """
        return await asyncio.to_thread(imported.read, key, await self._objects.read(ref, LARGEST))

    async def write(self, transcript: Transcript) -> None:
        """Write the kept transcript; again is harmless, since the kept one never changes."""
        name = f"{transcript.tenant_id}/{transcript.call_id}/{transcript.revision}.json"
        body = await asyncio.to_thread(encoded, transcript)
        await self._objects.put(ObjectRef(bucket=self._bucket, key=name), body, "application/json")
