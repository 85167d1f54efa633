"""What was said twice, told once."""

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


def merged(found: Iterable[T], is_same: Callable[[T, T], bool], both: Callable[[T, T], T]) -> list[T]:
    """Each in the place of the first that is the same, made of *both*; the others in their order."""
    kept: list[T] = []
    for one in found:
        at = next((n for n, other in enumerate(kept) if is_same(other, one)), None)
        if at is None:
            kept.append(one)
        else:
            kept[at] = both(kept[at], one)
    return kept
