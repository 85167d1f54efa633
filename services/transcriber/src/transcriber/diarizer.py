"""Tell the speakers of one channel apart, with a speech model that does."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from transcriber.answers import Answer, Told
from transcriber.encoding import encode, samples
from transcriber.plausibility import Refusal, refusal, silent
from transcriber.request import Request
from transcriber.speech import Clip, Heard, Turn
from transcriber.threads import in_thread
from transcriber.transcriptions import Transcriptions

_LENIENCE = 0.5  # seconds; a provider's times are rough, and a short word is quickly too fast


@dataclass(frozen=True, slots=True)
class Reference:
    """How somebody sounds who spoke before: a clip of theirs alone, and what they are called."""

    name: str
    clip: Clip


class Diarizer(Protocol):
    """Hears a long clip, turn by turn."""

    @property
    def provider(self) -> str:
        """Who is paid for it."""
        ...

    @property
    def model(self) -> str:
        """The model's name."""
        ...

    @property
    def longest(self) -> float:
        """Seconds of the longest clip it takes."""
        ...

    @property
    def most_known(self) -> int:
        """How many references it takes."""
        ...

    def parameters(self) -> tuple[str, ...]:
        """What else it is told: what makes its answer another one."""
        ...

    async def hear(self, clip: Clip, known: Sequence[Reference]) -> Heard:
        """Who says what in *clip*: those who are *known* under their names, others under names of its own."""
        ...


class SpeakerModel:
    """The diarising model of one provider."""

    def __init__(self, server: Transcriptions, request: Request) -> None:
        self._server = server
        self._request = request
        self.provider = server.provider
        self.model = request.name
        self.longest = request.row.longest
        self.most_known = request.row.known_speakers

    def parameters(self) -> tuple[str, ...]:
        """See ``Diarizer``."""
        language = self._request.language
        return (*self._request.parameters(), *([f"language={language}"] if language else []))

    async def hear(self, clip: Clip, known: Sequence[Reference]) -> Heard:
        """Send the clip and the references, unless it is silent.

        Raises:
            Transient: the provider is busy, down, or answered with something else than a transcription.
            Permanent: it refused the request.
        """
        raw = await in_thread(lambda _stop: samples(clip.track, clip.cut))
        if silent(raw):
            return Heard(text="", seconds=0, refused="silence", cost_usd=0.0)
        voices = await in_thread(lambda _stop: _voices(known))
        answer = await self._server.ask(clip.call, raw, self._request.fields() | voices)
        return self._heard(answer, clip.cut.seconds)

    def _heard(self, answer: Answer, seconds: float) -> Heard:
        judged = [(told, _refusal(told)) for told in answer.turns(round(seconds * 1000))]
        turns = tuple(_turns(judged))
        text = " ".join(turn.text for turn in turns if turn.text)
        paid = self._server.work(seconds)
        return Heard(
            text=text,
            language=answer.spoken or self._request.language,
            seconds=round(paid.audio_seconds),
            refused=None if text else next((why for _, why in judged), None) or "no_words",
            turns=turns if text else (),
            cost_usd=paid.cost_usd,
        )


def _voices(known: Sequence[Reference]) -> dict[str, Any]:
    if not known:
        return {}
    return {
        "known_speaker_names": [reference.name for reference in known],
        "known_speaker_references": [_data_url(reference.clip) for reference in known],
    }


def _data_url(clip: Clip) -> str:
    sound = encode(samples(clip.track, clip.cut), "wav")
    return f"data:{sound.media_type};base64,{b64encode(sound.content).decode()}"


def _refusal(told: Told) -> Refusal | None:
    return refusal(told.text, (told.end_ms - told.start_ms) / 1000 + _LENIENCE)


def _turns(judged: Sequence[tuple[Told, Refusal | None]]) -> Iterator[Turn]:
    for told, why in judged:
        text = "" if why else told.text
        yield Turn(speaker=told.speaker, start_ms=told.start_ms, end_ms=told.end_ms, text=text, refused=why)
