"""A long call is cut into windows that fit, where nobody speaks."""

from itertools import chain, pairwise

from analyzer.windows import cut, halved
from common.prompting import Line, tokens
from hypothesis import given
from hypothesis import strategies as st


def spoken(*words: int, pause_before: int | None = None) -> tuple[Line, ...]:
    """Lines of so many bytes, a second each and half a second apart, with one long pause."""
    starts = [1500 * n + (60_000 if pause_before is not None and n >= pause_before else 0) for n in range(99)]
    return tuple(Line("x" * size, start, start + 1000) for size, start in zip(words, starts, strict=False))


@given(st.lists(st.integers(0, 60), max_size=60), st.integers(1, 80))
def test_windows_hold_everything_once_and_fit(sizes: list[int], room: int) -> None:
    """Whatever the lines are; one that does not fit has a window of its own."""
    lines = spoken(*sizes)
    windows = cut(lines, room)

    assert lines == tuple(chain.from_iterable(windows))
    assert all(len(window) == 1 or sum(tokens(line.text) for line in window) <= room for window in windows)


def test_a_window_ends_at_the_longest_pause_of_its_last_quarter() -> None:
    """Nobody is interrupted."""
    lines = spoken(*[18] * 12, pause_before=8)

    assert [8, 4] == [len(window) for window in cut(lines, 100)]


def test_a_window_can_be_halved() -> None:
    """What was cut off once is asked about in smaller pieces."""
    halves = halved(spoken(*[18] * 12))

    assert 2 == len(halves)
    assert all(one[-1].end_ms <= other[0].start_ms for one, other in pairwise(halves))


@given(st.text(max_size=200))
def test_tokens_are_never_counted_too_few(text: str) -> None:
    """A letter outside ASCII may be as many tokens as it has bytes."""
    beyond = sum(len(letter.encode()) for letter in text if not letter.isascii())

    assert tokens(text) > beyond
