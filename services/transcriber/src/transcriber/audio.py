"""Decode a stranger's recording, safely and flat in memory, into one raw PCM file for each channel."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from common.errors import Permanent
from common.model import Damage

from transcriber.blocks import blocks
from transcriber.claims import Claim
from transcriber.losses import Loss, Losses
from transcriber.opening import UnreadableAudioError, audio_stream, check_rate, opened
from transcriber.threads import Stop
from transcriber.timeline import Missing, Silence, Sound, Timeline
from transcriber.tracks import Allowance, Tracks
from transcriber.waveform import Drawn

_STRAY_SECONDS = 1.0  # of another channel count: what damaged sound may be mistaken for
_DAMAGED = 4  # times as much of a recording may be damaged as can be decoded
_HOPELESS = 10_000  # packets that could not be decoded, beyond those that could


@dataclass(frozen=True, slots=True)
class Decoded:
    """A recording as raw PCM (16 kHz, mono, s16le), one file for each channel, all equal in length."""

    channels: tuple[Path, ...]
    samples: int
    correlation: float
    """Of two channels, -1 to 1, at the delay where it is strongest; 0 where there are not two."""
    louder: int
    """Of two channels, the one with more in it."""
    damage: tuple[Damage, ...]
    """What was lost where; where the container's clock tells how much, silence stands for it."""
    drawn: Drawn


def decode(source: Path, folder: Path, allowance: Allowance, stop: Stop) -> Decoded:
    """Decode the first audio stream of *source* into *folder*. Blocks: call it in a thread.

    Raises:
        Permanent: unreadable_audio, no_audio_stream, unsupported_audio, too_long, too_large or empty_audio.
    """
    with opened(source) as container, ExitStack() as files:
        stream = audio_stream(container)
        claim = Claim(container, stream, source)
        paths = tuple(folder / f"channel-{n}.pcm" for n in range(stream.codec_context.channels))
        tracks = Tracks([files.enter_context(path.open("wb")) for path in paths], allowance)
        losses = Losses()
        timeline = Timeline(losses)
        parts = _Parts(container, stream, len(paths), stop)
        placed = timeline.place(parts.all())
        _write(placed, tracks)
    parts.check()
    _check_sound(tracks)
    if cut_off := _cut_off(timeline, claim.missing(timeline.position, allowance.seconds)):
        losses.note(cut_off)
    like = tracks.likeness
    return Decoded(paths, tracks.samples, like.value, like.louder, losses.damage, tracks.waveform.drawn)


def _write(placed: Iterator[AudioFrame | Silence], tracks: Tracks) -> None:
    for each in blocks(placed):
        if isinstance(each, Silence):
            tracks.silence(each.end)
        else:
            tracks.write(each)
    tracks.finish()


class _Parts:
    """What comes out of the decoder, in order: sound, and word of what could not be decoded."""

    def __init__(self, container: InputContainer, stream: AudioStream, channels: int, stop: Stop) -> None:
        self._container = container
        self._stream = stream
        self._channels = channels
        self._stop = stop
        self._good = self._bad = 0
        self._stray_seconds = 0.0

    def all(self) -> Iterator[Sound[AudioFrame] | Missing]:
        """Up to the first place where the container itself is broken."""
        try:
            for packet in self._container.demux(self._stream):
                self._stop.check()
                yield from self._decoded(packet)
        except (av.FFmpegError, EOFError):
            self._bad += 1
            yield Missing("cut_off", 0.0)

    def check(self) -> None:
        """Refuse what is mostly damage.

        Raises:
            Permanent: unreadable_audio.
        """
        if self._bad > self._good * _DAMAGED:
            raise UnreadableAudioError("more of the recording is damaged than can be decoded")

    def _decoded(self, packet: "Packet[AudioStream]") -> Iterator[Sound[AudioFrame] | Missing]:
        try:
            frames = packet.decode()
        except (av.FFmpegError, ValueError, EOFError, MemoryError):
            yield self._undecodable(packet)
            return
        self._good += bool(frames)
        for frame in frames:
            if frame.samples:
                yield self._sound(frame)

    def _undecodable(self, packet: "Packet[AudioStream]") -> Missing:
        self._bad += 1
        if self._bad > self._good * _DAMAGED + _HOPELESS:
            self.check()
        base = packet.time_base or self._stream.time_base
        return Missing("undecodable", float((packet.duration or 0) * base) if base else 0.0)

    def _sound(self, frame: AudioFrame) -> Sound[AudioFrame] | Missing:
        seconds = frame.samples / frame.sample_rate
        if frame.layout.nb_channels != self._channels:
            return self._stray(seconds)
        check_rate(frame.sample_rate)
        return Sound(frame, seconds, frame.time)

    def _stray(self, seconds: float) -> Missing:
        """Of other channels than the recording's: damage while it is short."""
        self._bad += 1
        self._stray_seconds += seconds
        if self._stray_seconds > _STRAY_SECONDS:
            raise Permanent("the recording changes its channels midway", reason="unsupported_audio")
        return Missing("other_channels", seconds)


def _check_sound(tracks: Tracks) -> None:
    if tracks.samples == 0:
        raise Permanent("there is no sound in the recording", reason="empty_audio")


def _cut_off(timeline: Timeline, missing: float | None) -> Loss | None:
    """Where the recording breaks off: the container knows best how much is missing."""
    if missing is None or missing > 0:
        return Loss("cut_off", timeline.position, missing)
    return timeline.cut_off
