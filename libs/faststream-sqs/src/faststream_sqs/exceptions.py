"""What goes wrong, each with its cause and its remedy."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from faststream.exceptions import FastStreamException

from .engine.client import AccessDeniedError, CallError, QueueGoneError, TransientCallError
from .engine.settlement import LeaseGoneError


class SQSError(FastStreamException):
    """Anything this broker raises."""


class SQSUnavailableError(SQSError):
    """SQS was unreachable, answered 5xx or throttled; trying later may help."""


class SQSRequestError(SQSError):
    """SQS refused a request; trying again will not help."""


class SQSAccessError(SQSRequestError):
    """These credentials may not do this; the message names the right to grant."""


class QueueNotFoundError(SQSRequestError):
    """The queue does not exist."""

    def __init__(self, queue: str) -> None:
        super().__init__(
            f"queue {queue!r} does not exist: create it, name its place in SQSBroker(queue_urls=...), "
            "or let the broker create it with SQSQueue(declare=True) or on_missing_queue='create'"
        )


class QueueMismatchError(SQSError):
    """A queue is not as declared."""


class InvalidBodyError(SQSError):
    """A received body is not what its attributes say."""


class MessageTooLargeError(SQSError):
    """A message exceeds SQS's mebibyte; store the content elsewhere and send a reference."""


class TooManyAttributesError(SQSError):
    """A message needs more than SQS's ten attributes; use headers='auto'."""


class FifoParameterError(SQSError):
    """A FIFO queue needs a group id, and takes no delay per message."""


class LeaseLostError(SQSError):
    """SQS took the message back before it was settled; it will be delivered again."""


class SettleError(SQSError):
    """A handler named messages its batch does not hold: nothing of the batch was acknowledged."""


class ReplyLostError(SQSError):
    """No reply will come: the broker was stopped while it was awaited."""


class ClaimCheckError(SQSError):
    """A body in S3 cannot be had, and trying again will not help."""


class ClaimCheckUnavailableError(ClaimCheckError):
    """S3 did not answer, or refused for now; trying later may help."""


class BatchFailure(SQSError):
    """Raised by a batch handler: these messages failed, by message id, and all others are done."""

    def __init__(self, failures: Mapping[str, BaseException]) -> None:
        self.failures = dict(failures)
        causes = sorted({type(error).__name__ for error in self.failures.values()})
        super().__init__(f"{len(self.failures)} messages of the batch failed: {', '.join(causes)}")


class BatchPublishError(SQSError):
    """Some messages of a batch were not sent; `failed` says which, by position."""

    def __init__(self, failed: Mapping[int, Exception]) -> None:
        self.failed = dict(failed)
        first = next(iter(self.failed.values()))
        super().__init__(f"messages {sorted(self.failed)} of the batch were not sent: {first}")


@contextmanager
def public_errors(queue: str) -> Iterator[None]:
    """Raise this package's errors in place of the engine's."""
    try:
        yield
    except (CallError, LeaseGoneError) as error:
        raise public_error(queue, error) from error


def public_error(queue: str, error: CallError | LeaseGoneError) -> SQSError:
    """This package's error for one of the engine's."""
    match error:
        case QueueGoneError():
            return QueueNotFoundError(queue)
        case TransientCallError():
            return SQSUnavailableError(str(error))
        case AccessDeniedError():
            return SQSAccessError(str(error))
        case CallError():
            return SQSRequestError(str(error))
        case _:
            return LeaseLostError(f"{error} was taken back before it was settled")
