"""Cursors: opaque to clients, a place in an answer to us; one that was changed is none of ours."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from hashlib import sha256
from typing import Any

from common.instants import within
from common.journal import Entry, Page

from ingest.problems import Problem


def cursor_after(entry: Entry) -> str:
    """The cursor of the page that follows *entry*."""
    return _encoded(f"{entry.created_at.isoformat()} {entry.id}")


def page_after(cursor: str) -> Page:
    """The page that a cursor names.

    Raises:
        Problem: 400, it is none of ours.
    """
    try:
        at, _, last = _decoded(cursor).partition(" ")
        page = Page(within(datetime.fromisoformat(at)), last)
    except ValueError:
        raise _bad() from None
    if page.created_at.tzinfo is None or not page.id:
        raise _bad()
    return page


def cursor_at(place: Any, asked: str) -> str:
    """A cursor to a *place*, any JSON, in the answer to what is *asked* and to nothing else."""
    return _encoded(json.dumps([place, _seal(place, asked)], separators=(",", ":")))


def place_at(cursor: str, asked: str) -> Any:
    """The place that a cursor names in the answer to *asked*.

    Raises:
        Problem: 400, it is none that we gave for this question.
    """
    try:
        place, seal = json.loads(_decoded(cursor))
    except (TypeError, ValueError, RecursionError):
        raise _another() from None
    if seal != _seal(place, asked) or cursor != cursor_at(place, asked):
        raise _another()
    return place


def _seal(place: Any, asked: str) -> str:
    return sha256(json.dumps([place, asked]).encode()).hexdigest()[:20]


def _encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decoded(cursor: str) -> str:
    """The text of a cursor; ValueError if it has none."""
    try:
        return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except binascii.Error as error:
        raise ValueError from error


def _bad() -> Problem:
    return Problem(400, "This cursor is not one we gave; leave it out to start from the newest call.")


def _another() -> Problem:
    return Problem(
        400,
        "This cursor is not one we gave for this very question; leave it out to start from the beginning,"
        " and change nothing but 'cursor' from page to page.",
    )
