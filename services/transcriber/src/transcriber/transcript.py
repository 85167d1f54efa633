"""From what was heard on each channel to a transcript: speakers, turns, language."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from common.model import (
    UNKNOWN,
    CallKey,
    Damage,
    Engine,
    Loudness,
    Quarters,
    Refused,
    Segment,
    Transcript,
    Utterance,
    Word,
    Work,
)
from common.talk import talk

from transcriber.coverage import coverage

PAUSE_MS = 1500  # a speaker who is silent for longer begins a new utterance
LONGEST_MS = 60_000  # a monologue is broken here, so that a quotation can still be found in the sound


@dataclass(frozen=True, slots=True)
class Extent:
    """How long a call is, how much of it is speech (channels added up), and what hearing it showed besides.

    ``loudness`` is by channel; ``refused`` is in milliseconds of pieces sent, as long as segments are.
    """

    duration_ms: int
    speech_ms: int
    damage: tuple[Damage, ...] = ()
    loudness: tuple[Quarters, ...] = ()
    refused: tuple[Refused, ...] = ()
    dual_mono: bool = False


def speakers(channels: int, roles: Sequence[str]) -> tuple[str, ...]:
    """Who speaks on each channel: unknown on a single one, else the role, else the channel's number."""
    if channels == 1:
        return (UNKNOWN,)
    return tuple(roles[n] if n < len(roles) else f"channel {n + 1}" for n in range(channels))


def assemble(
    key: CallKey,
    segments: Iterable[Segment],
    named: Sequence[str],
    extent: Extent,
    work: Work,
    engines: tuple[Engine, ...] = (),
) -> Transcript:
    """Interleave the channels in time and join each speaker's consecutive segments.

    *named* are the speakers by channel; a segment that names its own takes precedence.
    """
    heard = sorted(segments, key=lambda segment: (segment.start_ms, segment.channel))
    said = tuple(_utterance(n, turn, named, extent) for n, turn in enumerate(_turns(heard, named), start=1))
    present = _present(heard, named)
    return Transcript(
        **dict(key),
        language=majority_language(heard),
        duration_ms=extent.duration_ms,
        speech_ms=extent.speech_ms,
        speakers=present,
        coverage=coverage(extent.speech_ms, heard, extent.refused),
        damage=extent.damage,
        dual_mono=extent.dual_mono,
        engines=engines,
        talk=talk(said, present, extent.duration_ms, _loudness(named, extent)),
        utterances=said,
        work=work,
    )


def majority_language(pieces: Iterable[Segment | Utterance]) -> str | None:
    """The language most of the time was spoken in; a short word is easily mistaken for another language's."""
    spoken: Counter[str] = Counter()
    for piece in pieces:
        if piece.language:
            spoken[piece.language] += max(piece.end_ms - piece.start_ms, 1)
    return max(spoken, key=lambda code: spoken[code], default=None)


def confidence(turn: Sequence[Segment]) -> float | None:
    """The mean of those segments that have one, by their length."""
    told = [(s.confidence, max(s.end_ms - s.start_ms, 1)) for s in turn if s.confidence is not None]
    if not told:
        return None
    return round(sum(sure * ms for sure, ms in told) / sum(ms for _, ms in told), 4)


def _present(heard: Iterable[Segment], named: Sequence[str]) -> tuple[str, ...]:
    """Everybody on the call: a channel's name stands for those on it, unless they were told apart."""
    found: dict[int, list[str]] = {}
    for segment in heard:
        found.setdefault(segment.channel, []).append(_who(segment, named))
    return tuple(dict.fromkeys(who for n, name in enumerate(named) for who in found.get(n, [name])))


def _loudness(named: Sequence[str], extent: Extent) -> list[Loudness]:
    return [
        Loudness(channel=n, speaker=speaker, quarters=quarters)
        for n, (speaker, quarters) in enumerate(zip(named, extent.loudness, strict=False))
    ]


def _who(segment: Segment, named: Sequence[str]) -> str:
    return segment.speaker or named[segment.channel]


def _turns(heard: Sequence[Segment], named: Sequence[str]) -> list[list[Segment]]:
    turns: list[list[Segment]] = []
    for segment in heard:
        if turns and _goes_on(turns[-1], segment, named):
            turns[-1].append(segment)
        else:
            turns.append([segment])
    return turns


def _goes_on(turn: list[Segment], segment: Segment, named: Sequence[str]) -> bool:
    first, last = turn[0], turn[-1]
    same = (first.channel, _who(first, named)) == (segment.channel, _who(segment, named))
    paused = segment.start_ms - last.end_ms
    return same and paused < PAUSE_MS and segment.end_ms - first.start_ms <= LONGEST_MS


def _utterance(n: int, turn: Sequence[Segment], named: Sequence[str], extent: Extent) -> Utterance:
    end = extent.duration_ms  # a provider's times may run past it
    return Utterance(
        id=f"u{n}",
        speaker=_who(turn[0], named),
        channel=turn[0].channel,
        start_ms=min(turn[0].start_ms, end),
        end_ms=min(max(segment.end_ms for segment in turn), end),
        text=" ".join(segment.text for segment in turn),
        language=majority_language(turn),
        confidence=confidence(turn),
        words=tuple(_within(word, end) for segment in turn for word in segment.words),
    )


def _within(word: Word, end: int) -> Word:
    if word.end_ms <= end:
        return word
    return word.model_copy(update={"start_ms": min(word.start_ms, end), "end_ms": end})
