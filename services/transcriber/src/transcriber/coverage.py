"""How much of the speech that was found became text."""

from collections.abc import Iterable, Sequence

from common.model import Coverage, Refused, Segment

LEAST_SHARE = 0.98  # below this a transcript is flagged
NO_WORDS = "no_words"
"""Why a piece gave no text where nothing was refused: the recogniser heard nobody speak."""


def coverage(speech_ms: int, segments: Iterable[Segment], refused: Sequence[Refused]) -> Coverage:
    """What *segments* cover of the speech, beside the pieces that were refused.

    Pieces hold padding and short pauses, too: it is their lengths among one another that say how much of the
    speech is missing.
    """
    heard = sum(segment.end_ms - segment.start_ms for segment in segments)
    share = _share(speech_ms, heard, sum(each.ms for each in refused))
    return Coverage(
        speech_ms=speech_ms,
        transcribed_ms=round(speech_ms * share),
        share=round(share, 4),
        flagged=share < LEAST_SHARE,
        refused=tuple(refused),
    )


def added_up(pieces: Iterable[tuple[str, int]]) -> tuple[Refused, ...]:
    """Pieces (the reason for which they gave no text, their milliseconds), added up by reason."""
    lengths: dict[str, list[int]] = {}
    for reason, ms in pieces:
        lengths.setdefault(reason, []).append(ms)
    return tuple(
        Refused(reason=reason, ms=sum(each), count=len(each)) for reason, each in sorted(lengths.items())
    )


def _share(speech_ms: int, heard: int, missing: int) -> float:
    """1 where there was nothing to hear, 0 where nothing of it was heard."""
    if heard + missing == 0:
        return 0.0 if speech_ms else 1.0
    return heard / (heard + missing)
