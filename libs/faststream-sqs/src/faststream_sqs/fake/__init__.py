"""A strict SQS in memory, for tests and benchmarks; `python -m faststream_sqs.fake` serves it over HTTP."""

from .faults import Fault, refusal
from .queue import StoredMessage, StoredQueue
from .sqs import FakeSQS

__all__ = ("FakeSQS", "Fault", "StoredMessage", "StoredQueue", "refusal")
