"""Where channels are cut."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transcriber.cuts import SAMPLE_RATE, WINDOW, Activity, Cut, Rules, cut, spans

RULES = Rules()
SECOND = SAMPLE_RATE / WINDOW  # windows

runs = st.lists(
    st.tuples(st.sampled_from([0.0, 0.4, 0.5, 1.0]), st.integers(1, 400)), min_size=0, max_size=30
)
rules = st.builds(
    Rules,
    longest=st.integers(1, 30).map(lambda seconds: seconds * SAMPLE_RATE),
    merged_gap=st.integers(0, 20_000),
    padding=st.integers(0, 10_000),
    least_speech=st.integers(0, 5_000),
)


def activity(*runs: tuple[float, int], missing: int = 0) -> Activity:
    """So many windows of each probability; the last one may be short by *missing* samples."""
    speech = np.repeat([p for p, _ in runs], [n for _, n in runs]).astype(np.float32)
    loudness = np.random.default_rng(len(speech)).random(len(speech)).astype(np.float32)
    return Activity(speech, loudness, max(len(speech) * WINDOW - missing, 0))


@given(runs, st.integers(0, WINDOW - 1), rules)
def test_cuts_are_in_order_apart_and_bounded(
    runs: list[tuple[float, int]], missing: int, rules: Rules
) -> None:
    """Whatever the activity and the rules: ordered, not overlapping, within the recording, never too long."""
    channel = activity(*runs, missing=missing)

    cuts = cut(1, channel, rules)

    assert all(0 <= each.start < each.end <= channel.samples for each in cuts)
    assert all(each.end - each.start <= rules.longest for each in cuts)
    assert all(before.end <= after.start for before, after in pairwise(cuts))
    assert {1} >= {each.channel for each in cuts}


@given(runs, st.integers(0, WINDOW - 1), rules)
def test_no_speech_is_lost(runs: list[tuple[float, int]], missing: int, rules: Rules) -> None:
    """Every span of speech that is long enough lies in cuts from its start to its end."""
    channel = activity(*runs, missing=missing)

    covered = np.zeros(channel.samples, bool)
    for each in cut(0, channel, rules):
        covered[each.start : each.end] = True

    long_enough = [span for span in spans(channel) if span.length >= rules.least_speech]
    assert [True] * len(long_enough) == [bool(covered[s.start : s.end].all()) for s in long_enough]


@given(runs)
def test_a_split_leaves_nothing_too_short_to_send(runs: list[tuple[float, int]]) -> None:
    """Providers refuse less than 0.1 s."""
    assert all(each.seconds >= 0.1 for each in cut(0, activity(*runs), RULES))


def test_silence_is_not_cut() -> None:
    """Nobody is asked about nothing."""
    assert () == cut(0, activity((0.0, 1000)), RULES)
    assert () == cut(0, activity(), RULES)


def test_speech_is_padded_to_the_sample() -> None:
    """One phrase, 0.15 s before and after it."""
    phrase = activity((0.0, 100), (1.0, 50), (0.0, 100))

    assert (Cut(0, 100 * WINDOW - 2_400, 150 * WINDOW + 2_400),) == cut(0, phrase, RULES)


@pytest.mark.parametrize(("gap", "cuts"), [(24, 1), (25, 2)])
def test_gaps_shorter_than_four_fifths_of_a_second_are_bridged(gap: int, cuts: int) -> None:
    """24 windows are 0.768 s, 25 are exactly 0.8 s."""
    assert cuts == len(cut(0, activity((1.0, 50), (0.0, gap), (1.0, 50)), RULES))


@pytest.mark.parametrize(("windows", "cuts"), [(3, 0), (4, 1)])
def test_a_click_is_not_speech(windows: int, cuts: int) -> None:
    """Less than a tenth of a second of it."""
    assert cuts == len(cut(0, activity((0.0, 50), (1.0, windows), (0.0, 50)), RULES))


def test_what_may_be_speech_counts_only_beside_what_is() -> None:
    """A murmur before a word belongs to it; a murmur alone does not count."""
    murmur = activity((0.4, 50), (0.0, 50), (0.4, 10), (1.0, 20), (0.4, 10), (0.0, 10))

    assert [(100 * WINDOW, 140 * WINDOW)] == [(span.start, span.end) for span in spans(murmur)]


def test_padding_stops_halfway_to_the_neighbour() -> None:
    """Two phrases close together never share a sample."""
    close = activity((1.0, 50), (0.0, 2), (1.0, 50))

    first, second = cut(0, close, Rules(merged_gap=0))

    assert first.end == second.start == 51 * WINDOW


def test_a_monologue_is_split_where_it_is_quietest() -> None:
    """Near the limit, in the middle of the quietest window."""
    windows = round(40 * SECOND)
    loudness = np.ones(windows, np.float32)
    quiet = round(25 * SECOND)
    loudness[quiet] = 0.1
    loudness[round(10 * SECOND)] = 0.0
    monologue = Activity(np.ones(windows, np.float32), loudness, windows * WINDOW)

    first, second = cut(0, monologue, RULES)

    assert (quiet * WINDOW + WINDOW // 2, first.end) == (first.end, second.start)
