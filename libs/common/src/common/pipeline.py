"""The pipeline, at a glance: four stages in a line, with their queues and events."""

from dataclasses import dataclass
from typing import Final

from faststream_sqs import SQSQueue

from common.events import CallAnalyzed, CallIngested, CallTranscribed, CallUploaded, Event

VISIBILITY_TIMEOUT: Final = 60  # seconds; kept alive by the heartbeat, so a crash costs a minute
MAX_RECEIVE_COUNT: Final = 20  # our own attempt counts per cause decide what is terminal, long before this
RETENTION: Final = 4 * 24 * 3600  # seconds a message waits for its stage
DEAD_LETTER_RETENTION: Final = 14 * 24 * 3600  # seconds; SQS's most, counted from when it was first sent
CLOSING: Final = 15  # seconds of a stage's grace kept for what follows the drain

STATUSES: Final = (
    "uploaded",
    "transcribing",
    "transcribed",
    "analyzing",
    "analyzed",
    "embedding",
    "completed",
)
"""A call's status only ever moves to the right; ``failed`` stands beside it."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One consumer: its queue, the event it takes, the one it announces, a call's status meanwhile.

    ``grace`` is how many seconds a platform leaves it between SIGTERM and SIGKILL: the longest single call
    to a provider and a margin. What is finished of a call is kept, so it need not last as long as a handler.
    """

    service: str
    queue: SQSQueue
    consumes: type[Event]
    announces: type[Event] | None
    doing: str
    done: str
    grace: int

    @property
    def drain(self) -> int:
        """``DRAIN_SECONDS`` on that platform: over before its grace is, so that SIGKILL never decides."""
        return self.grace - CLOSING

    @property
    def name(self) -> str:
        """The verb: the name of the queue and of the handler."""
        return self.queue.name


@dataclass(frozen=True, slots=True)
class Door:
    """The API where ingest's own pods drain the queue: how it stops, in seconds, one after the other.

    ``forgotten``: until the platform's balancer sends nothing new. ``uploads``: what is being handed in may
    finish, the HTTP server's ``UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN``.
    """

    grace: int
    forgotten: int
    uploads: int

    @property
    def drain(self) -> int:
        """``DRAIN_SECONDS``: what is left, for a broker that holds no message."""
        return self.grace - self.forgotten - self.uploads - CLOSING


def _queue(name: str) -> SQSQueue:
    return SQSQueue(name, visibility_timeout=VISIBILITY_TIMEOUT)


INGEST = Stage("ingest", _queue("ingest"), CallUploaded, CallIngested, "uploaded", "uploaded", 60)
TRANSCRIBE = Stage(
    "transcriber", _queue("transcribe"), CallIngested, CallTranscribed, "transcribing", "transcribed", 150
)
ANALYZE = Stage("analyzer", _queue("analyze"), CallTranscribed, CallAnalyzed, "analyzing", "analyzed", 180)
EMBED = Stage("embedder", _queue("embed"), CallAnalyzed, None, "embedding", "completed", 90)

DOOR: Final = Door(grace=60, forgotten=5, uploads=30)

PIPELINE: Final = (INGEST, TRANSCRIBE, ANALYZE, EMBED)


def dead_letter_name(queue: str) -> str:
    """The name of a queue's dead-letter queue."""
    return f"{queue}-dlq"


def next_stage(stage: Stage) -> Stage | None:
    """The stage that takes what *stage* announces."""
    return next((later for later in PIPELINE if later.consumes is stage.announces), None)
