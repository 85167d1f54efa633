"""A transcript in other people's formats, piece by piece.

Tests have FFmpeg read the subtitles, as players would.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from common.documents import pieces
from common.model import Transcript, Utterance

from ingest.cells import csv_row, one_line

Format = Literal["json", "csv", "srt", "vtt", "txt"]

COLUMNS: Final = ("id", "speaker", "channel", "start_ms", "end_ms", "text", "language", "confidence")
# SubRip has no escapes, and players take angle brackets and braces for markup: they are written alike.
_PLAIN: Final = str.maketrans({"<": "‹", ">": "›", "{": "❴", "}": "❵", "\\": "⧵"})
_ESCAPED: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True, slots=True)
class Export:
    """How a format is called on the wire, and how it is written."""

    media_type: str
    content_type: str
    write: Callable[[Transcript], Iterator[str]]


def csv_rows(transcript: Transcript) -> Iterator[str]:
    """RFC 4180 with a header; an apostrophe goes before what a spreadsheet would take for a formula."""
    yield csv_row(COLUMNS)
    for said in transcript.utterances:
        yield csv_row(getattr(said, name) for name in COLUMNS)


def srt(transcript: Transcript) -> Iterator[str]:
    """SubRip: numbered cues, the speaker before the text."""
    for n, said in enumerate(_audible(transcript), start=1):
        text = f"{one_line(said.speaker)}: {one_line(said.text)}".replace("-->", "→").translate(_PLAIN)
        yield f"{n}\r\n{_times(said, ',')}\r\n{text}\r\n\r\n"


def vtt(transcript: Transcript) -> Iterator[str]:
    """WebVTT: cues named as utterances are, the speaker as their voice."""
    yield "WEBVTT\n\n"
    for said in _audible(transcript):
        speaker, text = (one_line(each).translate(_ESCAPED) for each in (said.speaker, said.text))
        yield f"{said.id}\n{_times(said, '.')}\n<v {speaker}>{text}</v>\n\n"


def txt(transcript: Transcript) -> Iterator[str]:
    """One line for each utterance: when, who, what."""
    for said in transcript.utterances:
        yield f"[{_clock(said.start_ms // 1000)}] {one_line(said.speaker)}: {one_line(said.text)}\n"


EXPORTS: Final[Mapping[Format, Export]] = MappingProxyType(
    {
        "json": Export("application/json", "application/json", pieces),
        "csv": Export("text/csv", "text/csv; charset=utf-8; header=present", csv_rows),
        "srt": Export("application/x-subrip", "application/x-subrip; charset=utf-8", srt),
        "vtt": Export("text/vtt", "text/vtt; charset=utf-8", vtt),
        "txt": Export("text/plain", "text/plain; charset=utf-8", txt),
    }
)
"""The first is what a client gets that does not choose."""


def _audible(transcript: Transcript) -> Iterator[Utterance]:
    """What makes a cue: neither format has a place for one without text."""
    return (said for said in transcript.utterances if one_line(said.text))


def _times(said: Utterance, point: str) -> str:
    """From, to: a cue has to end after it starts."""
    return f"{_instant(said.start_ms, point)} --> {_instant(max(said.end_ms, said.start_ms + 1), point)}"


def _instant(ms: int, point: str) -> str:
    return f"{_clock(ms // 1000)}{point}{ms % 1000:03d}"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
