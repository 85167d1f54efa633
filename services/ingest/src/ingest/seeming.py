"""What a file that is plainly no recording seems to be, by its first bytes."""

import codecs
from typing import Final

HEAD: Final = 4096
"""Bytes by which it is told."""
NO_AUDIO: Final = "no_audio_stream"
TAKEN: Final = "wav, mp3, m4a, flac, ogg, opus, webm, amr or wma"

_ARCHIVE, _IMAGE, _OFFICE = "an archive", "an image", "an Office document"
# Where, what and of which kind; nothing that FFmpeg may open as audio begins with any of them.
_SIGNATURES: Final = (
    (0, b"%PDF-", "a PDF document"),
    (0, b"\x89PNG\r\n\x1a\n", _IMAGE),
    (0, b"\xff\xd8\xff", _IMAGE),
    (0, b"GIF87a", _IMAGE),
    (0, b"GIF89a", _IMAGE),
    (0, b"II*\x00", _IMAGE),
    (0, b"MM\x00*", _IMAGE),
    (8, b"WEBP", _IMAGE),
    (4, b"ftyphei", _IMAGE),
    (4, b"ftypmif1", _IMAGE),
    (4, b"ftypavif", _IMAGE),
    (0, b"PK\x03\x04", "a ZIP archive or an Office document"),
    (0, b"PK\x05\x06", _ARCHIVE),
    (0, b"\x1f\x8b\x08", _ARCHIVE),
    (0, b"BZh", _ARCHIVE),
    (0, b"\xfd7zXZ\x00", _ARCHIVE),
    (0, b"7z\xbc\xaf\x27\x1c", _ARCHIVE),
    (0, b"Rar!\x1a\x07", _ARCHIVE),
    (257, b"ustar", _ARCHIVE),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OFFICE),
    (0, b"{\\rtf", _OFFICE),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ\x90\x00", "a program"),
    (0, b"SQLite format 3\x00", "a database"),
)
_AMR: Final = b"#!AMR"  # an empty one is text otherwise
_MARKS: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_WEB: Final = ("<!doctype html", "<html")
_LAYOUT: Final = frozenset("\t\n\r\f")


def seeming(head: bytes) -> str | None:
    """What it seems to be, in words; None where it may be a recording, damaged or not."""
    for place, signature, kind in _SIGNATURES:
        if head.startswith(signature, place):
            return kind
    text = _text(head)
    if text is None:
        return None
    return "an HTML page" if text.lstrip().lower().startswith(_WEB) else "a text"


def no_recording(kind: str) -> str:
    """What is told of such a file."""
    return f"This seems to be {kind}, and no recording: send {TAKEN}."


def _text(head: bytes) -> str | None:
    """What is written there, if nothing but a text can be; its last letter may be cut off."""
    if not head or head.startswith(_AMR):
        return None
    mark = next((mark for mark in _MARKS if head.startswith(mark)), b"")
    try:
        text = codecs.getincrementaldecoder(_MARKS.get(mark, "utf-8-sig"))().decode(head[len(mark) :])
    except UnicodeDecodeError:
        return None
    return text if all(letter.isprintable() or letter in _LAYOUT for letter in text) else None
