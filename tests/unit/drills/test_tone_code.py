"""What tests read from tone-coded sound, and that their proofs see what went wrong."""

from dataclasses import replace

import numpy as np
import pytest
import tones
from hypothesis import given
from hypothesis import strategies as st
from nouns import KEY, transcript, utterance
from tone_files import Script, Turn
from tone_proofs import every_second_once, told_as_it_was
from tone_speech import RATE, Asked

SCRIPT = Script(60, (Turn(0, 0, 30), Turn(1, 30, 60)))


def asked(channel: int, start: int, end: int, *, number: int = 1) -> Asked:
    """What arrives of so many slots, told as the server does."""
    return listened(tones.sound(channel, np.arange(start, end), RATE), number)


def listened(sound: tones.Sound, number: int = 1) -> Asked:
    return Asked(number, "key", len(sound), tones.read(sound, RATE))


@given(
    st.integers(0, tones.CHANNELS - 1),
    st.integers(0, tones.SLOTS - 11),
    st.integers(0, RATE // 10 - 1),
    st.floats(0.2, 4),
)
def test_sound_says_where_it_is_from(channel: int, first: int, offset: int, gain: float) -> None:
    """Ten slots of any channel, from any sample on, louder or quieter: which they are, within six ms."""
    sound = tones.sound(channel, np.arange(first, first + 10), RATE)

    found = listened((sound[offset:] * gain).clip(-1, 1))

    assert channel == found.channel
    assert set(range(first + 1, first + 10)) <= {slot.slot for slot in found.heard}
    assert first * tones.SLOT_MS + offset * 1000 / RATE == pytest.approx(found.start_ms, abs=6)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_no_code_says_nothing(seed: int) -> None:
    """Noise, a single tone and silence."""
    noise = np.random.default_rng(seed).normal(0, 0.2, 3 * RATE).astype(np.float32)
    tone = np.sin(np.arange(3 * RATE) * (0.1 + 0.05 * seed)).astype(np.float32)

    assert ((), (), ()) == tuple(tones.read(sound, RATE) for sound in (noise, tone, 0 * tone))


def test_what_arrived_whole_passes() -> None:
    """Each channel in two requests that meet within a slot."""
    first = tones.sound(0, np.arange(30), RATE)
    parts = [listened(first[:20_123]), listened(first[20_123:], 2), asked(1, 30, 60, number=3)]

    every_second_once(SCRIPT, parts)


@pytest.mark.parametrize(
    ("sent", "complaint"),
    [
        ([asked(0, 0, 30), asked(1, 30, 59)], "never sent of channel 1"),
        ([asked(0, 0, 10), asked(0, 11, 30), asked(1, 30, 60)], "never sent of channel 0"),
        ([asked(0, 0, 16), asked(0, 15, 30), asked(1, 30, 60)], "sent twice on channel 0"),
        ([asked(0, 0, 30), asked(0, 0, 30), asked(1, 30, 60)], "sent twice on channel 0"),
        ([asked(0, 0, 30)], "never sent of channel 1"),
    ],
)
def test_a_second_that_is_lost_or_sent_twice_is_seen(sent: list[Asked], complaint: str) -> None:
    """A tenth of one, too."""
    with pytest.raises(AssertionError, match=complaint):
        every_second_once(SCRIPT, sent)


@pytest.mark.parametrize("samples", [480, 1_600, 16_000])
def test_samples_that_are_lost_within_a_request_are_seen(samples: int) -> None:
    """30 ms, a slot, a second: all that follows is too early."""
    sound = tones.sound(0, np.arange(30), RATE)
    shortened = np.concatenate([sound[:20_000], sound[20_000 + samples :]])

    with pytest.raises(AssertionError, match="a clock slipped"):
        every_second_once(SCRIPT, [listened(shortened), asked(1, 30, 60)])


def test_a_second_replaced_by_silence_is_seen() -> None:
    """The clock is right, and yet words are gone."""
    sound = tones.sound(0, np.arange(30), RATE)
    sound[16_000:32_000] = 0

    with pytest.raises(AssertionError, match="slots lost within a request"):
        every_second_once(SCRIPT, [listened(sound), asked(1, 30, 60)])


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "channel", "text"),
    [
        (1_021, 2_000, 0, "c0 1000 2000"),
        (1_000, 2_021, 0, "c0 1000 2000"),
        (1_000, 2_000, 1, "c0 1000 2000"),
        (1_000, 2_000, 0, "c0 1500 2000 c0 1000 1500"),
    ],
)
def test_words_at_another_time_than_they_were_said_are_seen(
    start_ms: int, end_ms: int, channel: int, text: str
) -> None:
    """21 ms off, on another channel, or in another order."""
    said = utterance(1, "agent", text, start_ms=start_ms, end_ms=end_ms, channel=channel)
    told = transcript(KEY, ()).model_copy(update={"utterances": (said,)})

    with pytest.raises(AssertionError):
        told_as_it_was(replace(SCRIPT, first=0), told)
