"""Where channels are cut, whatever was said on them: properties over random voice activity."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from transcriber.cuts import SAMPLE_RATE, WINDOW, Activity, Cut, Rules, Span, cut, spans

runs = st.lists(
    st.tuples(st.sampled_from([0.0, 0.4, 0.5, 1.0]), st.integers(1, 400)), min_size=1, max_size=30
)
seeds = st.integers(0, 2**32 - 1)


def channel(runs: list[tuple[float, int]], seed: int, missing: int = 0) -> Activity:
    """Windows as the runs say, of random loudness; the last lacks some samples."""
    speech = np.concatenate([np.full(windows, probability, np.float32) for probability, windows in runs])
    loudness = np.random.default_rng(seed).uniform(0.001, 1, len(speech)).astype(np.float32)
    return Activity(speech, loudness, len(speech) * WINDOW - missing)


def phrases(found: list[Span], rules: Rules) -> list[list[Span]]:
    """Spans in groups less than a bridged gap apart."""
    groups: list[list[Span]] = []
    for span in found:
        if groups and span.start - groups[-1][-1].end < rules.merged_gap:
            groups[-1].append(span)
        else:
            groups.append([span])
    return groups


@given(runs, seeds, st.integers(0, WINDOW - 1))
def test_every_sample_of_speech_is_sent_once_or_was_a_click(
    runs: list[tuple[float, int]], seed: int, missing: int
) -> None:
    """Phrases with a tenth of a second of speech are sent, once; shorter ones are not."""
    activity, rules = channel(runs, seed, missing), Rules()
    sent = np.zeros(activity.samples, np.int8)
    for each in cut(0, activity, rules):
        sent[each.start : each.end] += 1

    for group in phrases(spans(activity), rules):
        kept = sum(span.length for span in group) >= rules.least_speech
        assert {int(kept)} == {int(times) for times in sent[group[0].start : group[-1].end]}
    assert sent.max() <= 1


@given(runs, seeds, st.floats(1.0, 30.0))
def test_cuts_are_in_order_and_within_the_models_limit(
    runs: list[tuple[float, int]], seed: int, seconds: float
) -> None:
    """In order, apart, inside the channel, and never longer than a request may be."""
    activity = channel(runs, seed)
    found = cut(0, activity, Rules.within(seconds))

    assert all(one.end <= other.start for one, other in pairwise(found))
    assert all(0 <= each.start < each.end <= activity.samples for each in found)
    assert all(each.seconds <= seconds for each in found)


@given(seeds, st.integers(1_200, 4_000))
def test_a_forced_cut_is_where_it_is_quietest(seed: int, windows: int) -> None:
    """Of the windows between two thirds of what is allowed and all of it, none is quieter."""
    activity, rules = channel([(1.0, windows)], seed), Rules.within(30)
    found = cut(0, activity, rules)

    for one, other in pairwise(found):
        assert one.end == other.start
        first = (one.start + rules.longest * 2 // 3) // WINDOW
        last = min(one.start + rules.longest, found[-1].end - rules.shortest_piece) // WINDOW
        assert activity.loudness[one.end // WINDOW] == activity.loudness[first : last + 1].min()


@given(runs, seeds, st.integers(1, 100))
def test_offsets_are_of_samples(runs: list[tuple[float, int]], seed: int, windows: int) -> None:
    """The same speech later is cut the same, later by just as many samples."""
    activity = channel([(0.0, 30), *runs, (0.0, 30)], seed)
    late = Activity(
        np.concatenate([np.zeros(windows, np.float32), activity.speech]),
        np.concatenate([np.zeros(windows, np.float32), activity.loudness]),
        activity.samples + windows * WINDOW,
    )
    shift = windows * WINDOW

    moved = tuple(Cut(0, each.start + shift, each.end + shift) for each in cut(0, activity, Rules()))
    assert moved == cut(0, late, Rules())


def test_what_the_model_hears_after_speech_is_not_speech() -> None:
    """Windows 30 dB below the loudest of their run, six at either end: padding gives most of them back."""
    loudness = np.concatenate([np.full(8, 0.001), np.full(50, 0.1), np.full(4, 0.001)]).astype(np.float32)
    activity = Activity(np.ones(62, np.float32), loudness, 62 * WINDOW)

    assert [Span(6 * WINDOW, 58 * WINDOW)] == spans(activity)


def test_a_limit_in_seconds_is_one_in_samples() -> None:
    """Rounded down: a model refuses what is a sample too long."""
    assert Rules(longest=int(29.99999 * SAMPLE_RATE)) == Rules.within(29.99999)
