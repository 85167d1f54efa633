"""Cuts of one channel joined into stretches: who tells speakers apart needs more than a phrase of each."""

from collections.abc import Sequence

from transcriber.cuts import SAMPLE_RATE, Cut

LONGEST_PAUSE = 30 * SAMPLE_RATE  # samples; what is sent is paid for, also where nobody speaks


def stretches(cuts: Sequence[Cut], longest: int) -> tuple[Cut, ...]:
    """*cuts*, in order, joined while they are near and together no longer than *longest* samples."""
    joined: list[Cut] = []
    for cut in cuts:
        if joined and _joins(joined[-1], cut, longest):
            joined[-1] = Cut(cut.channel, joined[-1].start, cut.end)
        else:
            joined.append(cut)
    return tuple(joined)


def _joins(before: Cut, after: Cut, longest: int) -> bool:
    near = after.start - before.end <= LONGEST_PAUSE
    return near and before.channel == after.channel and after.end - before.start <= longest
