"""What a user says about queues and retries."""

from .queue import FifoQueue, ProcessQueue, RedriveAllowPolicy, RedrivePolicy, SQSQueue
from .retry import ConstantRetry, ExponentialRetry, LeaveInvisible, LinearRetry, RetryPolicy

__all__ = (
    "ConstantRetry",
    "ExponentialRetry",
    "FifoQueue",
    "LeaveInvisible",
    "LinearRetry",
    "ProcessQueue",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "RetryPolicy",
    "SQSQueue",
)
