"""What each workload may do to queues and buckets, as far as that can be asked without doing it."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from common.pipeline import ANALYZE, EMBED, INGEST, PIPELINE, TRANSCRIBE, Stage, dead_letter_name, next_stage

Actions = frozenset[str]
Rights = Mapping[str, Actions]
"""Actions as IAM calls them, by what they are done to: a queue's name in the pipeline, a bucket's purpose."""

SEND: Final[Actions] = frozenset({"sqs:SendMessage"})
SETTLE: Final[Actions] = frozenset({"sqs:DeleteMessage", "sqs:ChangeMessageVisibility"})
FIND: Final[Actions] = frozenset({"s3:ListBucket"})
READ: Final[Actions] = frozenset({"s3:GetObject"})
WRITE: Final[Actions] = frozenset({"s3:PutObject"})
ERASE: Final[Actions] = frozenset({"s3:DeleteObject"})


@dataclass(frozen=True, slots=True)
class Workload:
    """Who is examined, and what it has to be allowed; whatever *may* does not name is not its business."""

    name: str
    may: Rights


def workload(*names: str) -> Workload:
    """One process may be several workloads, as the API that also drains the queue."""
    return Workload(" and ".join(names), _joined(*(RIGHTS[name] for name in names)))


def workload_of_this_image(environment: Mapping[str, str] = os.environ) -> Workload | None:
    """Whose image this is; None outside of one."""
    name = _APPLICATIONS.get(environment.get("UVICORN_APP", ""))
    return workload(name) if name else None


def _joined(*several: Rights) -> Rights:
    names = {name for rights in several for name in rights}
    return {name: frozenset().union(*(rights.get(name, frozenset()) for rights in several)) for name in names}


def _announces(stages: Iterable[Stage]) -> Rights:
    return {stage.name: SEND for stage in stages}


def _stage(stage: Stage) -> Rights:
    """Settle what it took, reject to its dead-letter queue, announce to the next stage."""
    following = next_stage(stage)
    told = _announces([following] if following else [])
    return _joined({stage.name: SETTLE, dead_letter_name(stage.name): SEND}, told)


_FINDS: Final[Rights] = {"audio": FIND, "transcripts": FIND}
_ERASES: Final[Rights] = {"audio": ERASE, "transcripts": ERASE}
_READS: Final[Rights] = _joined(_FINDS, {"audio": READ})

RIGHTS: Final[Mapping[str, Rights]] = {
    "ingest": _joined(_stage(INGEST), _announces(PIPELINE), _READS, _ERASES),
    "ingest-api": _joined(_announces(PIPELINE), _READS, _ERASES, {"audio": WRITE}),
    "transcriber": _joined(_stage(TRANSCRIBE), _READS, {"transcripts": WRITE}),
    "analyzer": _stage(ANALYZE),
    "embedder": _stage(EMBED),
    "pipelinectl": _joined(
        _announces(PIPELINE), _FINDS, {dead_letter_name(stage.name): SETTLE for stage in PIPELINE}
    ),
}
"""A contract test compares this with the roles that deploy/aws/queues.yaml makes."""

_APPLICATIONS: Final[Mapping[str, str]] = {
    "ingest.app:create_consumer": "ingest",
    "ingest.app:create_app": "ingest-api",
    "transcriber.app:create_app": "transcriber",
    "analyzer.app:create_app": "analyzer",
    "embedder.app:create_app": "embedder",
}
"""What images serve, by which they are told apart."""
