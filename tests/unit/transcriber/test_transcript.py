"""How segments become a transcript."""

import time
from itertools import pairwise

from common.model import (
    CallKey,
    Damage,
    Engine,
    Exchange,
    Loudness,
    Refused,
    Segment,
    Transcript,
    Unavailable,
    Word,
    Work,
)
from hypothesis import given
from hypothesis import strategies as st
from transcriber.transcript import LONGEST_MS, Extent, assemble, speakers

KEY = CallKey(tenant_id="acme", call_id="c-42")
WORK = Work(provider="local", model="test")
EXTENT = Extent(duration_ms=600_000, speech_ms=1_000)
ROLES = ("agent", "customer")


@st.composite
def channels(draw: st.DrawFn) -> list[Segment]:
    """Up to three channels, each with segments in order and apart."""
    segments: list[Segment] = []
    for channel in range(draw(st.integers(1, 3))):
        at = 0
        for n in range(draw(st.integers(0, 12))):
            start = at + draw(st.integers(0, 4_000))
            at = start + draw(st.integers(100, 30_000))
            text = f"word{channel}.{n} more{channel}.{n}"
            words = tuple(
                Word(text=word, start_ms=start + i, end_ms=start + i + 1)
                for i, word in enumerate(text.split())
            )
            segments.append(Segment(channel=channel, start_ms=start, end_ms=at, text=text, words=words))
    return draw(st.permutations(segments))


def transcript(*segments: Segment, named: tuple[str, ...] = ROLES) -> Transcript:
    return assemble(KEY, segments, named, EXTENT, WORK)


def said(channel: int, start: int, end: int, text: str = "yes", language: str | None = None) -> Segment:
    return Segment(channel=channel, start_ms=start, end_ms=end, text=text, language=language)


@given(channels())
def test_no_word_is_lost_and_times_are_in_order(segments: list[Segment]) -> None:
    """Each channel's words come out once and in order; utterances are numbered by when they start."""
    named = speakers(3, ROLES)

    utterances = transcript(*segments, named=named).utterances

    for channel, speaker in enumerate(named):
        heard = sorted((s for s in segments if s.channel == channel), key=lambda s: s.start_ms)
        assert " ".join(s.text for s in heard) == " ".join(u.text for u in utterances if u.speaker == speaker)
        told = [word for u in utterances if u.channel == channel for word in u.words]
        assert [word for s in heard for word in s.words] == told
        assert all(u.speaker == speaker for u in utterances if u.channel == channel)
    assert [f"u{n}" for n in range(1, len(utterances) + 1)] == [u.id for u in utterances]
    assert all(before.start_ms <= after.start_ms for before, after in pairwise(utterances))
    assert all(0 <= u.start_ms <= u.end_ms <= EXTENT.duration_ms for u in utterances)
    assert all(u.start_ms <= word.start_ms <= word.end_ms <= u.end_ms for u in utterances for word in u.words)
    assert all(u.end_ms - u.start_ms <= LONGEST_MS for u in utterances)


def test_channels_are_interleaved_in_time() -> None:
    """Agent, customer, agent."""
    spoken = transcript(said(0, 0, 900, "Hello"), said(0, 4_000, 5_000, "Great"), said(1, 1_000, 2_000, "Hi"))

    assert [("u1", "agent", "Hello"), ("u2", "customer", "Hi"), ("u3", "agent", "Great")] == [
        (u.id, u.speaker, u.text) for u in spoken.utterances
    ]


def test_a_short_pause_does_not_end_an_utterance() -> None:
    """1.499 s go on, 1.5 s are a new one."""
    spoken = transcript(said(0, 0, 1_000), said(0, 2_499, 3_000), said(0, 4_500, 5_000))

    assert [(0, 3_000), (4_500, 5_000)] == [(u.start_ms, u.end_ms) for u in spoken.utterances]


def test_another_speaker_in_between_ends_an_utterance() -> None:
    """However short the pause."""
    spoken = transcript(said(0, 0, 1_000), said(1, 1_050, 1_150), said(0, 1_200, 2_000))

    assert ["agent", "customer", "agent"] == [u.speaker for u in spoken.utterances]


def test_a_monologue_is_broken_after_a_minute() -> None:
    """So that a quotation can still be found in the sound."""
    spoken = transcript(said(0, 0, 30_000), said(0, 30_000, 60_000), said(0, 60_000, 61_000))

    assert [(0, 60_000), (60_000, 61_000)] == [(u.start_ms, u.end_ms) for u in spoken.utterances]


def test_nothing_said_is_a_valid_transcript() -> None:
    """The outcome is no_speech, the length is still told."""
    spoken = transcript()

    assert ("no_speech", 600_000, None) == (spoken.outcome, spoken.duration_ms, spoken.language)


