"""Instants that something of ours can have: every database can keep them, in every zone."""

from datetime import UTC, datetime
from typing import Final

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)


def within(at: datetime) -> datetime:
    """The same instant; one without a zone is UTC's.

    Raises:
        ValueError: it lies outside ``EARLIEST`` to ``LATEST``.
    """
    known = at if at.tzinfo else at.replace(tzinfo=UTC)
    if not EARLIEST <= known < LATEST:
        raise ValueError(f"lies outside the years {EARLIEST.year} to {LATEST.year - 1}")
    return at
