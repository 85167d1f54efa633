"""`python -m onebox.samples.make`: speak every script with flite; write the recording and its exact times.

A script is `<name>.json`; only its turns' words and pauses, the phrases' words and what is expected are
written by hand. Needs flite with the voices rms and slt (Debian: `apt-get install flite`); to use the samples
nobody needs it.
"""

import json
import re
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]

FOLDER = Path(__file__).parent

_RATE = 16_000  # samples a second, as flite speaks
_BIT_RATE = 32_000  # bits a second; at this rate nothing of one channel is heard on the other
_CHANNELS = ("agent", "customer")  # left, right
_VOICES = {"agent": "rms", "customer": "slt"}
_QUIET = 200  # of 32767: below it, flite's voice has not begun
_BREATH_MS = 250  # between two sentences of one turn
_TAIL_MS = 500
_QUIETER = 4  # flite shouts: a call is about 12 dB quieter
_END_OF_SENTENCE = re.compile(r"(?<=[.?!])\s+")


@dataclass(frozen=True)
class Spoken:
    """One sentence, its place in milliseconds, and its sound."""

    speaker: str
    text: str
    start: int
    sound: Samples

    @property
    def end(self) -> int:
        """Where it ends, in milliseconds."""
        return self.start + _ms(self.sound)


def main() -> None:
    """Speak every script beside this module."""
    flite = shutil.which("flite")
    if flite is None:
        raise SystemExit("flite is not installed: apt-get install flite")
    for path in sorted(FOLDER.glob("*.json")):
        script = json.loads(path.read_text("utf-8"))
        turns = list(speak(flite, script["turns"]))
        write_opus(path.with_suffix(".opus"), mix([spoken for turn in turns for spoken in turn]))
        path.write_text(json.dumps(timed(script, turns), indent=2) + "\n", "utf-8")


def speak(flite: str, turns: Sequence[dict[str, Any]]) -> Iterator[list[Spoken]]:
    """The sentences of each turn, one after the other with their pauses."""
    clock = 0
    for turn in turns:
        clock += turn["pause_ms"]
        said: list[Spoken] = []
        for text in _END_OF_SENTENCE.split(turn["text"]):
            sound = synthesise(flite, _VOICES[turn["speaker"]], text)
            said.append(Spoken(turn["speaker"], text, clock, sound))
            clock = said[-1].end + _BREATH_MS
        clock -= _BREATH_MS
        yield said


def synthesise(flite: str, voice: str, text: str) -> Samples:
    """*text* spoken at 16 kHz, without the silence around it."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "spoken.wav")
        subprocess.run([flite, "-voice", voice, "-t", text, "-o", path], check=True)  # noqa: S603 - our own scripts
        with wave.open(str(path)) as file:
            sound = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    loud = np.flatnonzero(np.abs(sound) > _QUIET)
    return sound[loud[0] : loud[-1] + 1] // _QUIETER


def mix(spoken: Sequence[Spoken]) -> Samples:
    """Everybody on their own channel: array of shape (samples, 2)."""
    length = _at(max(one.end for one in spoken) + _TAIL_MS)
    call = np.zeros((length, len(_CHANNELS)), dtype=np.int16)
    for one in spoken:
        start = _at(one.start)
        call[start : start + one.sound.size, _CHANNELS.index(one.speaker)] = one.sound
    return call


def write_opus(path: Path, call: Samples) -> None:
    """Write *call* as Ogg Opus."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libopus", rate=_RATE, layout="stereo")
        stream.bit_rate = _BIT_RATE
        frame = av.AudioFrame.from_ndarray(call.reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate = _RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


def timed(script: dict[str, Any], turns: Sequence[Sequence[Spoken]]) -> dict[str, Any]:
    """*script* with the times of its turns, sentences and phrases."""
    said = [one for turn in turns for one in turn]
    return script | {
        "audio": f"{script['name']}.opus",
        "sample_rate": _RATE,
        "channels": list(_CHANNELS),
        "duration_ms": said[-1].end + _TAIL_MS,
        "turns": [
            turn
            | {
                "start_ms": spoken[0].start,
                "end_ms": spoken[-1].end,
                "sentences": [_placed(one) for one in spoken],
            }
            for turn, spoken in zip(script["turns"], turns, strict=True)
        ],
        "phrases": [_placed(one) | {"speaker": one.speaker} for one in _phrases(script, said)],
    }


def _placed(one: Spoken) -> dict[str, Any]:
    return {"text": one.text, "start_ms": one.start, "end_ms": one.end}


def _phrases(script: dict[str, Any], said: Sequence[Spoken]) -> list[Spoken]:
    sentences = {one.text: one for one in said}
    return [sentences[phrase["text"]] for phrase in script["phrases"]]


def _ms(sound: Samples) -> int:
    return round(sound.size * 1000 / _RATE)


def _at(milliseconds: int) -> int:
    return milliseconds * _RATE // 1000


if __name__ == "__main__":
    main()
