"""How loud a call's recording is from moment to moment, for whoever draws it."""

from hashlib import sha256
from typing import Annotated, Final

from common.journal import Entry
from common.model import Milliseconds, Noun, Peaks
from fastapi import APIRouter, Depends, Header
from fastapi.responses import Response

from ingest.api.calls import CallIdPath, Documents, RevisionQuery, matches
from ingest.api.given import ThePeaks
from ingest.api.samples.calls import PEAKS
from ingest.problems import Problem
from ingest.security.admission import needs

CACHED: Final = "private, max-age=300"  # a redo may draw it anew

router = APIRouter(prefix="/calls", tags=["calls"])


class ChannelAnswer(Noun):
    """One channel, numbered as utterances do it; each peak is from 0 to 255, full scale."""

    channel: int
    speaker: str | None
    peaks: tuple[int, ...]


class PeaksAnswer(Noun):
    """Peaks of equal distance in time, ``peaks_per_second`` of them: 64 or fewer, at most 8,000 a channel."""

    call_id: str
    revision: int
    duration_ms: Milliseconds
    peaks_per_second: float
    channels: tuple[ChannelAnswer, ...]


@router.get(
    "/{call_id}/peaks",
    summary="Retrieve the waveform",
    dependencies=[needs("read")],
    response_model=PeaksAnswer,
    responses=PEAKS,
)
async def get_peaks(
    call_id: CallIdPath,
    documents: Annotated[Documents, Depends()],
    kept: ThePeaks,
    revision: RevisionQuery = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The waveform of a call's recording, computed once, when it was transcribed."""
    entry = await documents.entry(call_id, revision)
    found = await kept.latest(entry.key)
    if found is None:
        raise Problem(404, _none(entry))
    body = _told(found).model_dump_json().encode()
    headers = {"ETag": f'"{sha256(body).hexdigest()[:32]}"', "Cache-Control": CACHED}
    if matches(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def _told(found: Peaks) -> PeaksAnswer:
    channels = tuple(
        ChannelAnswer(channel=each.channel, speaker=each.speaker, peaks=tuple(each.peaks))
        for each in found.channels
    )
    return PeaksAnswer(**dict(found) | {"channels": channels})


def _none(entry: Entry) -> str:
    heard = "transcribe" in entry.stages and entry.stages["transcribe"].finished_at
    if not heard and entry.revision == 1:
        return "There is no waveform of this call yet: it is made when the call is transcribed."
    return (
        "There is no waveform of this call: its transcript was made elsewhere, or before waveforms were kept;"
        " a redo from transcribe makes one of a recording."
    )
