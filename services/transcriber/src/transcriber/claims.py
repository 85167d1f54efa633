"""What a container claims of its length, where that is good enough to say that something is missing."""

from pathlib import Path
from typing import BinaryIO

from av.audio.stream import AudioStream
from av.container import InputContainer

_EXACT = {"flac", "mov", "matroska", "wav"}  # write down how long the sound is, not how long it may be
_ROUNDED = 0.25  # seconds; encoders add their delay to the claim, or a frame
_ROUGHLY = 1.05
_PLACEHOLDER = 0x7FFF0000  # bytes; a WAV of unknown length claims as many, or more
_LAST_PAGE = 65_307  # bytes, the longest page of an Ogg
_END_OF_STREAM = 4  # a flag of its header


class Claim:
    """What the file at *source* said of itself before it was decoded."""

    def __init__(self, container: InputContainer, stream: AudioStream, source: Path) -> None:
        self._formats = set(container.format.name.split(","))
        # Matroska counts from zero, its first sound may come later.
        start = container.start_time if "matroska" in self._formats else 0
        self._seconds = ((container.duration or 0) - (start or 0)) / 1_000_000
        self._bytes_per_second = (stream.codec_context.bit_rate or 0) / 8
        self._size = source.stat().st_size
        with source.open("rb") as file:
            self._wav_bytes = _riff_length(file) if "wav" in self._formats else 0
            self._ended = "ogg" not in self._formats or _ogg_ends(file, self._size)

    def missing(self, decoded: float, most: float) -> float | None:
        """Seconds that were claimed beyond those that came; None if it only is certain that some are missing.

        0 if nothing is, or if the claim cannot be believed; none of more than *most* seconds is.
        """
        if not self._ended:
            return None
        lost = self._claimed() - decoded
        return lost if lost > _ROUNDED and lost + decoded <= most else 0.0

    def _claimed(self) -> float:
        if self._size < self._wav_bytes < _PLACEHOLDER and self._bytes_per_second:
            return max(self._seconds, self._wav_bytes / self._bytes_per_second)
        if self._formats & _EXACT or self._needs_more_bytes():
            return self._seconds
        return 0.0

    def _needs_more_bytes(self) -> bool:
        """An MP3's claim is a count of frames if it does not fit its size, else a guess from that."""
        return "mp3" in self._formats and self._seconds * self._bytes_per_second > self._size * _ROUGHLY


def _riff_length(file: BinaryIO) -> int:
    head = file.read(8)
    return int.from_bytes(head[4:], "little") + 8 if head.startswith(b"RIFF") else 0


def _ogg_ends(file: BinaryIO, size: int) -> bool:
    """Whether the last page says that it is the last."""
    file.seek(max(size - _LAST_PAGE, 0))
    tail = file.read()
    page = tail.rfind(b"OggS")
    return 0 <= page < len(tail) - 5 and bool(tail[page + 5] & _END_OF_STREAM)
