"""What was said in a call, as a file in a format of the client's choice; and how the call was led."""

from collections.abc import Iterator
from typing import Annotated

from common.model import Talk, Transcript
from common.talk import talk_in
from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import StreamingResponse

from ingest.api.answers import MetricsAnswer, metrics
from ingest.api.calls import CallIdPath, Documents, RevisionQuery
from ingest.api.samples.spoken import FILES, METRICS
from ingest.exports import EXPORTS, Format
from ingest.negotiation import preferred
from ingest.problems import Problem
from ingest.security.admission import needs, noted

BLOCK = 64 * 1024  # characters, about; what is sent at once

router = APIRouter(prefix="/calls", tags=["calls"])

FormatQuery = Annotated[Format | None, Query(description="Takes precedence over ``Accept``")]


@router.get(
    "/{call_id}/transcript",
    summary="Export the transcript",
    dependencies=[needs("read"), noted("transcript.read")],
    response_class=StreamingResponse,
    responses=FILES,
)
async def get_transcript(
    call_id: CallIdPath,
    documents: Annotated[Documents, Depends()],
    revision: RevisionQuery = None,
    format: FormatQuery = None,  # noqa: A002 - the parameter's name on the wire
    accept: Annotated[str | None, Header()] = None,
) -> StreamingResponse:
    """The transcript as json, csv, srt, vtt or txt."""
    chosen = format or _format_for(accept)
    transcript = await _transcript(call_id, documents, revision)
    headers = {
        "Content-Disposition": f'attachment; filename="{call_id}.{chosen}"',
        "Cache-Control": "private, no-cache",
        "Vary": "Accept",
    }
    written = EXPORTS[chosen].write(transcript)
    return StreamingResponse(_blocks(written), headers=headers, media_type=EXPORTS[chosen].content_type)


@router.get(
    "/{call_id}/metrics", summary="Retrieve talk metrics", dependencies=[needs("read")], responses=METRICS
)
async def get_metrics(
    call_id: CallIdPath, documents: Annotated[Documents, Depends()], revision: RevisionQuery = None
) -> MetricsAnswer:
    """How the call was led: talk, silence, interruptions, answers, pace, loudness; and how much was heard.

    What takes two known speakers is ``{"unavailable": reason}`` where there is only one.
    """
    entry = await documents.entry(call_id, revision)
    head = await documents.transcripts.head(entry.key)
    if head is None:
        raise Problem(404, "Nothing of this call is transcribed yet.")
    return metrics(head, head.talk or await _counted(documents, call_id, revision))


async def _counted(documents: Documents, call_id: str, revision: int | None) -> Talk:
    """The metrics of a transcript that is older than they are."""
    return talk_in(await _transcript(call_id, documents, revision))


async def _transcript(call_id: str, documents: Documents, revision: int | None) -> Transcript:
    entry = await documents.entry(call_id, revision)
    transcript = await documents.transcripts.latest(entry.key)
    if transcript is None:
        raise Problem(404, "Nothing of this call is transcribed yet.")
    return transcript


def _format_for(accept: str | None) -> Format:
    by_type: dict[str, Format] = {export.media_type: name for name, export in EXPORTS.items()}
    media_type = preferred(accept, tuple(by_type))
    if media_type is None:
        raise Problem(406, f"A transcript can be had as {', '.join(by_type)}; or say format=csv.")
    return by_type[media_type]


def _blocks(written: Iterator[str]) -> Iterator[bytes]:
    """Small pieces together: each block costs a turn of the loop."""
    for first in written:
        block, size = [first], len(first)
        while size < BLOCK and (piece := next(written, None)) is not None:
            block.append(piece)
            size += len(piece)
        yield "".join(block).encode()
