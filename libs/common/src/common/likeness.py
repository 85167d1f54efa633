"""Which stretch of an utterance is almost a quote: a few words differ, none of them one that matters."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from rapidfuzz.distance import Levenshtein
from rapidfuzz.fuzz import partial_ratio_alignment, ratio

WORDS_PER_EDIT: Final = 4
MOST_EDITS: Final = 4
ALIKE: Final = 60.0  # of 100: a word written another way, not another word
_NEGATIONS: Final = frozenset(
    """
    no not never none nobody nothing nowhere neither nor without cannot hardly
    nicht nie niemals kein keine keinen keiner nichts ohne
    nem ne soha sem nincs nincsen semmi nélkül
    pas jamais sans aucun rien nunca sin nada non mai senza niente não
    """.split()  # noqa: SIM905 - a word list reads best as words
)


def nearly(wanted: Sequence[str], said: Sequence[str]) -> tuple[int, int] | None:
    """The first and the last word of the stretch that differs in the fewest words, if they are few enough.

    One word in four may differ, four at most; no number and no negation may, and a word may only be replaced
    by one that is spelled much like it.
    """
    edits = min(MOST_EDITS, len(wanted) // WORDS_PER_EDIT)
    if not edits or (Counter(wanted) & Counter(said)).total() < len(wanted) - edits:
        return None
    near = sorted(_windows(wanted, said, edits), key=lambda each: (each[0], each[1] - each[2]))
    stretches = ((first, last) for _, first, last in near)
    return next((each for each in stretches if _harmless(wanted, said[each[0] : each[1] + 1])), None)


def _windows(wanted: Sequence[str], said: Sequence[str], edits: int) -> Iterable[tuple[int, int, int]]:
    """Edits, first word and last word of every stretch near the best alignment that is near enough."""
    start, end = _aligned(wanted, said)
    off = 2 * edits  # words the alignment may be off by at either end
    for first in range(max(0, start - off), min(len(said), start + off + 1)):
        for last in range(max(first, end - off - 1), min(len(said), end + off)):
            window = said[first : last + 1]
            distance = Levenshtein.distance(wanted, window, score_cutoff=edits)
            if distance <= edits:
                yield distance, first, last


def _aligned(wanted: Sequence[str], said: Sequence[str]) -> tuple[int, int]:
    if len(said) <= len(wanted):
        return 0, len(said)
    alignment = partial_ratio_alignment(wanted, said)
    return (alignment.dest_start, alignment.dest_end) if alignment else (0, len(said))


def _harmless(wanted: Sequence[str], window: Sequence[str]) -> bool:
    """Whether what differs changes nothing that matters."""
    for change in Levenshtein.opcodes(wanted, window):
        before = wanted[change.src_start : change.src_end]
        after = window[change.dest_start : change.dest_end]
        if change.tag == "equal":
            continue
        if any(map(_matters, (*before, *after))):
            return False
        pairs = zip(before, after, strict=True) if change.tag == "replace" else ()
        if any(ratio(one, other) < ALIKE for one, other in pairs):
            return False
    return True


def _matters(word: str) -> bool:
    return word in _NEGATIONS or word.endswith("n't") or any(letter.isdecimal() for letter in word)
