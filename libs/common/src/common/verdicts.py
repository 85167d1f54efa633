"""What a failure means: its reason code, whether it ends the call, and what may be said of it."""

from datetime import datetime, timedelta
from json import JSONDecodeError
from typing import Final, Protocol

from pydantic import ValidationError

from common.errors import Permanent, PipelineError, Transient

UNKNOWN = "internal_error"
MAX_UNKNOWN_ERRORS = 5  # a bug met five times is not going to go away
MAX_BAD_ANSWERS = 3  # each of them is paid for
PARKED_FOR: Final = timedelta(minutes=15)  # then the call is announced again, with twenty new deliveries
OUTAGES: Final = frozenset(
    {
        "index_missing",
        "index_unavailable",
        "provider_busy",
        "provider_denied",
        "provider_quota",
        "provider_unavailable",
        "storage_unavailable",
        "unavailable",
    }
)
"""Reasons that say something of a server and nothing of the call."""


class Past(Protocol):
    """What is known of a call's earlier attempts."""

    @property
    def deliveries(self) -> int:
        """How often the message was delivered, this time included."""
        ...

    @property
    def is_last(self) -> bool:
        """Whether the queue gives the message up if this delivery fails."""
        ...

    @property
    def known(self) -> bool:
        """Whether the call has a journal yet."""
        ...

    @property
    def first_seen(self) -> datetime | None:
        """When the call's journal was begun; None where it has none."""
        ...

    def failures(self, reason: str) -> int:
        """How often this stage has failed for this reason before."""
        ...


def verdict(error: Exception, past: Past) -> tuple[str, bool]:
    """The reason code of a failure, and whether it ends the call: the last delivery always does."""
    reason, final = _verdict(error, past)
    return reason, final or past.is_last


def parked_until(error: Exception, past: Past, now: datetime, deadline: timedelta) -> datetime | None:
    """When a call is to be announced again that a server's outage would end; None where it does end.

    Only the last delivery is at stake, and only until the call is older than *deadline*.
    """
    if not (past.is_last and isinstance(error, Transient) and error.reason in OUTAGES):
        return None
    young = past.first_seen is not None and now - past.first_seen < deadline
    return now + PARKED_FOR if young else None


def _verdict(error: Exception, past: Past) -> tuple[str, bool]:
    if isinstance(error, Transient):
        nonsense = error.reason == "provider_answer" and past.failures(error.reason) + 1 >= MAX_BAD_ANSWERS
        return error.reason, nonsense
    if isinstance(error, Permanent):
        return error.reason, True
    if isinstance(error, ValidationError | JSONDecodeError | UnicodeDecodeError):
        return "invalid_message", True
    if isinstance(error, TimeoutError):
        return "timeout", False
    met = past.failures(UNKNOWN) + 1 if past.known else past.deliveries
    return UNKNOWN, met >= MAX_UNKNOWN_ERRORS


def told(error: Exception) -> str:
    """What the journal may say of it: an unknown error's text, or a bad value, could be a caller's words.

    Whoever handed the call in reads it, too, to whom no name of a class says anything: those are logged.
    """
    match error:
        case PipelineError():
            cause = f": {type(error.__cause__).__name__}"
            text = str(error)
            return f"{text.removesuffix(cause)} failed" if text.endswith(cause) else text
        case ValidationError():
            details = error.errors(include_input=False, include_url=False, include_context=False)
            return "invalid: " + ", ".join(".".join(map(str, one["loc"])) for one in details)
        case JSONDecodeError() | UnicodeDecodeError():
            return "the message cannot be read"
        case TimeoutError():
            return "it took longer than it may"
        case _:
            return "a fault of ours, which is logged"
