"""Amazon SQS for FastStream: batched, lease-aware, careful."""

from .annotations import SQSMessage
from .broker.broker import SQSBroker
from .broker.router import SQSPublisher, SQSRoute, SQSRouter
from .engine.recorder import Recorder
from .exceptions import (
    BatchPublishError,
    FifoParameterError,
    InvalidBodyError,
    LeaseLostError,
    MessageTooLargeError,
    QueueMismatchError,
    QueueNotFoundError,
    SQSError,
    SQSRequestError,
    SQSUnavailableError,
    TooManyAttributesError,
)
from .fake import FakeSQS
from .response import SQSPublishCommand, SQSResponse
from .schemas import ConstantRetry, ExponentialRetry, LinearRetry, RedrivePolicy, RetryPolicy, SQSQueue
from .testing import TestSQSBroker

__all__ = (
    "BatchPublishError",
    "ConstantRetry",
    "ExponentialRetry",
    "FakeSQS",
    "FifoParameterError",
    "InvalidBodyError",
    "LeaseLostError",
    "LinearRetry",
    "MessageTooLargeError",
    "QueueMismatchError",
    "QueueNotFoundError",
    "Recorder",
    "RedrivePolicy",
    "RetryPolicy",
    "SQSBroker",
    "SQSError",
    "SQSMessage",
    "SQSPublishCommand",
    "SQSPublisher",
    "SQSQueue",
    "SQSRequestError",
    "SQSResponse",
    "SQSRoute",
    "SQSRouter",
    "SQSUnavailableError",
    "TestSQSBroker",
    "TooManyAttributesError",
)
