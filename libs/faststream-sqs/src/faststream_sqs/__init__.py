"""Amazon SQS for FastStream: batched, lease-aware, careful."""

from .annotations import SQSBatchMessage, SQSMessage
from .asgi import make_sqs_health_asgi
from .aws_lambda import LambdaHandler, make_lambda_handler
from .broker.broker import SQSBroker
from .broker.router import SQSPublisher, SQSRoute, SQSRouter
from .claim_check import S3ClaimCheck, S3ClientProto
from .engine.recorder import Recorder
from .engine.sent import SendResult
from .envelope import Envelope, EventBridgeEvent, S3Event, S3Record, SNSNotification, Unwrapped
from .exceptions import (
    BatchFailure,
    BatchPublishError,
    ClaimCheckError,
    ClaimCheckUnavailableError,
    FifoParameterError,
    InvalidBodyError,
    LeaseLostError,
    MessageTooLargeError,
    QueueMismatchError,
    QueueNotFoundError,
    ReplyLostError,
    SettleError,
    SQSAccessError,
    SQSError,
    SQSRequestError,
    SQSUnavailableError,
    TooManyAttributesError,
)
from .fake import FakeSQS
from .response import SQSPublishCommand, SQSResponse
from .schemas import (
    ConstantRetry,
    ExponentialRetry,
    FifoQueue,
    LeaveInvisible,
    LinearRetry,
    ProcessQueue,
    RedriveAllowPolicy,
    RedrivePolicy,
    RetryPolicy,
    SQSQueue,
)
from .testing import TestSQSBroker

__all__ = (
    "BatchFailure",
    "BatchPublishError",
    "ClaimCheckError",
    "ClaimCheckUnavailableError",
    "ConstantRetry",
    "Envelope",
    "EventBridgeEvent",
    "ExponentialRetry",
    "FakeSQS",
    "FifoParameterError",
    "FifoQueue",
    "InvalidBodyError",
    "LambdaHandler",
    "LeaseLostError",
    "LeaveInvisible",
    "LinearRetry",
    "MessageTooLargeError",
    "ProcessQueue",
    "QueueMismatchError",
    "QueueNotFoundError",
    "Recorder",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "ReplyLostError",
    "RetryPolicy",
    "S3ClaimCheck",
    "S3ClientProto",
    "S3Event",
    "S3Record",
    "SNSNotification",
    "SQSAccessError",
    "SQSBatchMessage",
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
    "SendResult",
    "SettleError",
    "TestSQSBroker",
    "TooManyAttributesError",
    "Unwrapped",
    "make_lambda_handler",
    "make_sqs_health_asgi",
)
