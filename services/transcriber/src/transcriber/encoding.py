"""A cut of a channel as a file that a provider takes: WAV while it is short, else something smaller."""

import io
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import assert_never, cast

import av
import numpy as np
from av.audio.stream import AudioStream
from common.models.speech import Encoding, SpeechModel

from transcriber.cuts import SAMPLE_RATE, Cut

_SHORT = 60 * SAMPLE_RATE * 2  # bytes of samples that are not worth a better encoding
_OPUS_BITRATE = 48_000  # bits a second, at which a recogniser hears no difference
_BYTES = 2  # a sample


@dataclass(frozen=True, slots=True)
class Sound:
    """A file to send; servers tell its format by the name."""

    name: str
    media_type: str
    content: bytes


def samples(track: Path, cut: Cut) -> bytes:
    """The raw samples of a cut."""
    with track.open("rb") as file:
        file.seek(cut.start * _BYTES)
        return file.read((cut.end - cut.start) * _BYTES)


def sound(raw: bytes, model: SpeechModel) -> Sound:
    """The first of the encodings the model takes in which *raw* is small enough, the plainest first.

    Silence fills up what is shorter than the model takes.
    """
    raw = raw.ljust(round(model.min_seconds * SAMPLE_RATE) * _BYTES, b"\0")
    *larger, smallest = _worthwhile(raw, model.encodings)
    for encoding in larger:
        made = encode(raw, encoding)
        if len(made.content) <= model.max_bytes:
            return made
    return encode(raw, smallest)


def _worthwhile(raw: bytes, encodings: Sequence[Encoding]) -> Sequence[Encoding]:
    compressing = [encoding for encoding in encodings if encoding != "wav"]
    return compressing if len(raw) > _SHORT and compressing else encodings


def encode(raw: bytes, encoding: Encoding) -> Sound:
    """Samples, 16 kHz mono, as a file."""
    match encoding:
        case "wav":
            return Sound("cut.wav", "audio/wav", _wav(raw))
        case "flac":
            return Sound("cut.flac", "audio/flac", _compressed(raw, "flac", "flac"))
        case "ogg":
            return Sound("cut.ogg", "audio/ogg", _compressed(raw, "ogg", "libopus"))
        case _:
            assert_never(encoding)


def _wav(raw: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(_BYTES)
        written.setframerate(SAMPLE_RATE)
        written.writeframes(raw)
    return file.getvalue()


def _compressed(raw: bytes, container: str, codec: str) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = cast("AudioStream", output.add_stream(codec, rate=SAMPLE_RATE, layout="mono"))
        if codec == "libopus":
            stream.bit_rate = _OPUS_BITRATE
        whole = av.AudioFrame.from_ndarray(
            np.frombuffer(raw, "<i2").reshape(1, -1), format="s16", layout="mono"
        )
        whole.sample_rate, whole.pts, whole.time_base = SAMPLE_RATE, 0, Fraction(1, SAMPLE_RATE)
        output.mux(stream.encode(whole))
        output.mux(stream.encode(None))
    return file.getvalue()