def test_the_language_is_that_of_most_of_the_time() -> None:
    """Three short words in what sounds like Norwegian do not outweigh a minute of English."""
    short = [said(1, n * 5_000, n * 5_000 + 300, "ok", "no") for n in range(3)]

    assert "en" == transcript(said(0, 0, 25_000, "Hello", "en"), *short).language


def test_a_single_channel_has_no_known_speaker() -> None:
    """Mono and dual-mono recordings do not say who speaks."""
    assert ("unknown",) == speakers(1, ROLES)


def test_channels_without_a_role_are_numbered() -> None:
    """A conference of four."""
    assert ("agent", "customer", "channel 3", "channel 4") == speakers(4, ROLES)


def test_two_channels_of_one_name_stay_apart() -> None:
    """Two agents on a call: who is heard where is not lost."""
    spoken = transcript(said(0, 0, 900), said(1, 1_000, 2_000), named=("agent", "agent"))

    assert [0, 1] == [u.channel for u in spoken.utterances]


def test_confidence_is_that_of_most_of_the_time() -> None:
    """The mean by length; segments without one say nothing, and none at all is unknown."""
    sure = said(0, 0, 3_000).model_copy(update={"confidence": 1.0})
    unsure = said(0, 3_000, 4_000).model_copy(update={"confidence": 0.2})

    assert [0.8] == [u.confidence for u in transcript(sure, unsure, said(0, 4_000, 5_000)).utterances]
    assert [None] == [u.confidence for u in transcript(said(0, 0, 1_000)).utterances]


def test_a_providers_times_end_with_the_call() -> None:
    """What runs past the end of the recording is cut there, words included."""
    late = said(0, 599_000, 601_000).model_copy(
        update={"words": (Word(text="yes", start_ms=600_100, end_ms=600_900),)}
    )
    (utterance,) = transcript(late).utterances

    assert (599_000, 600_000) == (utterance.start_ms, utterance.end_ms)
    assert (Word(text="yes", start_ms=600_000, end_ms=600_000),) == utterance.words


def test_speakers_told_apart_on_one_channel_are_speakers() -> None:
    """They stand in for the channel's name, and the metrics that need two are there."""
    pieces = [
        said(0, 0, 1_000).model_copy(update={"speaker": "speaker 1"}),
        said(0, 1_100, 2_000).model_copy(update={"speaker": "speaker 2"}),
    ]
    spoken = transcript(*pieces, named=("unknown",))

    assert ["speaker 1", "speaker 2"] == [u.speaker for u in spoken.utterances] == list(spoken.speakers)
    assert spoken.speakers_known
    assert spoken.talk
    assert isinstance(spoken.talk.exchange, Exchange)


def test_a_single_channel_has_no_exchange() -> None:
    """It says so."""
    spoken = transcript(said(0, 0, 1_000), named=("unknown",))

    assert spoken.talk
    assert Unavailable(unavailable="one_speaker_unknown") == spoken.talk.exchange
    assert not spoken.speakers_known


def test_what_hearing_showed_is_told() -> None:
    """Damage, what was refused, loudness by speaker, and what heard it."""
    damage = Damage(what="cut_off", at_ms=600_000)
    engine = Engine(role="recognition", provider="openai", model="gpt-transcribe")
    extent = Extent(
        duration_ms=600_000,
        speech_ms=1_000,
        damage=(damage,),
        loudness=((-20.0, None, None, -30.0),),
        refused=(Refused(reason="loop", ms=500, count=1),),
    )
    spoken = assemble(KEY, [said(0, 0, 500)], ROLES, extent, WORK, (engine,))

    assert spoken.coverage
    assert spoken.talk
    assert (True, True, 0.5, (damage,), (engine,)) == (
        spoken.damaged,
        spoken.flagged,
        spoken.coverage.share,
        spoken.damage,
        spoken.engines,
    )
    assert (
        Loudness(channel=0, speaker="agent", quarters=(-20.0, None, None, -30.0)),
    ) == spoken.talk.loudness


def test_four_hours_are_assembled_in_little_time() -> None:
    """6,000 segments with 60,000 words, metrics included, in a thousandth of the call: 14.4 s of work."""
    words = tuple(Word(text="word", start_ms=0, end_ms=1) for _ in range(10))
    segments = [
        Segment(
            channel=n % 2,
            start_ms=n * 2_400,
            end_ms=n * 2_400 + 2_500,
            text="word " * 9 + "word?",
            words=words,
            confidence=0.9,
            language="en",
        )
        for n in range(6_000)
    ]
    extent = Extent(duration_ms=14_402_000, speech_ms=14_000_000)
    began = time.process_time()
    spoken = assemble(KEY, segments, ROLES, extent, WORK)

    assert time.process_time() - began < 14_400 / 1000
    assert 60_000 == sum(len(u.words) for u in spoken.utterances)
