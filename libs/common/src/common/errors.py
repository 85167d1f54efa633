"""Two kinds of failure, and how a client library's exceptions become one of them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime


class PipelineError(Exception):
    """A failure with a reason code that a person understands and no personal data in its text."""

    default_reason = "internal_error"

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason or self.default_reason


class Transient(PipelineError):
    """Trying again later may succeed: leave the message for another delivery."""

    default_reason = "unavailable"

    def __init__(self, message: str, *, reason: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, reason=reason)
        self.retry_after = retry_after
        """Seconds to wait before the next delivery; None leaves it to the queue's back-off."""


class Claimed(Transient):
    """Another worker is at this very work: no fault of the message, which comes back later."""

    default_reason = "claimed"


class Parked(PipelineError):
    """The call has to wait, for longer than a message can: it is announced again when ``until`` has come."""

    default_reason = "parked"

    def __init__(self, message: str, *, until: datetime, reason: str | None = None) -> None:
        super().__init__(message, reason=reason)
        self.until = until


class Erased(PipelineError):
    """The call was erased while this was on its way: there is nothing to be done, now or later."""

    default_reason = "erased"


class Permanent(PipelineError):
    """Trying again cannot succeed: send the message to the dead-letter queue."""


@contextmanager
def raising(what: str, mapping: Mapping[type[Exception], type[PipelineError]]) -> Iterator[None]:
    """Translate a client library's exceptions into ours at the edge where they occur.

    The first class of *mapping* that fits wins, so put the narrow ones first. The text of the original never
    enters ours (it may quote a request); it stays reachable as ``__cause__``.
    """
    try:
        yield
    except tuple(mapping) as error:
        ours = next(ours for theirs, ours in mapping.items() if isinstance(error, theirs))
        raise ours(f"{what}: {type(error).__name__}") from error
