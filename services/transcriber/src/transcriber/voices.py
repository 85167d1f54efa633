"""Who speaks on a single channel, stretch by stretch: linked by how they sound, or else named anew."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count

from transcriber.cuts import SAMPLE_RATE, Cut
from transcriber.diarizer import Diarizer, Reference
from transcriber.speech import Clip, Heard, Turn
from transcriber.stretches import stretches

_SHORTEST, _LONGEST = 2_200, 9_500  # ms of a reference, between 2 and 10 s


class Voices:
    """Hears a channel stretch by stretch, each knowing those who spoke before it."""

    def __init__(self, diarizer: Diarizer) -> None:
        self._diarizer = diarizer
        self.provider = diarizer.provider
        self.model = diarizer.model

    async def hear(self, clips: Sequence[Clip]) -> dict[Cut, Heard]:
        """What is said in the stretches that *clips* make, by ``speaker 1``, ``speaker 2`` and so on.

        Raises:
            Permanent: the provider refuses.
            Transient: the provider cannot be asked now.
        """
        heard: dict[Cut, Heard] = {}
        known: list[Reference] = []
        names = (f"speaker {n}" for n in count(1))
        for clip in self._joined(clips):
            said = await self._diarizer.hear(clip, known)
            named = _named(said, {reference.name for reference in known}, names)
            new = (each for each in references(clip, named.turns) if each.name not in {k.name for k in known})
            known = [*known, *new][: self._diarizer.most_known]
            heard[clip.cut] = named
        return heard

    def _joined(self, clips: Sequence[Clip]) -> Iterator[Clip]:
        longest = int(self._diarizer.longest * SAMPLE_RATE)
        for stretch in stretches([clip.cut for clip in clips], longest):
            yield replace(clips[0], cut=stretch)


def _named(said: Heard, known: Iterable[str], names: Iterator[str]) -> Heard:
    """The same, all under our names: who is not known gets a new one rather than a wrong one."""
    called = {name: name for name in known}
    for turn in said.turns:
        if turn.speaker not in called:
            called[turn.speaker] = next(names)
    turns = tuple(turn.model_copy(update={"speaker": called[turn.speaker]}) for turn in said.turns)
    return said.model_copy(update={"turns": turns})


def references(clip: Clip, turns: Sequence[Turn]) -> list[Reference]:
    """How each of those sounds who speak alone for long enough: their longest turn, who says most first."""
    spoken: dict[str, int] = {}
    best: dict[str, Turn] = {}
    for turn in turns:
        spoken[turn.speaker] = spoken.get(turn.speaker, 0) + _length(turn)
        if turn.text and _alone(turn, turns) and _length(turn) > _length(best.get(turn.speaker)):
            best[turn.speaker] = turn
    usable = [turn for turn in best.values() if _length(turn) >= _SHORTEST]
    usable.sort(key=lambda turn: -spoken[turn.speaker])
    return [Reference(turn.speaker, replace(clip, cut=_within(clip.cut, turn))) for turn in usable]


def _alone(turn: Turn, turns: Sequence[Turn]) -> bool:
    return not any(
        other.speaker != turn.speaker and other.start_ms < turn.end_ms and turn.start_ms < other.end_ms
        for other in turns
    )


def _length(turn: Turn | None) -> int:
    return turn.end_ms - turn.start_ms if turn else 0


def _within(cut: Cut, turn: Turn) -> Cut:
    start = cut.start + turn.start_ms * SAMPLE_RATE // 1000
    end = start + min(_length(turn), _LONGEST) * SAMPLE_RATE // 1000
    return Cut(cut.channel, start, min(end, cut.end))
