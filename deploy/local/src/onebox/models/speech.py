"""Speech recognition with Whisper on the CPU, made for the short cuts a transcriber sends."""

import io
import os
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import av
import numpy as np
from av.audio.resampler import AudioResampler
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from numpy.typing import NDArray

SAMPLE_RATE = 16_000  # samples a second, what Whisper hears

_LOUDEST = 32_768  # of 16 bits
_SHORTEST = 0.1  # seconds; the cloud API refuses less, and so do we
_WINDOW = 30.0  # seconds Whisper hears at once
_TOKENS_A_SECOND = 14  # nobody speaks faster: what goes on beyond is a loop
_TOKENS_ANYWAY = 30
# What is sent is sound: no format that names other files or addresses, no protocol to reach them by.
_OPTIONS = {
    "protocol_whitelist": "none",
    "format_whitelist": "wav,mp3,mov,matroska,ogg,flac,aac,asf,amr,aiff,au,caf",
}
_LOOP = re.compile(r"(\b[^.?!]{2,80}?[.?!,]?)(?:\s+\1){3,}")


class UndecodableError(ValueError):
    """The recording holds no audio that can be decoded, or too little of it."""


@dataclass(frozen=True)
class Question:
    """What is to be recognised, and what is known about it beforehand."""

    audio: bytes
    languages: Sequence[str] = ()
    prompt: str | None = None
    keywords: Sequence[str] = ()
    segments: bool = False
    words: bool = False


@dataclass(frozen=True)
class Heard:
    """What was recognised: times in seconds from the start of the recording."""

    text: str
    language: str
    seconds: float
    segments: Sequence[Any]


class _Whisper(WhisperModel):  # type: ignore[misc]  # it publishes no types
    """Encodes a window once where it is asked twice: to tell the language, then to write down the words."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._last = threading.local()

    def encode(self, features: NDArray[np.float32]) -> Any:
        known = getattr(self._last, "features", None)
        if known is None or not np.array_equal(known, features):
            self._last.features, self._last.encoded = features, super().encode(features)
        return self._last.encoded

    def likely_languages(self, audio: NDArray[np.float32]) -> dict[str, float]:
        """How likely each language is in the first window, which is cut just as transcribe() cuts it."""
        frames = self.feature_extractor(audio[: int(_WINDOW * SAMPLE_RATE)])[:, :-1]
        found = self.model.detect_language(self.encode(pad_or_trim(frames)))[0]
        return {token.strip("<|>"): probability for token, probability in found}


class Recogniser:
    """Whisper, ready to be asked by as many threads at once as it has workers."""

    def __init__(self, name: str, model: str, download_root: str, workers: int) -> None:
        self.name = name
        # Two clips at once on a thread each beat one clip on two: 1.4 against 1 a second on two cores.
        threads = max(1, len(os.sched_getaffinity(0)) // workers)
        self._model = _Whisper(
            model,
            device="cpu",
            compute_type="int8",
            cpu_threads=threads,
            num_workers=workers,
            download_root=download_root,
        )
        self.languages: frozenset[str] = frozenset(self._model.supported_languages)

    def recognise(self, question: Question) -> Heard:
        """What was said; raise UndecodableError where there is nothing to hear."""
        audio = decode(question.audio)
        seconds = audio.size / SAMPLE_RATE
        segments, info = self._model.transcribe(
            audio,
            language=self._language(audio, question.languages),
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            initial_prompt=question.prompt or None,
            hotwords=", ".join(question.keywords) or None,
            # A cut is one window: the model writes times only if wanted, or needed to find the next window.
            without_timestamps=seconds <= _WINDOW and not question.segments,
            word_timestamps=question.words,
            max_new_tokens=_most_tokens(seconds),
        )
        heard = list(segments)
        text = without_loops("".join(segment.text for segment in heard).strip())
        return Heard(text, info.language, seconds, heard)

    def _language(self, audio: NDArray[np.float32], hints: Sequence[str]) -> str:
        if len(hints) == 1 or len(self.languages) == 1:
            return next(iter(hints or self.languages))
        likely: dict[str, float] = self._model.likely_languages(audio)
        return max(hints or likely, key=lambda code: likely.get(code, 0.0))


def decode(recording: bytes) -> NDArray[np.float32]:
    """16 kHz mono samples of a recording in any format FFmpeg reads; raise UndecodableError otherwise."""
    try:
        audio = _samples(recording)
    except (av.FFmpegError, ValueError, LookupError, EOFError) as error:
        raise UndecodableError(
            "The audio file could not be decoded or its format is not supported."
        ) from error
    if audio.size < _SHORTEST * SAMPLE_RATE:
        raise UndecodableError(f"Audio file is too short: at least {_SHORTEST} seconds are needed.")
    return audio


def _samples(recording: bytes) -> NDArray[np.float32]:
    resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    with av.open(io.BytesIO(recording), "r", options=_OPTIONS) as container:
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    parts = [frame.to_ndarray().reshape(-1) for frame in [*frames, *resampler.resample(None)]]
    return np.concatenate(parts).astype(np.float32) / np.float32(_LOUDEST)


def _most_tokens(seconds: float) -> int | None:
    limit = int(seconds * _TOKENS_A_SECOND) + _TOKENS_ANYWAY
    return limit if seconds < _WINDOW / 3 else None


def without_loops(text: str) -> str:
    """*text* with what comes four times in a row, as a recogniser in a loop writes, said once."""
    return _LOOP.sub(r"\1", text)
