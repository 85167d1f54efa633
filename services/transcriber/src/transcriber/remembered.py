"""A recogniser that keeps what it heard, so that a redelivered call resumes, and pays once.

What was heard is kept under the recording, the cut, the model and everything the model was told. A call whose
vocabulary changes while it is being heard is heard anew in the new way, cut by cut. Another tenant's terms
change nothing, nor do those that do not fit into a request. A call that is transcribed is not heard again.
"""

from collections.abc import Sequence
from functools import partial

from common.model import CallKey
from common.work import Claims, WorkId

from transcriber.diarizer import Diarizer, Reference
from transcriber.speech import Clip, Heard, Speech


class RememberedSpeech:
    """Remembers each cut under what was listened to, and who listened."""

    def __init__(self, speech: Speech, claims: Claims) -> None:
        self._speech = speech
        self._claims = claims

    @property
    def provider(self) -> str:
        """Of the recogniser within."""
        return self._speech.provider

    @property
    def model(self) -> str:
        """Of the recogniser within."""
        return self._speech.model

    @property
    def language(self) -> str | None:
        """Of the recogniser within."""
        return self._speech.language

    def parameters(self, call: CallKey) -> tuple[str, ...]:
        """Of the recogniser within."""
        return self._speech.parameters(call)

    def cost(self, audio_seconds: float) -> float | None:
        """Of the recogniser within."""
        return self._speech.cost(audio_seconds)

    async def recognise(self, clip: Clip) -> Heard:
        """What was heard before, or else is heard now and kept.

        Raises:
            Transient: another worker is listening to this very clip; or as the recogniser within.
        """
        return await self._claims.once(self.work(clip), Heard, partial(self._speech.recognise, clip))

    def work(self, clip: Clip) -> WorkId:
        """What hearing this clip is kept under."""
        told = (self.model, self.language, *self.parameters(clip.call))
        return WorkId(clip.call, "transcribe", (*_listened_to(clip), *told))


class RememberedDiarizer:
    """Remembers each stretch under what was listened to, who listened, and whom they knew."""

    def __init__(self, diarizer: Diarizer, claims: Claims) -> None:
        self._diarizer = diarizer
        self._claims = claims
        self.provider = diarizer.provider
        self.model = diarizer.model
        self.longest = diarizer.longest
        self.most_known = diarizer.most_known

    def parameters(self) -> tuple[str, ...]:
        """Of the diarizer within."""
        return self._diarizer.parameters()

    async def hear(self, clip: Clip, known: Sequence[Reference]) -> Heard:
        """What was heard before, or else is heard now and kept.

        Raises:
            Transient: another worker is listening to this very clip; or as the diarizer within.
        """
        voices = ((each.name, each.clip.cut.start, each.clip.cut.end) for each in known)
        told = (self.model, *self.parameters(), *voices)
        work = WorkId(clip.call, "diarize", (*_listened_to(clip), *told))
        return await self._claims.once(work, Heard, partial(self._diarizer.hear, clip, known))


def _listened_to(clip: Clip) -> tuple[object, ...]:
    return (clip.etag, clip.cut.channel, clip.cut.start, clip.cut.end)
