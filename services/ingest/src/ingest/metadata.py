"""What is known of a call, from several sources of which the earlier is believed."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from common.model import CallMetadata
from pydantic import Field, StringConstraints, ValidationError

MOST_EXTRA, LONGEST_EXTRA = 50, 1000  # items, characters
LONGEST_NAME = 255  # characters of a file's name
TRACE = ("traceparent", "tracestate")
"""What a sidecar says of the upload's trace and not of the call, as W3C's Trace Context names it."""


Extra = Annotated[
    dict[
        Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_EXTRA, pattern=r"^[^\x00]+$")],
        Annotated[str, StringConstraints(max_length=LONGEST_EXTRA)],
    ],
    Field(max_length=MOST_EXTRA),
]
"""What a caller may say of a call beside the fields that are known; a document's names hold no NUL."""


class Told(CallMetadata):
    """What a caller says of a call, who is told of what cannot be kept; from elsewhere it is left out."""

    extra: Extra = Field(default_factory=dict)

    @property
    def metadata(self) -> CallMetadata:
        """The call's own; what its recording is called, its file says."""
        known = set(CallMetadata.model_fields) - {"filename"}
        return in_utc(CallMetadata(**self.model_dump(include=known)))


_FOLDERS = re.compile(r"^.*[/\\]", re.DOTALL)


def in_name(name: str, pattern: re.Pattern[str] | None) -> dict[str, str]:
    """What a file's name says: itself without its folders, and the named groups of the operator's pattern."""
    filename = _FOLDERS.sub("", name)[:LONGEST_NAME]
    found = pattern.search(filename) if pattern else None
    said = {"filename": filename} | (found.groupdict() if found else {})
    return {field: value for field, value in said.items() if value}


def trace_in(fields: Mapping[str, Any]) -> dict[str, str]:
    """The trace of the upload itself, where a sidecar carries it."""
    return {name: fields[name] for name in TRACE if isinstance(fields.get(name), str)}


def merged(first: CallMetadata, *others: Mapping[str, Any]) -> CallMetadata:
    """Everything known; where several know, the earlier one is believed."""
    known = first.model_copy(update={"extra": _texts(first.extra)})
    for other in others:
        later = metadata(other)
        gaps = {name: value for name, value in later if name != "extra" and getattr(known, name) is None}
        known = known.model_copy(update=gaps | {"extra": later.extra | known.extra})
    return known.model_copy(update={"extra": dict(list(known.extra.items())[:MOST_EXTRA])})


def ignored(given: CallMetadata, kept: CallMetadata) -> tuple[str, ...]:
    """Which of the *given* fields a call that is there already has otherwise, or not at all."""
    return tuple(name for name, value in given if value and not _is_kept(value, getattr(kept, name)))


def _is_kept(value: Any, kept: Any) -> bool:
    match value, kept:
        case datetime(), datetime():
            return abs(value - kept) < timedelta(milliseconds=1)  # what MongoDB keeps of an instant
        case dict(), dict():
            return value.items() <= kept.items()
        case _:
            return bool(value == kept)


def metadata(fields: Mapping[str, Any]) -> CallMetadata:
    """Metadata from somebody else's fields: what does not fit ours is kept as ``extra``, never refused."""
    known: dict[str, Any] = {}
    extra = _texts(fields["extra"]) if isinstance(fields.get("extra"), Mapping) else {}
    for name, value in fields.items():
        if name in CallMetadata.model_fields and name != "extra" and _fits(name, value):
            known[name] = value
        elif name not in ("extra", *TRACE):
            extra |= _texts({name: value})
    return in_utc(CallMetadata(**known, extra=dict(list(extra.items())[:MOST_EXTRA])))


def in_utc(known: CallMetadata) -> CallMetadata:
    """A start without a zone is taken as UTC."""
    at = known.started_at
    return (
        known if at is None or at.tzinfo else known.model_copy(update={"started_at": at.replace(tzinfo=UTC)})
    )


def _fits(name: str, value: object) -> bool:
    try:
        CallMetadata.model_validate({name: value})
    except ValidationError:
        return False
    return True


def _texts(fields: Mapping[str, Any]) -> dict[str, str]:
    """Texts and numbers as texts; None, nested things and NUL have no place in ``extra``."""
    named = {str(name).replace("\0", "")[:LONGEST_EXTRA]: value for name, value in fields.items()}
    return {
        name: str(value)[:LONGEST_EXTRA]
        for name, value in named.items()
        if name and isinstance(value, str | int | float | bool)
    }
