"""A recogniser that keeps what it heard, so that a redelivered call resumes, and pays once."""

from functools import partial

from common.work import Claims, WorkId

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

    async def recognise(self, clip: Clip) -> Heard:
        """What was heard before, or else is heard now and kept.

        Raises:
            Transient: another worker is listening to this very clip; or as the recogniser within.
        """
        cut = clip.cut
        asked = (clip.etag, cut.channel, cut.start, cut.end, self.model, self.language)
        work = WorkId(clip.call, "transcribe", asked)
        return await self._claims.once(work, Heard, partial(self._speech.recognise, clip))
