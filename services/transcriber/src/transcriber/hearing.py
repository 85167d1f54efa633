"""From a recording on disk to a transcript: listen, recognise every cut, assemble."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from common.logging import get_logger
from common.model import CallKey, Engine, ObjectRef, Segment, Transcript, Word, Work, known_sum
from common.parallel import for_each

from transcriber.coverage import NO_WORDS, added_up
from transcriber.cuts import SAMPLE_RATE, Cut
from transcriber.listening import Listened, Listener
from transcriber.plausibility import echoes
from transcriber.purse import NoPurse, Purse
from transcriber.speech import Clip, Heard, Speech
from transcriber.threads import in_thread
from transcriber.transcript import Extent, assemble, speakers
from transcriber.voices import Voices
from transcriber.waveforms import NoWaveforms, Waveforms, peaks

log = get_logger("callstream.transcriber")


class Hearing:
    """Turns recordings into transcripts, with so many requests of one call open at a time.

    With *voices* the speakers of a single channel are told apart; without, nobody knows who they are.
    """

    def __init__(  # noqa: PLR0913 - who listens, hears and pays, and how, come from different settings
        self,
        listener: Listener,
        speech: Speech,
        roles: Sequence[str],
        concurrency: int,
        engines: tuple[Engine, ...] = (),
        voices: Voices | None = None,
        *,
        purse: Purse | None = None,
        waveforms: Waveforms | None = None,
    ) -> None:
        self._waveforms = waveforms or NoWaveforms()
        self._purse = purse or NoPurse()
        self._listener = listener
        self._speech = speech
        self._roles = roles
        self._concurrency = concurrency
        self._engines = engines
        self._voices = voices

    async def transcript(
        self,
        key: CallKey,
        recording: ObjectRef,
        source: Path,
        folder: Path,
        roles: Sequence[str] | None = None,
    ) -> Transcript:
        """The transcript of the recording at *source*, using *folder* for what is in between.

        *roles* are this call's, where upstream knows better than the settings who speaks on which channel.

        Raises:
            Permanent: the recording cannot be used, the provider refuses it, or it costs too much.
            Parked: it costs too much today.
            Transient: the provider cannot be asked now.
        """
        listened = await in_thread(lambda stop: self._listener.listen(source, folder, stop))
        for damage in listened.damage:
            log.warning("recording.damaged", **damage.model_dump())
        named = speakers(len(listened.tracks), roles or self._roles)
        await self._waveforms.keep(peaks(key, listened.drawn, _ms(listened.samples), named))
        etag = _fingerprint(recording)
        clips = [Clip(key, etag, cut, listened.tracks[cut.channel]) for cut in listened.cuts]
        voices = self._voices if len(listened.tracks) == 1 else None
        async with await self._purse.reserve(key, clips):
            heard = await voices.hear(clips) if voices else without_echoes(await self._recognise(clips))
        return assemble(
            key,
            _segments(heard),
            named,
            _extent(listened, heard),
            _work(voices or self._speech, heard.values()),
            self._engines,
        )

    async def _recognise(self, clips: Iterable[Clip]) -> dict[Cut, Heard]:
        """Every clip, by several tasks that share the work."""
        heard: dict[Cut, Heard] = {}

        async def hear(clip: Clip) -> None:
            heard[clip.cut] = await self._speech.recognise(clip)

        await for_each(clips, hear, self._concurrency)
        return heard


def _work(asked: Voices | Speech, heard: Iterable[Heard]) -> Work:
    """What was paid, cut by cut."""
    sent = [each for each in heard if each.seconds]
    return Work(
        provider=asked.provider,
        model=asked.model,
        cost_usd=known_sum(each.cost_usd for each in sent),
        requests=len(sent),
        audio_seconds=sum(each.seconds for each in sent),
    )


def without_echoes(heard: Mapping[Cut, Heard]) -> dict[Cut, Heard]:
    """The same, without the sentences that come again and again in consecutive cuts of a channel."""
    cuts = sorted(heard, key=lambda cut: (cut.channel, cut.start))
    judged = dict(heard)
    for _, channel in groupby(cuts, key=lambda cut: cut.channel):
        mine = list(channel)
        for cut, echo in zip(mine, echoes([heard[cut].text for cut in mine]), strict=True):
            if echo:
                judged[cut] = heard[cut].model_copy(update={"text": "", "words": (), "refused": "loop"})
    return judged


def _fingerprint(recording: ObjectRef) -> str:
    """What tells this content from another under the same key."""
    return recording.etag or recording.version or recording.key


def _segments(heard: Mapping[Cut, Heard]) -> list[Segment]:
    return [segment for cut, said in heard.items() if said.text for segment in _said_in(cut, said)]


def _said_in(cut: Cut, said: Heard) -> list[Segment]:
    """One segment, or one for each turn where speakers were told apart; on the recording's clock."""
    start = _ms(cut.start)
    if not said.turns:
        return [
            Segment(
                channel=cut.channel,
                start_ms=start,
                end_ms=_ms(cut.end),
                text=said.text,
                language=said.language,
                confidence=said.confidence,
                words=tuple(_shifted(word, start) for word in said.words),
            )
        ]
    return [
        Segment(
            channel=cut.channel,
            speaker=turn.speaker,
            start_ms=start + turn.start_ms,
            end_ms=start + turn.end_ms,
            text=turn.text,
            language=said.language,
        )
        for turn in said.turns
        if turn.text
    ]


def _shifted(word: Word, ms: int) -> Word:
    return word.model_copy(update={"start_ms": word.start_ms + ms, "end_ms": word.end_ms + ms})


def _extent(listened: Listened, heard: Mapping[Cut, Heard]) -> Extent:
    pieces = [piece for cut, said in heard.items() for piece in _silent_in(cut, said)]
    return Extent(
        duration_ms=_ms(listened.samples),
        speech_ms=_ms(listened.speech),
        damage=listened.damage,
        loudness=listened.loudness,
        refused=added_up(pieces),
        dual_mono=listened.alike,
    )


def _silent_in(cut: Cut, said: Heard) -> list[tuple[str, int]]:
    """What of a cut gave no text, and why; milliseconds."""
    if not said.text:
        return [(said.refused or NO_WORDS, _ms(cut.end) - _ms(cut.start))]
    return [(turn.refused, turn.end_ms - turn.start_ms) for turn in said.turns if turn.refused]


def _ms(samples: int) -> int:
    return round(samples * 1000 / SAMPLE_RATE)
