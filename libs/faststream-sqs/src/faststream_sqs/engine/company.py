"""Learns how many messages come together, so that a request waits for those and no longer."""

from .client import MAX_BATCH


class Company:
    """How many messages lately were on their way together, and so are worth a short wait."""

    def __init__(self) -> None:
        self._before = self._peak = 0

    @property
    def expected(self) -> int:
        """The size of the next request, if things go on as they went."""
        return min(MAX_BATCH, max(self._before, self._peak))

    def seen(self, outstanding: int) -> None:
        """So many callers are waiting for an answer now."""
        self._peak = max(self._peak, outstanding)

    def left(self, outstanding: int) -> None:
        """A request left: what was expected of the time before it is forgotten with the next."""
        self._before, self._peak = self._peak, outstanding
