"""What a file really is, by its content; nothing that the file refers to is opened."""

import asyncio
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError
from common.errors import Permanent

from ingest.recording import Probe
from ingest.seeming import HEAD, NO_AUDIO, TAKEN, no_recording, seeming

# A playlist or script is a "recording" that makes FFmpeg open other files and addresses; these options shut
# every such door, whatever the file says it is.
SAFE = {
    "protocol_whitelist": "file",
    "format_whitelist": "wav,w64,mp3,mov,matroska,ogg,flac,aac,asf,amr,aiff,au,caf,mpegts",
}
PATIENCE = (10.0, 10.0)  # seconds to open, and to read


async def sniff(path: Path) -> Probe:
    """Look into the file's header.

    Raises:
        Permanent: ``unreadable_audio``, ``no_audio_stream`` or ``unsupported_audio``.
    """
    return await asyncio.to_thread(_probe, path)


def _probe(path: Path) -> Probe:
    with path.open("rb") as file:
        kind = seeming(file.read(HEAD))
    if kind:
        raise Permanent(no_recording(kind), reason=NO_AUDIO)
    try:
        with av.open(str(path.absolute()), options=SAFE, timeout=PATIENCE) as container:
            return _described(container)
    except (FFmpegError, ValueError, EOFError, MemoryError) as error:
        raise Permanent(
            f"The file cannot be opened as audio: it is damaged, or none of {TAKEN}.",
            reason="unreadable_audio",
        ) from error


def _described(container: Any) -> Probe:
    if not container.streams.audio:
        raise Permanent(f"The file has no sound in it: send {TAKEN}.", reason="no_audio_stream")
    stream = container.streams.audio[0]
    codec = stream.codec_context
    if codec is None:
        raise Permanent(f"No decoder is known for this audio: send {TAKEN}.", reason="unsupported_audio")
    return Probe(
        container=container.format.name.split(",")[0],
        codec=codec.name,
        sample_rate=codec.sample_rate or 0,
        channels=codec.channels,
        duration_ms=_milliseconds(container, stream),
    )


def _milliseconds(container: Any, stream: Any) -> int | None:
    if stream.duration is not None and stream.time_base:
        return max(0, int(stream.duration * stream.time_base * 1000))
    return None if container.duration is None else max(0, int(container.duration / av.time_base * 1000))
