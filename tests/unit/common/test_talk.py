"""Talk metrics from the timeline alone."""

import time

import pytest
from common.model import Exchange, Loudness, Pause, Response, Speed, Talk, Unavailable, Utterance, Word
from common.talk import is_question, talk, talk_in
from hypothesis import given
from hypothesis import strategies as st
from nouns import transcript

BOTH = ("agent", "customer")


def said(speaker: str, start_s: float, end_s: float, text: str = "yes") -> Utterance:
    return Utterance(
        id="u",
        speaker=speaker,
        channel=0,
        start_ms=round(start_s * 1000),
        end_ms=round(end_s * 1000),
        text=text,
    )


def exchanged(*utterances: Utterance, seconds: int = 60) -> Exchange:
    found = talk(utterances, BOTH, seconds * 1000).exchange
    assert isinstance(found, Exchange)
    return found


@st.composite
def conversations(draw: st.DrawFn) -> list[Utterance]:
    """Utterances of up to three speakers within a minute, in order of their start."""
    spans = st.tuples(st.integers(0, 600), st.integers(0, 100), st.sampled_from([*BOTH, "third"]))
    return [
        said(who, start / 10, min(start + length, 600) / 10)
        for start, length, who in sorted(draw(st.lists(spans, max_size=25)))
    ]


@given(conversations())
def test_the_figures_agree_with_a_count_of_every_tenth_of_a_second(utterances: list[Utterance]) -> None:
    """Talk, silence, overlap and each one's talk, counted the slow way."""
    at = {
        tick: {u.speaker for u in utterances if u.start_ms <= tick < u.end_ms}
        for tick in range(0, 60_000, 100)
    }
    found = talk(utterances, (*BOTH, "third"), 60_000)

    assert 100 * sum(bool(who) for who in at.values()) == found.talk_ms
    assert 60_000 == found.talk_ms + found.silence_ms
    for part in found.speakers:
        assert 100 * sum(part.speaker in who for who in at.values()) == part.talk_ms
    if isinstance(found.exchange, Exchange):
        assert 100 * sum(len(who) > 1 for who in at.values()) == found.exchange.overlap_ms
        assert found.exchange.turns == sum(part.turns for part in found.exchange.parts)
        assert found.exchange.interruptions == sum(part.interruptions for part in found.exchange.parts)


def test_talk_and_silence_are_of_the_whole_call() -> None:
    """Also the silence before the first word and after the last."""
    found = talk([said("agent", 5, 15), said("customer", 20, 30)], BOTH, 60_000)

    assert (20_000, 40_000, 0.6667) == (found.talk_ms, found.silence_ms, found.silence_share)
    assert Pause(start_ms=30_000, end_ms=60_000) == found.longest_silence


def test_shares_are_of_all_talk() -> None:
    """Three to one."""
    found = exchanged(said("agent", 0, 30), said("customer", 30, 40))

    assert [0.75, 0.25] == [part.talk_share for part in found.parts]


def test_who_begins_before_the_other_ended_and_goes_on_interrupts() -> None:
    """The floor goes over with an overlap: one interruption, the customer's, of two seconds."""
    found = exchanged(said("agent", 0, 10), said("customer", 8, 14))

    assert (2000, 1, 2) == (found.overlap_ms, found.interruptions, found.turns)
    assert [0, 1] == [part.interruptions for part in found.parts]
    assert Unavailable(unavailable="no_answer") == found.parts[1].response


def test_a_sound_of_assent_interrupts_nobody() -> None:
    """Speech that ends while the other goes on takes no floor and ends no monologue."""
    found = exchanged(said("agent", 0, 10), said("customer", 4, 5, "mm-hm"), said("agent", 11, 20))

    assert (1000, 0, 1) == (found.overlap_ms, found.interruptions, found.turns)
    assert [19_000, 0] == [part.longest_monologue_ms for part in found.parts]


def test_padding_is_no_interruption() -> None:
    """Turns that touch overlap by the padding of their cuts, 150 ms each: answered at once."""
    found = exchanged(said("agent", 0, 10), said("customer", 9.7, 14))

    assert 0 == found.interruptions
    assert Response(answers=1, median_ms=0, mean_ms=0) == found.parts[1].response


