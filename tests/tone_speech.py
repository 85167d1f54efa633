"""A speech provider for tests that decodes what it is sent: it knows which moments arrived."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import av
import numpy as np
import tones
from aiohttp import web
from model_server import posted_sound
from provider_log import Act, Noted, send, serving
from tones import Heard, Sound

RATE = 16_000  # Hz
_AROUND = 7  # slots whose clocks are agreed on: one alone is off by up to 30 ms


@dataclass(slots=True)
class Asked(Noted):
    """One request, and what arrived with it."""

    samples: int
    heard: tuple[Heard, ...]

    @property
    def channel(self) -> int:
        """Whose sound it is."""
        (channel,) = {slot.channel for slot in self.heard}
        return channel

    @property
    def start_ms(self) -> float:
        """When it begins on the recording's own clock, by all its slots."""
        return median(slot.shift_ms for slot in self.heard)

    @property
    def end_ms(self) -> float:
        """When it ends, if no sample is missing or too many."""
        return self.start_ms + self.samples * 1000 / RATE

    @property
    def drift_ms(self) -> float:
        """How far the clock of some stretch of it is from the clock of all."""
        shifts = [slot.shift_ms for slot in self.heard]
        windows = [shifts[n : n + _AROUND] for n in range(max(1, len(shifts) - _AROUND + 1))]
        return max(abs(median(window) - self.start_ms) for window in windows)

    @property
    def text(self) -> str:
        """What is answered: channel, start and end, so that a transcript tells what was made of it."""
        return f"c{self.channel} {self.start_ms:.0f} {self.end_ms:.0f}" if self.heard else ""


async def speak(asked: Asked, request: web.Request) -> web.StreamResponse:
    """Answer as one should."""
    return await send(asked, request, web.json_response(transcription(asked)))


def transcription(asked: Asked) -> dict[str, Any]:
    """The body of an answer."""
    seconds = -(-asked.samples // RATE)
    return {"text": asked.text, "usage": {"type": "duration", "seconds": seconds}}


@dataclass
class ToneSpeech:
    """The provider: its log, and *plan*, which decides what it does to the n-th request, counted from 1."""

    url: str = ""
    log: list[Asked] = field(default_factory=list)
    plan: Callable[[int], Act] = field(default=lambda _number: speak)

    @property
    def variables(self) -> dict[str, str]:
        """What a transcriber is told to use this provider."""
        return {"OPENAI_BASE_URL": f"{self.url}/v1", "OPENAI_API_KEY": "test"}

    @property
    def answered(self) -> list[Asked]:
        """The requests that came to a good end."""
        return [asked for asked in self.log if asked.outcome == "answered"]

    async def transcribe(self, request: web.Request) -> web.StreamResponse:
        """Note what arrived, all of it, then do what the plan says."""
        sound = await asyncio.to_thread(decode, await posted_sound(request))
        heard = await asyncio.to_thread(tones.read, sound, RATE)
        asked = Asked(len(self.log) + 1, request.headers["Authorization"].split()[-1], len(sound), heard)
        self.log.append(asked)
        return await self.plan(asked.number)(asked, request)


def decode(content: bytes) -> Sound:
    """A mono file of whatever format, at 16 kHz, between -1 and 1."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    with av.open(io.BytesIO(content), "r") as container:
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    parts = [frame.to_ndarray().reshape(-1) for frame in [*frames, *resampler.resample(None)] if frame]
    whole = np.concatenate([np.zeros(0, np.int16), *parts]).astype(np.float32)
    return np.asarray(whole / np.float32(32768), np.float32)


@asynccontextmanager
async def running_tone_speech() -> AsyncIterator[ToneSpeech]:
    """The provider on a free loopback port."""
    server = ToneSpeech()
    async with serving("/v1/audio/transcriptions", server.transcribe) as server.url:
        yield server
