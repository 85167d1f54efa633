"""Recordings in tone code: who speaks when is a script, and a test can tell what became of every second."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import tones
from av.audio.stream import AudioStream
from numpy.typing import NDArray

_PIECE = 600  # slots written at a time, a minute
_LOUDNESS = 0.6  # of full scale, for the chords' own -18 dBFS
_LAYOUTS = {1: "mono", 2: "stereo"}


@dataclass(frozen=True, slots=True)
class Turn:
    """Slots that one channel speaks, from *start* up to, not including, *end*."""

    channel: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Script:
    """Who speaks when; its first slot is called *first*, so that no two recordings sound alike."""

    slots: int
    turns: tuple[Turn, ...]
    first: int = 0
    channels: int = 2

    def said_by(self, channel: int) -> list[tuple[float, float]]:
        """From when to when a channel speaks, in ms of the recording."""
        mine = (turn for turn in self.turns if turn.channel == channel)
        return [(turn.start * tones.SLOT_MS, turn.end * tones.SLOT_MS) for turn in mine]


@dataclass(frozen=True, slots=True)
class Format:
    """How a recording is written: FFmpeg's names, Hz and bit/s."""

    codec: str
    container: str
    rate: int
    bits: int = 0


WAV = Format("pcm_s16le", "wav", 8000)


def conversation(seconds: float, *, seed: int = 0, first: int = 0) -> Script:
    """Two people who take turns, sometimes at once, now and then for more than a minute, with pauses."""
    chance, now, turns = random.Random(seed), 5, list[Turn]()
    slots = round(seconds * 1000 / tones.SLOT_MS)
    while now < slots - 20:
        length = chance.choice((4, 12, 35, 90, 240, 700))
        turns.append(Turn(len(turns) % 2, now, min(now + length, slots - 10)))
        now = turns[-1].end + chance.choice((-3, 4, 15, 40))
    return Script(slots, tuple(_apart(turns)), first)


def _apart(turns: list[Turn]) -> Iterator[Turn]:
    """A channel's turns without those that begin before its own last one ended."""
    free = [0, 0]
    for turn in turns:
        if turn.start >= free[turn.channel]:
            yield turn
            free[turn.channel] = turn.end


def short_call(number: int) -> Script:
    """Four turns in six seconds, none of which any call of another number has."""
    turns = (Turn(0, 2, 12), Turn(1, 14, 24), Turn(0, 34, 44), Turn(1, 46, 56))
    return Script(60, turns, first=number * 60)


def record(path: Path, script: Script, form: Format = WAV) -> Path:
    """Write what *script* says; memory holds a minute of it at a time."""
    layout = _LAYOUTS[script.channels]
    with av.open(str(path), "w", format=form.container) as output:
        rate = 48_000 if form.codec == "libopus" else form.rate
        stream = cast("AudioStream", output.add_stream(form.codec, rate=rate, layout=layout))
        if form.bits:
            stream.bit_rate = form.bits
        frames = av.AudioResampler(format="s16", layout=layout, rate=rate, frame_size=rate)
        for piece in _pieces(script, form.rate):
            for frame in frames.resample(piece):
                output.mux(stream.encode(frame))
        for frame in frames.resample(None):
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def _pieces(script: Script, rate: int) -> Iterator[av.AudioFrame]:
    for start in range(0, script.slots, _PIECE):
        rows = [_row(script, channel, start, rate) for channel in range(script.channels)]
        whole = np.ascontiguousarray(np.stack(rows, axis=1).reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(whole, format="s16", layout=_LAYOUTS[script.channels])
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = start * rate * tones.SLOT_MS // 1000
        yield frame


def _row(script: Script, channel: int, start: int, rate: int) -> NDArray[np.int16]:
    """One channel's part of a piece: chords where it speaks, silence elsewhere."""
    slots = np.arange(start, min(start + _PIECE, script.slots))
    speaking = np.zeros(len(slots), bool)
    for turn in script.turns:
        if turn.channel == channel:
            speaking |= (slots >= turn.start) & (slots < turn.end)
    chords = tones.sound(channel, slots + script.first, rate).reshape(len(slots), -1)
    return (chords * speaking[:, np.newaxis] * _LOUDNESS * 32767).astype(np.int16).reshape(-1)
