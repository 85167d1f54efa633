"""The pipeline, at a glance: four stages in a line, with their queues and events."""

from dataclasses import dataclass
from typing import Final

from faststream_sqs import SQSQueue

from common.events import CallAnalyzed, CallIngested, CallTranscribed, CallUploaded, Event

VISIBILITY_TIMEOUT: Final = 60  # seconds; kept alive by the heartbeat, so a crash costs a minute
MAX_RECEIVE_COUNT: Final = 20  # our own attempt counts per cause decide what is terminal, long before this

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
    """One consumer: its queue, the event it takes, the one it announces, a call's status meanwhile."""

    service: str
    queue: SQSQueue
    consumes: type[Event]
    announces: type[Event] | None
    doing: str
    done: str

    @property
    def name(self) -> str:
        """The verb: the name of the queue and of the handler."""
        return self.queue.name


def _queue(name: str) -> SQSQueue:
    return SQSQueue(name, visibility_timeout=VISIBILITY_TIMEOUT)


INGEST = Stage("ingest", _queue("ingest"), CallUploaded, CallIngested, "uploaded", "uploaded")
TRANSCRIBE = Stage(
    "transcriber", _queue("transcribe"), CallIngested, CallTranscribed, "transcribing", "transcribed"
)
ANALYZE = Stage("analyzer", _queue("analyze"), CallTranscribed, CallAnalyzed, "analyzing", "analyzed")
EMBED = Stage("embedder", _queue("embed"), CallAnalyzed, None, "embedding", "completed")

PIPELINE: Final = (INGEST, TRANSCRIBE, ANALYZE, EMBED)


def dead_letter_name(queue: str) -> str:
    """The name of a queue's dead-letter queue."""
    return f"{queue}-dlq"


def next_stage(stage: Stage) -> Stage | None:
    """The stage that takes what *stage* announces."""
    return next((later for later in PIPELINE if later.consumes is stage.announces), None)
