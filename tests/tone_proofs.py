"""What must hold of the sound a provider was sent, whatever the format and wherever it was cut."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

import tones
from common.model import Transcript
from tone_files import Script
from tone_speech import Asked

EXACT = 20.0  # ms by which an instant may be off
_PIECE = re.compile(r"c(\d+) (-?\d+) (-?\d+)")


def every_second_once(script: Script, asked: Sequence[Asked]) -> None:
    """Each second that was spoken arrived on its channel, once, and nothing slipped within a request."""
    assert [] == [each.number for each in asked if each.heard and each.drift_ms > EXACT], "a clock slipped"
    for channel in range(script.channels):
        sent = sorted(
            (_on(script, each) for each in asked if each.heard and each.channel == channel),
        )
        assert [] == _twice(sent), f"sent twice on channel {channel}"
        assert [] == _missing(script.said_by(channel), sent), f"never sent of channel {channel}"
    assert [] == [gap for each in asked for gap in _holes(script, each)], "slots lost within a request"


def _on(script: Script, asked: Asked) -> tuple[float, float]:
    """From when to when it is, in ms of the recording."""
    base = script.first * tones.SLOT_MS
    return asked.start_ms - base, asked.end_ms - base


def _twice(sent: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(later[0], earlier[1]) for earlier, later in pairwise(sent) if later[0] < earlier[1] - EXACT]


def _missing(
    spoken: Iterable[tuple[float, float]], sent: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """What of *spoken* no request covers, but for what is too short to see."""
    missing = []
    for start, end in spoken:
        now = start
        for left, right in sent:
            if left > now + EXACT:
                break
            now = max(now, right)
        if now < end - EXACT:
            missing.append((now, end))
    return missing


def _holes(script: Script, asked: Asked) -> list[int]:
    """The slots that lie wholly in a request and were spoken, and that cannot be read in it."""
    start, end = _on(script, asked) if asked.heard else (0.0, 0.0)
    heard = {slot.slot - script.first for slot in asked.heard}
    whole = (
        slot
        for turn in script.turns
        if asked.heard and turn.channel == asked.channel
        for slot in range(turn.start, turn.end)
        if slot * tones.SLOT_MS >= start + EXACT and (slot + 1) * tones.SLOT_MS <= end - EXACT
    )
    return [slot for slot in whole if slot not in heard]


def told_as_it_was(script: Script, transcript: Transcript) -> None:
    """Each utterance has its speaker's channel and the times at which its words were said; all in order."""
    base = script.first * tones.SLOT_MS
    starts = [utterance.start_ms for utterance in transcript.utterances]
    assert sorted(starts) == starts
    for utterance in transcript.utterances:
        pieces = [tuple(map(int, piece)) for piece in _PIECE.findall(utterance.text)]
        assert {utterance.channel} == {channel for channel, _, _ in pieces}
        assert sorted(pieces) == pieces, "words out of order"
        assert abs(pieces[0][1] - base - utterance.start_ms) <= EXACT
        assert abs(pieces[-1][2] - base - utterance.end_ms) <= EXACT
