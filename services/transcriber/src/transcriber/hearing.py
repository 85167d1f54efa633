"""From a recording on disk to a transcript: listen, recognise every cut, assemble."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

from common.errors import PipelineError
from common.logging import get_logger
from common.model import CallKey, Engine, ObjectRef, Segment, Transcript, Work
from common.prices import speech_cost

from transcriber.coverage import NO_WORDS, added_up
from transcriber.cuts import SAMPLE_RATE, Cut
from transcriber.listening import Listened, Listener
from transcriber.speech import Clip, Heard, Speech
from transcriber.threads import in_thread
from transcriber.transcript import Extent, assemble, speakers

log = get_logger("callstream.transcriber")


class Hearing:
    """Turns recordings into transcripts, with so many requests of one call open at a time."""

    def __init__(
        self,
        listener: Listener,
        speech: Speech,
        roles: Sequence[str],
        concurrency: int,
        engines: tuple[Engine, ...] = (),
    ) -> None:
        self._listener = listener
        self._speech = speech
        self._roles = roles
        self._concurrency = concurrency
        self._engines = engines

    async def transcript(self, key: CallKey, recording: ObjectRef, source: Path, folder: Path) -> Transcript:
        """The transcript of the recording at *source*, using *folder* for what is in between.

        Raises:
            Permanent: the recording cannot be used, or the provider refuses it.
            Transient: the provider cannot be asked now.
        """
        listened = await in_thread(lambda stop: self._listener.listen(source, folder, stop))
        if listened.damaged:
            log.warning("recording.damaged", skipped=listened.damaged)
        heard = await self._recognise(
            [Clip(key, _fingerprint(recording), cut, listened.tracks[cut.channel]) for cut in listened.cuts]
        )
        return assemble(
            key,
            _segments(heard),
            speakers(len(listened.tracks), self._roles),
            _extent(listened, heard),
            self._work(heard.values()),
            self._engines,
        )

    async def _recognise(self, clips: Iterable[Clip]) -> dict[Cut, Heard]:
        """Every clip, by several tasks that share the work.

        After a failure no clip is begun, yet those under way are heard to the end: they are paid for.
        """
        waiting = iter(clips)
        heard: dict[Cut, Heard] = {}
        failures: list[PipelineError] = []

        async def work() -> None:
            while not failures and (clip := next(waiting, None)):
                try:
                    heard[clip.cut] = await self._speech.recognise(clip)
                except PipelineError as failure:
                    failures.append(failure)

        async with asyncio.TaskGroup() as group:
            for _ in range(self._concurrency):
                group.create_task(work())
        for failure in failures:
            raise failure
        return heard

    def _work(self, heard: Iterable[Heard]) -> Work:
        sent = [each.seconds for each in heard]
        seconds = sum(sent)
        free = not sent or self._speech.provider == "local"
        return Work(
            provider=self._speech.provider,
            model=self._speech.model,
            cost_usd=0.0 if free else speech_cost(self._speech.model, seconds),
            requests=len(sent),
            audio_seconds=seconds,
        )


def _fingerprint(recording: ObjectRef) -> str:
    """What tells this content from another under the same key."""
    return recording.etag or recording.version or recording.key


def _segments(heard: dict[Cut, Heard]) -> list[Segment]:
    return [
        Segment(
            channel=cut.channel,
            start_ms=_ms(cut.start),
            end_ms=_ms(cut.end),
            text=said.text,
            language=said.language,
        )
        for cut, said in heard.items()
        if said.text
    ]


def _extent(listened: Listened, heard: dict[Cut, Heard]) -> Extent:
    silent = [
        (said.refused or NO_WORDS, _ms(cut.end) - _ms(cut.start))
        for cut, said in heard.items()
        if not said.text
    ]
    return Extent(duration_ms=_ms(listened.samples), speech_ms=_ms(listened.speech), refused=added_up(silent))


def _ms(samples: int) -> int:
    return round(samples * 1000 / SAMPLE_RATE)
