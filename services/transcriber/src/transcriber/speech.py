"""Recognise one cut with an OpenAI-compatible server."""

import asyncio
import io
import math
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from common.errors import Transient, raising
from common.gate import Gate, Need
from common.model import CallKey, Noun, Work
from common.prices import speech_cost
from openai import AsyncOpenAI, Timeout
from pydantic import BaseModel, ValidationError

from transcriber.cuts import SAMPLE_RATE, Cut
from transcriber.plausibility import Refusal, refusal
from transcriber.threads import in_thread

_LEAST_TIMEOUT, _MOST_TIMEOUT = 30.0, 600.0  # seconds
_TIMEOUT_PER_SECOND = 4.0  # of audio: a slow server on a shared machine is still heard out
_CONNECT_TIMEOUT = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class Clip:
    """A cut of one recording (told by its ETag), and the raw PCM it is read from."""

    call: CallKey
    etag: str
    cut: Cut
    track: Path


class Heard(Noun):
    """What was said in a clip. ``seconds`` were sent and paid for, even where the answer is refused."""

    text: str
    language: str | None = None
    seconds: int
    refused: Refusal | None = None


class Speech(Protocol):
    """Recognises speech, clip by clip."""

    @property
    def provider(self) -> str:
        """Who is paid for it."""
        ...

    @property
    def model(self) -> str:
        """The model's name."""
        ...

    @property
    def language(self) -> str | None:
        """The language it is told to expect."""
        ...

    async def recognise(self, clip: Clip) -> Heard:
        """What is said in *clip*; an empty text where nothing is."""
        ...


class _Language(BaseModel):
    code: str


class _Answer(BaseModel):
    """What servers answer to ``response_format=json``; the language, if told, in one of three ways."""

    text: str
    language: str | None = None
    languages: list[_Language | str] | None = None

    @property
    def spoken(self) -> str | None:
        codes = [each if isinstance(each, str) else each.code for each in self.languages or []]
        return next(iter([*codes, *([self.language] if self.language else [])]), None)


class Recogniser:
    """One speech model of one provider. It never retries: an attempt may be billed."""

    def __init__(self, client: AsyncOpenAI, gate: Gate, language: str | None = None) -> None:
        self._client = client
        self._gate = gate
        self.model = gate.model
        self.provider = gate.provider
        self.language = language

    async def recognise(self, clip: Clip) -> Heard:
        """Send the clip as WAV.

        Raises:
            Transient: the provider is busy, down, or answered with something else than a transcription.
            Permanent: it refused the request.
        """
        audio = await in_thread(lambda _stop: encode(clip))
        answer = await self._ask(audio, clip.cut.seconds)
        text = answer.text.strip()
        why = refusal(text, clip.cut.seconds)
        return Heard(
            text="" if why else text,
            language=answer.spoken or self.language,
            seconds=math.ceil(clip.cut.seconds),
            refused=why,
        )

    async def _ask(self, audio: bytes, seconds: float) -> _Answer:
        limit = min(max(seconds * _TIMEOUT_PER_SECOND, _LEAST_TIMEOUT), _MOST_TIMEOUT)
        work = self._work(seconds)
        need = Need(usd=work.cost_usd, audio_seconds=work.audio_seconds)
        async with self._gate.asking("recognising speech", need) as asked:
            with (
                raising("reading the transcription", {ValidationError: _NoAnswerError}),
                raising("recognising speech", {TimeoutError: _SlowAnswerError}),
            ):
                async with asyncio.timeout(limit):
                    answer = await self._client.audio.transcriptions.with_raw_response.create(
                        file=("cut.wav", audio, "audio/wav"),
                        model=self.model,
                        response_format="json",
                        timeout=Timeout(limit, connect=_CONNECT_TIMEOUT),
                        **self._hint(),
                    )
                asked.paid(work)
                return _Answer.model_validate_json(answer.http_response.content)

    def _work(self, seconds: float) -> Work:
        sent = math.ceil(seconds)
        cost = 0.0 if self.provider == "local" else speech_cost(self.model, sent)
        return Work(provider=self.provider, model=self.model, cost_usd=cost, requests=1, audio_seconds=sent)

    def _hint(self) -> dict[str, Any]:
        """gpt-transcribe takes a list, and ignores the single language all others take."""
        if self.language is None:
            return {}
        if self.model.startswith("gpt-transcribe"):
            return {"languages": [self.language]}
        return {"language": self.language}


class _NoAnswerError(Transient):
    default_reason = "provider_answer"


class _SlowAnswerError(Transient):
    default_reason = "provider_unavailable"


def encode(clip: Clip) -> bytes:
    """The clip as a WAV file, 16 kHz mono."""
    with clip.track.open("rb") as track:
        track.seek(clip.cut.start * 2)
        samples = track.read((clip.cut.end - clip.cut.start) * 2)
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(SAMPLE_RATE)
        sound.writeframes(samples)
    return file.getvalue()
