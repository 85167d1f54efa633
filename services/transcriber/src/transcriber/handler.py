"""Transcribe a call.

Takes ``CallIngested`` from the *transcribe* queue, announces ``CallTranscribed`` on *analyze*.
"""

from common.announcements import transcribed
from common.errors import Permanent
from common.events import CallIngested, CallTranscribed
from common.model import Transcript
from common.pipeline import ANALYZE, TRANSCRIBE
from faststream_sqs import SQSRouter

from transcriber.folders import fresh_folder
from transcriber.resources import Archive, Ears, Recordings, Transcripts

router = SQSRouter()


@router.subscriber(TRANSCRIBE.queue)
@router.publisher(ANALYZE.queue, group_id=lambda event: event.tenant_id)
async def transcribe(
    ingested: CallIngested, recordings: Recordings, hearing: Ears, transcripts: Transcripts, archive: Archive
) -> CallTranscribed:
    """Hear the recording, or read the transcript that came in its place; keep, write to S3, announce.

    A call that already has a transcript is only written and announced again.
    """
    kept = await transcripts.find(ingested.key)

    if kept is None:
        kept = await transcripts.keep(await _transcript(ingested, recordings, hearing, archive))

    await archive.write(kept)
    return transcribed(kept.key, kept.head)


async def _transcript(
    ingested: CallIngested, recordings: Recordings, hearing: Ears, archive: Archive
) -> Transcript:
    if ingested.transcript is not None:
        return await archive.read(ingested.key, ingested.transcript)
    if ingested.recording is None:
        raise Permanent("the call has neither a recording nor a transcript", reason="nothing_to_transcribe")
    recording = ingested.recording.object
    async with fresh_folder() as folder:
        # A name of ours: FFmpeg tells some formats by the extension, and a stranger chose that one.
        source = folder / "recording"
        await recordings.fetch(recording, source)
        return await hearing.transcript(ingested.key, recording, source, folder, ingested.channel_roles)
