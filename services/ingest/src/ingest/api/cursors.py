"""Cursors into the list of calls: opaque to clients, a page of the journal to us."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

from common.journal import Entry, Page

from ingest.problems import Problem


def cursor_after(entry: Entry) -> str:
    """The cursor of the page that follows *entry*."""
    return urlsafe_b64encode(f"{entry.created_at.isoformat()} {entry.id}".encode()).decode().rstrip("=")


def page_after(cursor: str) -> Page:
    """The page that a cursor names.

    Raises:
        Problem: 400, it is none of ours.
    """
    try:
        at, _, last = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(" ")
        page = Page(datetime.fromisoformat(at), last)
    except (binascii.Error, ValueError):
        raise _bad() from None
    if page.created_at.tzinfo is None or not page.id:
        raise _bad()
    return page


def _bad() -> Problem:
    return Problem(400, "This cursor is not one we gave; leave it out to start from the newest call.")
