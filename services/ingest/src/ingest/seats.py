"""Streams that stay open: so many in all, and so many for each who asks."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from ingest.problems import Problem

PATIENCE = "5"  # seconds after which a seat may have become free


class Seats:
    """A seat is held as long as its stream is open; who comes back takes one again."""

    def __init__(self, most: int, each: int) -> None:
        self._most = most
        self._each = each
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken(self, who: str) -> Iterator[None]:
        """Hold one.

        Raises:
            Problem: 503, all are taken; 429, *who* has as many as one may have.
        """
        self._check(who)
        self._taken[who] += 1
        try:
            yield
        finally:
            self._taken[who] -= 1
            self._taken += Counter()  # forgets who holds none

    def _check(self, who: str) -> None:
        if self._taken.total() >= self._most:
            raise _full(503, "All streams of events are taken; try again soon, or read the call itself")
        if self._taken[who] >= self._each:
            raise _full(429, f"You have {self._each} streams of events open (EVENT_STREAMS_EACH); close one")


def _full(status: int, detail: str) -> Problem:
    return Problem(status, f"{detail}.", headers={"Retry-After": PATIENCE})
