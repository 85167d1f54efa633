"""What a user says about queues and retries."""

from .queue import RedrivePolicy, SQSQueue
from .retry import ConstantRetry, ExponentialRetry, LinearRetry, RetryPolicy

__all__ = ("ConstantRetry", "ExponentialRetry", "LinearRetry", "RedrivePolicy", "RetryPolicy", "SQSQueue")
