"""Recognise one cut: ask a speech model, and judge whether what it answers can have been said."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from common.model import CallKey, Milliseconds, Noun, Word

from transcriber.answers import Answer
from transcriber.cuts import Cut
from transcriber.encoding import samples
from transcriber.plausibility import Refusal, refusal, silent
from transcriber.request import Request
from transcriber.threads import in_thread
from transcriber.transcriptions import Transcriptions
from transcriber.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Clip:
    """A cut of one recording (told by its ETag), and the raw PCM it is read from."""

    call: CallKey
    etag: str
    cut: Cut
    track: Path


class Turn(Noun):
    """What one of several speakers said within a clip: times are from its start, refused text is gone."""

    speaker: str
    start_ms: Milliseconds
    end_ms: Milliseconds
    text: str
    refused: Refusal | None = None


class Heard(Noun):
    """What was said in a clip. ``seconds`` were sent and paid for, even where the answer is refused.

    ``words`` are there if the model tells their times, from the clip's start; ``turns`` if it tells speakers
    apart. ``cost_usd`` is None where the price is not known.
    """

    text: str
    language: str | None = None
    seconds: int
    refused: Refusal | None = None
    confidence: float | None = None
    words: tuple[Word, ...] = ()
    turns: tuple[Turn, ...] = ()
    cost_usd: float | None = None


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

    def parameters(self, call: CallKey) -> tuple[str, ...]:
        """What else it is told about this call: what makes its answer another one."""
        ...

    def cost(self, audio_seconds: float) -> float | None:
        """USD for so much audio; None where the price is not known."""
        ...

    async def recognise(self, clip: Clip) -> Heard:
        """What is said in *clip*; an empty text where nothing is."""
        ...


class Recogniser:
    """One speech model of one provider. All it is told beside the clip is the tenant's vocabulary."""

    def __init__(self, server: Transcriptions, request: Request, vocabulary: Vocabulary) -> None:
        self._server = server
        self._request = request
        self._vocabulary = vocabulary
        self.provider = server.provider
        self.model = request.name
        self.language = request.language

    def parameters(self, call: CallKey) -> tuple[str, ...]:
        """See ``Speech``; the vocabulary is the tenant's."""
        return self._request.parameters(self._terms(call))

    def cost(self, audio_seconds: float) -> float | None:
        """See ``Speech``."""
        return self._server.cost(audio_seconds)

    async def recognise(self, clip: Clip) -> Heard:
        """Send the clip, unless it is silent: that costs nothing.

        Raises:
            Transient: the provider is busy, down, or answered with something else than a transcription.
            Permanent: it refused the request.
        """
        raw = await in_thread(lambda _stop: samples(clip.track, clip.cut))
        if silent(raw):
            return Heard(text="", seconds=0, refused="silence", cost_usd=0.0)
        answer = await self._server.ask(clip.call, raw, self._request.fields(self._terms(clip.call)))
        return self._heard(answer, clip.cut.seconds)

    def _terms(self, call: CallKey) -> tuple[str, ...]:
        return self._vocabulary.of(call.tenant_id, self._request.row.vocabulary_bytes)

    def _heard(self, answer: Answer, seconds: float) -> Heard:
        text = answer.text.strip()
        why = refusal(text, seconds)
        paid = self._server.work(seconds)
        return Heard(
            text="" if why else text,
            language=answer.spoken or self.language,
            seconds=round(paid.audio_seconds),
            refused=why,
            confidence=answer.confidence,
            words=() if why else answer.timed(round(seconds * 1000)),
            cost_usd=paid.cost_usd,
        )
