"""Who has the floor, and how it changes hands: interruptions, answers, turns and monologues.

The terms are those of M. Heldner and J. Edlund, "Pauses, gaps and overlaps in conversations" (Journal of
Phonetics 38, 2010). The floor goes over when somebody else speaks beyond the end of whoever has it. If they
began after that end the change is an answer, and the gap its latency; if before, it is a between-speaker
overlap, here an *interruption*. Speech that ends while the other goes on (a within-speaker overlap, such as
"mm-hm") takes no floor and interrupts nobody. A monologue is the talk in one hold of the floor.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import TypeVar

from common.model import Exchange, Part, Response, Unavailable, Utterance
from common.spans import Span, length, overlap, union

GRACE_MS = 300  # cuts are padded by 150 ms at either end, so that turns which only touch overlap by as much
S = TypeVar("S", Utterance, "Turn")


@dataclass(slots=True)
class Turn:
    """One hold of the floor: how much of it is talk, and the gap before it, negative for an overlap."""

    speaker: str
    end_ms: int
    talk_ms: int
    after_ms: int | None = None

    def go_on(self, said: Utterance) -> None:
        """Another utterance of the same speaker."""
        self.talk_ms += max(said.end_ms - max(said.start_ms, self.end_ms), 0)
        self.end_ms = max(self.end_ms, said.end_ms)

    @property
    def interrupts(self) -> bool:
        """Whether it began well before the one before had ended."""
        return self.after_ms is not None and self.after_ms < -GRACE_MS

    @property
    def waited_ms(self) -> int | None:
        """How long the answer took; None for the first turn and for interruptions."""
        return None if self.after_ms is None or self.interrupts else max(self.after_ms, 0)


def exchange(utterances: Sequence[Utterance], speakers: Sequence[str], duration_ms: int) -> Exchange:
    """What *speakers* made of *utterances*, which are in order of their start."""
    held = turns(utterances)
    by_speaker = grouped(held)
    spans = {name: union(_span(said) for said in each) for name, each in grouped(utterances).items()}
    talked = {name: length(joined) for name, joined in spans.items()}
    everybody = sum(talked.values())
    return Exchange(
        overlap_ms=overlap(spans.values()),
        interruptions=sum(turn.interrupts for turn in held),
        turns=len(held),
        turns_per_minute=round(len(held) * 60_000 / duration_ms, 2) if duration_ms else 0.0,
        parts=tuple(
            _part(name, by_speaker.get(name, []), talked.get(name, 0), everybody) for name in speakers
        ),
    )


def turns(utterances: Sequence[Utterance]) -> list[Turn]:
    """The floor, from hand to hand."""
    held: list[Turn] = []
    for said in utterances:
        if held and held[-1].speaker == said.speaker:
            held[-1].go_on(said)
        elif not held or said.end_ms > held[-1].end_ms:
            gap = said.start_ms - held[-1].end_ms if held else None
            held.append(Turn(said.speaker, said.end_ms, said.end_ms - said.start_ms, gap))
    return held


def grouped(pieces: Iterable[S]) -> dict[str, list[S]]:
    """Whatever has a speaker, by speaker."""
    by_speaker: dict[str, list[S]] = {}
    for piece in pieces:
        by_speaker.setdefault(piece.speaker, []).append(piece)
    return by_speaker


def _span(said: Utterance) -> Span:
    return said.start_ms, said.end_ms


def _part(speaker: str, held: Sequence[Turn], talked: int, everybody: int) -> Part:
    return Part(
        speaker=speaker,
        talk_share=round(talked / everybody, 4) if everybody else 0.0,
        turns=len(held),
        longest_monologue_ms=max((turn.talk_ms for turn in held), default=0),
        interruptions=sum(turn.interrupts for turn in held),
        response=_response([turn.waited_ms for turn in held if turn.waited_ms is not None]),
    )


def _response(waits: Sequence[int]) -> Response | Unavailable:
    if not waits:
        return Unavailable(unavailable="no_answer")
    return Response(answers=len(waits), median_ms=round(median(waits)), mean_ms=round(fmean(waits)))
