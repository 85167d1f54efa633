"""Who speaks on a single channel."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from common.model import CallKey
from fakes import FakeClaims
from hypothesis import given
from hypothesis import strategies as st
from transcriber.cuts import Cut
from transcriber.diarizer import Reference
from transcriber.remembered import RememberedDiarizer
from transcriber.speech import Clip, Heard, Turn
from transcriber.stretches import LONGEST_PAUSE, stretches
from transcriber.voices import Voices, references

CALL = CallKey(tenant_id="acme", call_id="c-42")
SECOND = 16_000
TRACK = Path("unused")


def clip(start: int, end: int) -> Clip:
    """A cut by seconds."""
    return Clip(CALL, "etag", Cut(0, start * SECOND, end * SECOND), TRACK)


def turn(speaker: str, start: float, end: float) -> Turn:
    """A turn by seconds."""
    return Turn(
        speaker=speaker, start_ms=round(start * 1000), end_ms=round(end * 1000), text=f"{speaker} speaks"
    )


class FakeDiarizer:
    """Answers its *turns* stretch by stretch, and remembers whom it was told of."""

    provider, model = "openai", "gpt-4o-transcribe-diarize"
    longest, most_known = 100.0, 4

    def __init__(self, *turns: Sequence[Turn]) -> None:
        self.known: list[list[Reference]] = []
        self.asked: list[Cut] = []
        self._turns = turns

    def parameters(self) -> tuple[str, ...]:
        return ()

    async def hear(self, clip: Clip, known: Sequence[Reference]) -> Heard:
        self.asked.append(clip.cut)
        self.known.append(list(known))
        turns = tuple(self._turns[len(self.asked) - 1])
        return Heard(text=" ".join(each.text for each in turns), seconds=1, turns=turns)


CLIPS = [clip(0, 40), clip(45, 90), clip(200, 260)]
FIRST = [turn("A", 0, 20), turn("B", 20, 24), turn("C", 24, 25)]


async def test_speakers_of_later_stretches_are_known_by_how_they_sounded() -> None:
    """By a clip of their own of two to ten seconds; others get a name of their own, not a wrong one."""
    diarizer = FakeDiarizer(FIRST, [turn("speaker 2", 0, 5), turn("A", 5, 20), turn("speaker 1", 20, 25)])

    heard = await Voices(diarizer).hear(CLIPS)

    assert [Cut(0, 0, 90 * SECOND), Cut(0, 200 * SECOND, 260 * SECOND)] == diarizer.asked
    assert [
        [],
        [
            Reference("speaker 1", Clip(CALL, "etag", Cut(0, 0, 9 * SECOND + SECOND // 2), TRACK)),
            Reference("speaker 2", Clip(CALL, "etag", Cut(0, 20 * SECOND, 24 * SECOND), TRACK)),
        ],
    ] == diarizer.known
    assert [
        ["speaker 1", "speaker 2", "speaker 3"],
        ["speaker 2", "speaker 4", "speaker 1"],
    ] == [[each.speaker for each in said.turns] for said in heard.values()]


async def test_who_is_new_is_known_from_then_on() -> None:
    """A call that begins with an announcement goes on with other people."""
    others = [turn("A", 0, 5), turn("B", 5, 10)]
    diarizer = FakeDiarizer([turn("A", 0, 30)], others, [turn("speaker 3", 0, 5)])

    heard = await Voices(diarizer).hear([*CLIPS, clip(300, 330)])

    assert ["speaker 1", "speaker 2", "speaker 3"] == [each.name for each in diarizer.known[2]]
    assert ["speaker 3"] == [each.speaker for each in list(heard.values())[-1].turns]


async def test_the_model_is_told_of_no_more_than_it_takes() -> None:
    """Those who spoke first, and most."""
    everybody = [turn(name, 10 * n, 10 * n + 9 - n) for n, name in enumerate("ABCDEF")]
    diarizer = FakeDiarizer(everybody, [])

    await Voices(diarizer).hear(CLIPS)

    assert [f"speaker {n}" for n in (1, 2, 3, 4)] == [each.name for each in diarizer.known[1]]


async def test_who_was_heard_is_remembered_with_whom_they_were_told_of() -> None:
    """A redelivery pays nothing, and names everybody as before."""
    turns = (FIRST, [turn("speaker 2", 0, 5)])
    claims: Any = FakeClaims()
    diarizer = FakeDiarizer(*turns, *turns)

    first = await Voices(RememberedDiarizer(diarizer, claims)).hear(CLIPS)
    second = await Voices(RememberedDiarizer(diarizer, claims)).hear(CLIPS)

    assert (2, first) == (len(diarizer.asked), second)


@pytest.mark.parametrize(
    "turns",
    [[turn("A", 0, 2)], [turn("A", 0, 10), turn("B", 5, 6)], []],
    ids=["too short", "not alone", "nobody"],
)
def test_a_reference_is_a_voice_alone(turns: list[Turn]) -> None:
    """And long enough for the model; else there is none."""
    assert [] == [each for each in references(clip(0, 40), turns) if each.name == "A"]


SPANS = st.lists(st.tuples(st.integers(1, 60 * SECOND), st.integers(0, 60 * SECOND)), max_size=40)


@given(spans=SPANS, longest=st.integers(60, 300))
def test_stretches_hold_all_cuts_and_are_short_enough(spans: list[tuple[int, int]], longest: int) -> None:
    """In order, apart, each no longer than allowed, and without long pauses."""
    cuts, now = [], 0
    for length, pause in spans:
        cuts.append(Cut(0, now, now + length))
        now += length + pause + 1

    joined = stretches(cuts, longest * SECOND)

    held = [[cut for cut in cuts if each.start <= cut.start and cut.end <= each.end] for each in joined]
    assert cuts == [cut for each in held for cut in each]
    for each, mine in zip(joined, held, strict=True):
        assert (mine[0].start, mine[-1].end) == (each.start, each.end)
        assert each.end - each.start <= longest * SECOND
        assert all(b.start - a.end <= LONGEST_PAUSE for a, b in pairwise(mine))
