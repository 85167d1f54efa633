"""From what was heard on each channel to a transcript: speakers, turns, language."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from common.model import CallKey, Segment, Transcript, Utterance, Work

PAUSE_MS = 1500  # a speaker who is silent for longer begins a new utterance
LONGEST_MS = 60_000  # a monologue is broken here, so that a quotation can still be found in the sound

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Extent:
    """How long a call is, and how much of it is speech, channels added up."""

    duration_ms: int
    speech_ms: int


def speakers(channels: int, roles: Sequence[str]) -> tuple[str, ...]:
    """Who speaks on each channel: unknown on a single one, else the role, else the channel's number."""
    if channels == 1:
        return (UNKNOWN,)
    return tuple(roles[n] if n < len(roles) else f"channel {n + 1}" for n in range(channels))


def assemble(
    key: CallKey, segments: Iterable[Segment], named: Sequence[str], extent: Extent, work: Work
) -> Transcript:
    """Interleave the channels in time and join each speaker's consecutive segments."""
    heard = sorted(segments, key=lambda segment: (segment.start_ms, segment.channel))
    turns = enumerate(_turns(heard, named), start=1)
    return Transcript(
        **dict(key),
        language=majority_language(heard),
        duration_ms=extent.duration_ms,
        speech_ms=extent.speech_ms,
        utterances=tuple(_utterance(n, turn, named) for n, turn in turns),
        work=work,
    )


def majority_language(pieces: Iterable[Segment | Utterance]) -> str | None:
    """The language most of the time was spoken in; a short word is easily mistaken for another language's."""
    spoken: Counter[str] = Counter()
    for piece in pieces:
        if piece.language:
            spoken[piece.language] += max(piece.end_ms - piece.start_ms, 1)
    return max(spoken, key=lambda code: spoken[code], default=None)


def _turns(heard: Sequence[Segment], named: Sequence[str]) -> list[list[Segment]]:
    turns: list[list[Segment]] = []
    for segment in heard:
        if turns and _goes_on(turns[-1], segment, named):
            turns[-1].append(segment)
        else:
            turns.append([segment])
    return turns


def _goes_on(turn: list[Segment], segment: Segment, named: Sequence[str]) -> bool:
    same_speaker = named[turn[0].channel] == named[segment.channel]
    paused = segment.start_ms - turn[-1].end_ms
    return same_speaker and paused < PAUSE_MS and segment.end_ms - turn[0].start_ms <= LONGEST_MS


def _utterance(n: int, turn: Sequence[Segment], named: Sequence[str]) -> Utterance:
    return Utterance(
        id=f"u{n}",
        speaker=named[turn[0].channel],
        channel=turn[0].channel,
        start_ms=turn[0].start_ms,
        end_ms=max(segment.end_ms for segment in turn),
        text=" ".join(segment.text for segment in turn),
        language=majority_language(turn),
    )
