"""One speech model of an OpenAI-compatible server: a request takes its turn, passes the gate, is paid."""

import asyncio
import math
from typing import Any

from common.errors import Transient, raising
from common.fair import Turns
from common.gate import Gate, Need
from common.model import CallKey, Work
from common.models.speech import SpeechModel
from common.providers import Asked
from openai import AsyncOpenAI, Timeout
from pydantic import ValidationError

from transcriber.answers import Answer
from transcriber.cuts import SAMPLE_RATE
from transcriber.encoding import sound
from transcriber.threads import in_thread

_LEAST_TIMEOUT, _MOST_TIMEOUT = 30.0, 600.0  # seconds
_TIMEOUT_PER_SECOND = 4.0  # of audio: a slow server on a shared machine is still heard out
_CONNECT_TIMEOUT = 5.0  # seconds


class Transcriptions:
    """The door to one model. It never retries: an attempt may be billed."""

    def __init__(self, client: AsyncOpenAI, gate: Gate, model: SpeechModel, turns: Turns) -> None:
        self._client = client
        self._gate = gate
        self._turns = turns
        self.model = model
        self.provider = gate.provider

    async def ask(self, call: CallKey, samples: bytes, fields: dict[str, Any]) -> Answer:
        """What the server says of *samples*, asked with these *fields* and no others.

        Raises:
            Transient: the provider is busy, down, or answered with something else than a transcription.
            Permanent: it refused the request.
        """
        seconds = len(samples) / 2 / SAMPLE_RATE
        work = self.work(seconds)
        need = Need(usd=work.cost_usd, audio_seconds=work.audio_seconds)
        async with self._turns.turn(call.tenant_id, call.call_id):
            return await self._gate.ask(
                "recognising speech", need, lambda asked: self._request(asked, samples, fields, work)
            )

    def work(self, seconds: float) -> Work:
        """What a request of so much audio is charged: begun seconds are paid."""
        sent = math.ceil(seconds)
        cost = self.cost(sent)
        return Work(
            provider=self.provider, model=self._gate.model, cost_usd=cost, requests=1, audio_seconds=sent
        )

    def cost(self, audio_seconds: float) -> float | None:
        """USD; None where the price is not known."""
        return 0.0 if self.provider == "local" else self.model.cost(audio_seconds)

    async def _request(self, asked: Asked, samples: bytes, fields: dict[str, Any], work: Work) -> Answer:
        """One attempt, with a body of its own: one that was read before is sent as silence."""
        file = await in_thread(lambda _stop: sound(samples, self.model))
        limit = min(max(work.audio_seconds * _TIMEOUT_PER_SECOND, _LEAST_TIMEOUT), _MOST_TIMEOUT)
        with (
            raising("reading the transcription", {ValidationError: _NoAnswerError}),
            raising("recognising speech", {TimeoutError: _SlowAnswerError}),
        ):
            async with asyncio.timeout(limit):
                answer = await self._client.audio.transcriptions.with_raw_response.create(
                    file=(file.name, file.content, file.media_type),
                    timeout=Timeout(limit, connect=_CONNECT_TIMEOUT),
                    **fields,
                )
            asked.paid(work)
            return Answer.model_validate_json(answer.http_response.content)


class _NoAnswerError(Transient):
    default_reason = "provider_answer"


class _SlowAnswerError(Transient):
    default_reason = "provider_unavailable"