def test_patience_is_the_time_to_an_answer() -> None:
    """Median and mean of the gaps before one's own turns; pauses within a turn are none."""
    found = exchanged(
        said("agent", 0, 1),
        said("customer", 2, 3),
        said("agent", 4, 5),
        said("agent", 9, 10),
        said("customer", 12, 13),
        said("agent", 14, 15),
        said("customer", 24, 25),
    )

    assert [
        Response(answers=2, median_ms=1000, mean_ms=1000),
        Response(answers=3, median_ms=2000, mean_ms=4000),
    ] == [part.response for part in found.parts]
    assert (6, 6.0) == (found.turns, found.turns_per_minute)


def test_questions_are_utterances_that_end_in_a_question_mark() -> None:
    """One of two, per speaker."""
    found = talk([said("agent", 0, 1, "What for?"), said("agent", 2, 3, "I see.")], BOTH, 60_000)

    assert [(1, 0.5), (0, 0.0)] == [(each.questions, each.question_share) for each in found.speakers]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Wie bitte?", True),
        ("“Really?” ", True),
        ("本当ですか？", True),
        ("ماذا؟", True),
        ("Really? No.", False),
        ("", False),
    ],
)
def test_a_question_mark_may_be_of_any_script(text: str, *, asked: bool) -> None:
    """Quotation marks may follow it."""
    assert asked == is_question(text)


@pytest.mark.parametrize(
    ("text", "speed"),
    [
        ("Don't forget twenty-four, ok — 3.5 %", Speed(unit="words", spoken=5, per_minute=10.0)),
        ("これは日本語です。", Speed(unit="characters", spoken=8, per_minute=16.0)),
        ("ผมชื่อ", Speed(unit="characters", spoken=4, per_minute=8.0)),
        ("Wir nutzen 東京 oft", Speed(unit="words", spoken=4, per_minute=8.0)),
        ("…", Unavailable(unavailable="nothing_said")),
    ],
)
def test_speed_is_of_ones_own_talk(text: str, speed: Speed | Unavailable) -> None:
    """In words, or in characters where a script writes no spaces between words."""
    found = talk([said("agent", 0, 30, text)], BOTH, 600_000).speakers

    assert (speed, Unavailable(unavailable="nothing_said")) == (found[0].speed, found[1].speed)


@pytest.mark.parametrize(
    ("utterances", "speakers", "reason"),
    [
        ([said("unknown", 0, 1)], ("unknown",), "one_speaker_unknown"),
        ([], ("unknown",), "one_speaker_unknown"),
        ([], BOTH, "nothing_said"),
        ([said("agent", 0, 1)], ("agent",), "one_speaker"),
    ],
)
def test_what_takes_two_says_why_it_is_not_there(
    utterances: list[Utterance], speakers: tuple[str, ...], reason: str
) -> None:
    """Zero interruptions would be a claim; talk and silence are known all the same."""
    found = talk(utterances, speakers, 60_000)

    assert Unavailable.model_validate({"unavailable": reason}) == found.exchange
    assert 60_000 == found.talk_ms + found.silence_ms


def test_a_call_without_length_has_figures() -> None:
    """Nothing is divided by zero."""
    found = talk([], BOTH, 0)

    assert (0, 0, 0.0, None) == (
        found.talk_ms,
        found.silence_ms,
        found.silence_share,
        found.longest_silence,
    )


def test_metrics_survive_the_trip() -> None:
    """As JSON and back, what is unavailable included."""
    loud = Loudness(channel=0, speaker="agent", quarters=(-20.5, None, -18.0, -30.1))
    for speakers in (BOTH, ("unknown",)):
        found = talk([said(speakers[0], 0, 1)], speakers, 60_000, [loud])
        assert found == Talk.model_validate_json(found.model_dump_json())


def test_an_older_transcript_has_metrics_all_the_same() -> None:
    """They are counted where they did not come with it."""
    assert transcript().talk is None
    assert talk(transcript().utterances, (), 20_000) == talk_in(transcript())


def test_four_hours_are_counted_in_little_time() -> None:
    """10,000 utterances with words in less than a five-thousandth of the call's length: 2.9 s of work."""
    words = tuple(Word(text="w", start_ms=n, end_ms=n) for n in range(8))
    utterances = [
        said(BOTH[n % 2], n * 1.44, n * 1.44 + 1.6, "What do you think of it, then?").model_copy(
            update={"words": words}
        )
        for n in range(10_000)
    ]
    began = time.process_time()
    found = talk(utterances, BOTH, 14_400_000)

    assert time.process_time() - began < 14_400 / 5000
    assert isinstance(found.exchange, Exchange)
    assert 10_000 == found.exchange.turns
