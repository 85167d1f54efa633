"""Open a stranger's recording: only the file itself, only formats of sound, only what can be sound."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from common.errors import Permanent, raising

LOWEST_RATE, HIGHEST_RATE = 4_000, 384_000  # Hz
MOST_CHANNELS = 32

# FFmpeg opens other files and URLs when a recording (a playlist, a script) asks it to: only these formats,
# none of which names another, and only the file itself are within its reach.
_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "wav,w64,mp3,mov,matroska,ogg,flac,aac,asf,amr,aiff,au,caf,mpegts",
}


class UnreadableAudioError(Permanent):
    """FFmpeg cannot make sound of it."""

    default_reason = "unreadable_audio"


UNREADABLE: dict[type[Exception], type[Permanent]] = {
    av.FFmpegError: UnreadableAudioError,
    ValueError: UnreadableAudioError,
    EOFError: UnreadableAudioError,
    MemoryError: UnreadableAudioError,  # what a header asks for, not what we lack
}


@contextmanager
def opened(source: Path) -> Iterator[InputContainer]:
    """The recording at *source*, within those bounds.

    Raises:
        Permanent: unreadable_audio.
    """
    with raising("opening the recording", UNREADABLE):
        container = av.open(str(source.absolute()), options=_OPTIONS)
    with container:
        yield container


def audio_stream(container: InputContainer) -> AudioStream:
    """Its first audio stream, if its declared figures are possible.

    Raises:
        Permanent: no_audio_stream or unsupported_audio.
    """
    if not container.streams.audio:
        raise Permanent("the recording has no audio stream", reason="no_audio_stream")
    stream = container.streams.audio[0]
    check_rate(stream.codec_context.sample_rate)
    if not 1 <= stream.codec_context.channels <= MOST_CHANNELS:
        raise Permanent(f"a recording has 1 to {MOST_CHANNELS} channels", reason="unsupported_audio")
    return stream


def check_rate(rate: int) -> None:
    """Refuse a rate nobody records at.

    Raises:
        Permanent: unsupported_audio.
    """
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise Permanent(
            f"a recording has a sample rate of {LOWEST_RATE} to {HIGHEST_RATE} Hz", reason="unsupported_audio"
        )
