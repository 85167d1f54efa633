"""Which utterances a model is shown: those that were found and what was said around them, call by call."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from typing import Final

from common.model import Transcript, Utterance
from common.prompting import lines_of, tokens

AROUND: Final = 2  # utterances before and after what was found: what it answers, and what is answered to it
LEFT_OUT: Final = "..."
_LABEL: Final = "c99"  # as long as labels get; their lines are counted before they are given


@dataclass(frozen=True, slots=True)
class Found:
    """Utterances that a search found."""

    call_id: str
    utterance_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What is shown of one call, in its order; ``places`` are the utterances' in the transcript."""

    label: str
    transcript: Transcript
    places: tuple[int, ...]

    @property
    def utterances(self) -> tuple[Utterance, ...]:
        """What is shown."""
        return tuple(self.transcript.utterances[place] for place in self.places)

    def lines(self) -> Iterator[str]:
        """The excerpt as it is written in a question."""
        before = -1
        for place in self.places:
            if place != before + 1:
                yield LEFT_OUT
            yield from (line.text for line in lines_of(self.transcript.utterances[place], self.label))
            before = place


@dataclass(frozen=True, slots=True)
class Excerpts:
    """Everything that is shown, the calls that fit best first."""

    calls: tuple[Excerpt, ...] = ()

    @property
    def count(self) -> int:
        """How many utterances are shown."""
        return sum(len(call.places) for call in self.calls)

    @property
    def text(self) -> str:
        """All of it, a line an utterance."""
        return "\n".join(line for call in self.calls for line in call.lines())


@dataclass(slots=True)
class _Choice:
    """What was chosen so far, by call, and how many tokens are left."""

    room: int
    places: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def take(self, transcript: Transcript, wanted: Sequence[int]) -> bool:
        """Choose these places, if there is room for those that are not chosen yet."""
        new = set(wanted) - self.places[transcript.call_id]
        cost = sum(map(_tokens, (transcript.utterances[place] for place in new)))
        if cost > self.room:
            return False
        self.room -= cost
        self.places[transcript.call_id] |= new
        return True


def whole(transcript: Transcript, room: int) -> Excerpts | None:
    """All of a call, if it is short enough and anything was said."""
    if not transcript.utterances or sum(map(_tokens, transcript.utterances)) > room:
        return None
    return Excerpts((Excerpt("c1", transcript, tuple(range(len(transcript.utterances)))),))


def chosen(found: Sequence[Found], transcripts: Mapping[str, Transcript], room: int) -> Excerpts:
    """What was *found*, best first, and its surroundings, in at most *room* tokens.

    Each call's best comes before any call's second. Where surroundings do not fit, what was found goes alone.
    """
    choice = _Choice(room)
    for each in _in_turns(found):
        transcript = transcripts.get(each.call_id)
        places = _places(each, transcript) if transcript else []
        if transcript and places and not choice.take(transcript, _widened(places, transcript)):
            choice.take(transcript, places)
    shown = [(name, sorted(places)) for name, places in choice.places.items() if places]
    return Excerpts(
        tuple(
            Excerpt(f"c{n}", transcripts[name], tuple(places))
            for n, (name, places) in enumerate(shown, start=1)
        )
    )


def _in_turns(found: Sequence[Found]) -> Iterator[Found]:
    by_call: dict[str, list[Found]] = defaultdict(list)
    for each in found:
        by_call[each.call_id].append(each)
    return (each for each in chain.from_iterable(zip_longest(*by_call.values())) if each is not None)


def _places(found: Found, transcript: Transcript) -> list[int]:
    wanted = set(found.utterance_ids)
    return [n for n, utterance in enumerate(transcript.utterances) if utterance.id in wanted]


def _widened(places: Sequence[int], transcript: Transcript) -> list[int]:
    near = {place + step for place in places for step in range(-AROUND, AROUND + 1)}
    return sorted(place for place in near if 0 <= place < len(transcript.utterances))


def _tokens(utterance: Utterance) -> int:
    return sum(tokens(line.text) for line in lines_of(utterance, _LABEL))
