"""Decode a stranger's recording, safely and flat in memory, into one raw PCM file for each channel."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from common.errors import Permanent, raising

from transcriber.threads import Stop
from transcriber.tracks import UNREADABLE, Block, Resampling, Tracks, UnreadableAudioError, blocks

LOWEST_RATE, HIGHEST_RATE = 4_000, 384_000  # Hz
MOST_CHANNELS = 32

# FFmpeg opens other files and URLs when a recording (a playlist, a script) asks it to: only these formats,
# none of which names another, and only the file itself are within its reach.
_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "wav,w64,mp3,mov,matroska,ogg,flac,aac,asf,amr,aiff,au,caf,mpegts",
}
_STRAY_SECONDS = 1.0  # of another channel count: what damaged sound may be mistaken for


@dataclass(frozen=True, slots=True)
class Decoded:
    """A recording as raw PCM (16 kHz, mono, s16le), one file for each channel, all equal in length."""

    channels: tuple[Path, ...]
    samples: int
    correlation: float
    """Of two channels, -1 to 1; 0 where there are not two."""
    damaged: int
    """Packets and stretches that could not be decoded, and were skipped."""


@dataclass(slots=True)
class _Tally:
    good: int = 0
    damaged: int = 0
    stray_seconds: float = 0.0


def decode(source: Path, folder: Path, max_seconds: float, stop: Stop) -> Decoded:
    """Decode the first audio stream of *source* into *folder*. Blocks: call it in a thread.

    Raises:
        Permanent: unreadable_audio, no_audio_stream, unsupported_audio, too_long or empty_audio.
    """
    tally = _Tally()
    with _opened(source) as container, ExitStack() as files:
        stream = _audio_stream(container)
        paths = tuple(folder / f"channel-{n}.pcm" for n in range(stream.codec_context.channels))
        tracks = Tracks([files.enter_context(path.open("wb")) for path in paths], max_seconds)
        resampling = Resampling(len(paths))
        for block in blocks(_frames(container, stream, tally, stop)):
            if _belongs(block, len(paths), tally):
                tracks.write(resampling.resample(block))
        tracks.write(resampling.rest())
    _check_result(tracks.samples, tally)
    return Decoded(paths, tracks.samples, tracks.correlation, tally.damaged)


@contextmanager
def _opened(source: Path) -> Iterator[InputContainer]:
    with raising("opening the recording", UNREADABLE):
        container = av.open(str(source.absolute()), options=_OPTIONS)
    with container:
        yield container


def _audio_stream(container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise Permanent("the recording has no audio stream", reason="no_audio_stream")
    stream = container.streams.audio[0]
    _check_rate(stream.codec_context.sample_rate)
    if not 1 <= stream.codec_context.channels <= MOST_CHANNELS:
        raise Permanent(f"a recording has 1 to {MOST_CHANNELS} channels", reason="unsupported_audio")
    return stream


def _check_rate(rate: int) -> None:
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise Permanent(
            f"a recording has a sample rate of {LOWEST_RATE} to {HIGHEST_RATE} Hz", reason="unsupported_audio"
        )


def _frames(
    container: InputContainer, stream: AudioStream, tally: _Tally, stop: Stop
) -> Iterator[AudioFrame]:
    for packet in _packets(container, stream, tally):
        stop.check()
        try:
            frames = packet.decode()
        except (av.FFmpegError, ValueError, EOFError):
            tally.damaged += 1
            continue
        tally.good += bool(frames)
        yield from (frame for frame in frames if frame.samples)


def _packets(
    container: InputContainer, stream: AudioStream, tally: _Tally
) -> Iterator["Packet[AudioStream]"]:
    """All packets up to the first place where the container itself is broken."""
    try:
        yield from container.demux(stream)
    except (av.FFmpegError, EOFError):
        tally.damaged += 1


def _belongs(block: Block, channels: int, tally: _Tally) -> bool:
    """Whether a block has the recording's channels; others are damage while they are short."""
    if block.channels == channels:
        _check_rate(block.rate)
        return True
    tally.damaged += 1
    tally.stray_seconds += block.seconds
    if tally.stray_seconds > _STRAY_SECONDS:
        raise Permanent("the recording changes its channels midway", reason="unsupported_audio")
    return False


def _check_result(samples: int, tally: _Tally) -> None:
    if tally.damaged > tally.good:
        raise UnreadableAudioError("more of the recording is damaged than can be decoded")
    if samples == 0:
        raise Permanent("there is no sound in the recording", reason="empty_audio")
