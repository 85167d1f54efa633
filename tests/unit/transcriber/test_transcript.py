"""How segments become a transcript."""

from itertools import pairwise

from common.model import CallKey, Segment, Transcript, Work
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
            segments.append(Segment(channel=channel, start_ms=start, end_ms=at, text=text))
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
    assert [f"u{n}" for n in range(1, len(utterances) + 1)] == [u.id for u in utterances]
    assert all(before.start_ms <= after.start_ms for before, after in pairwise(utterances))
    assert all(u.start_ms <= u.end_ms for u in utterances)
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
