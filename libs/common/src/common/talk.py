"""Talk metrics: what a call's timeline tells of how it was led, without any model.

Times are those of utterances, to which pauses below 1.5 s and up to 150 ms of padding at each end belong.
"""

from collections.abc import Iterable, Sequence

from common.conversation import exchange, grouped
from common.model import (
    UNKNOWN,
    Exchange,
    Loudness,
    Pause,
    SpeakerTalk,
    Talk,
    Transcript,
    Unavailable,
    Utterance,
)
from common.spans import Span, gaps, length, union
from common.speed import speed

QUESTION_MARKS = ("?", "？", "؟", "⁇", "⁈", "⁉", "‽", "፧", "\u037e")  # the last is the Greek one
_CLOSING = "\"'”’»)]} "  # what may follow a question mark

Said = Sequence[Utterance]


def talk_in(transcript: Transcript) -> Talk:
    """The metrics that came with a transcript or, where it is older than they are, those it has now."""
    return transcript.talk or talk(transcript.utterances, transcript.speakers, transcript.duration_ms)


def talk(
    utterances: Said, speakers: Sequence[str], duration_ms: int, loudness: Sequence[Loudness] = ()
) -> Talk:
    """The metrics of a call between *speakers*, who may have kept silent."""
    named = tuple(dict.fromkeys([*speakers, *(said.speaker for said in utterances)]))
    spoken = grouped(utterances)
    anybody = union(_spans(utterances))
    silence = gaps(anybody, duration_ms)
    return Talk(
        talk_ms=length(anybody),
        silence_ms=length(silence),
        silence_share=_share(length(silence), duration_ms),
        longest_silence=_longest(silence),
        speakers=tuple(_speaker(name, spoken.get(name, [])) for name in named),
        exchange=_exchange(utterances, named, duration_ms),
        loudness=tuple(loudness),
    )


def is_question(text: str) -> bool:
    """Whether *text* ends in a question mark of any script."""
    return text.rstrip(_CLOSING).endswith(QUESTION_MARKS)


def _spans(utterances: Iterable[Utterance]) -> list[Span]:
    return [(said.start_ms, said.end_ms) for said in utterances]


def _speaker(name: str, utterances: Said) -> SpeakerTalk:
    talked = length(union(_spans(utterances)))
    questions = sum(is_question(said.text) for said in utterances)
    return SpeakerTalk(
        speaker=name,
        talk_ms=talked,
        utterances=len(utterances),
        questions=questions,
        question_share=_share(questions, len(utterances)),
        speed=speed([said.text for said in utterances], talked),
    )


def _exchange(utterances: Said, named: Sequence[str], duration_ms: int) -> Exchange | Unavailable:
    if UNKNOWN in named:
        return Unavailable(unavailable="one_speaker_unknown")
    if not utterances:
        return Unavailable(unavailable="nothing_said")
    if len(named) == 1:
        return Unavailable(unavailable="one_speaker")
    return exchange(utterances, named, duration_ms)


def _longest(silence: Sequence[Span]) -> Pause | None:
    longest = max(silence, key=lambda span: span[1] - span[0], default=None)
    return None if longest is None else Pause(start_ms=longest[0], end_ms=longest[1])


def _share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0
