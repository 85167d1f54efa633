"""What each workload may do on AWS, and nothing more."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from common.pipeline import ANALYZE, EMBED, INGEST, PIPELINE, TRANSCRIBE, Stage, next_stage
from common.vectors.settings import OF_BEDROCK

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Policy:
    """What one workload may do; ``is_ours`` where a service account of ours is called like it."""

    purpose: str
    statements: tuple[Json, ...]
    is_ours: bool = True


def logical(name: str, kind: str) -> str:
    """A resource's name in the template."""
    return name.title().replace("-", "") + kind


def arn_of(service: str, name: str) -> Json:
    """The ARN of something in this account and region; *name* may hold parameters."""
    return {"Fn::Sub": "arn:${AWS::Partition}:" + service + ":${AWS::Region}:${AWS::AccountId}:" + name}


def _allow(sid: str, actions: str, *resources: Json) -> Json:
    """*actions* are those of one service: ``sqs: SendMessage GetQueueUrl``."""
    service, _, names = actions.partition(": ")
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": [f"{service}:{name}" for name in names.split()],
        "Resource": [*resources],
    }


def _queue(stage: Stage) -> Json:
    return {"Fn::GetAtt": [logical(stage.name, "Queue"), "Arn"]}


def _dead(stage: Stage) -> Json:
    return {"Fn::GetAtt": [logical(stage.name, "DeadLetters"), "Arn"]}


def _objects(bucket: str) -> Json:
    return {"Fn::Sub": "${" + logical(bucket, "Bucket") + ".Arn}/*"}


def _bucket(bucket: str) -> Json:
    return {"Fn::GetAtt": [logical(bucket, "Bucket"), "Arn"]}


def _drain(stage: Stage) -> tuple[Json, ...]:
    """Take from a queue, and reject to its dead-letter queue."""
    return (
        _allow("Drain", "sqs: ReceiveMessage DeleteMessage ChangeMessageVisibility", _queue(stage)),
        _allow("Reject", "sqs: SendMessage", _dead(stage)),
    )


def _look(stages: Iterable[Stage]) -> Json:
    """See how queues are set up and how full they are; dead-letter queues are found by their names."""
    both = (arn for stage in stages for arn in (_queue(stage), _dead(stage)))
    return _allow("Look", "sqs: GetQueueAttributes GetQueueUrl", *both)


def _announce(stages: Iterable[Stage]) -> Json:
    return _allow("Announce", "sqs: SendMessage", *map(_queue, stages))


def _stage(stage: Stage, *more: Json) -> tuple[Json, ...]:
    following = next_stage(stage)
    told = [following] if following else []
    return (*_drain(stage), _look([stage, *told]), *([_announce(told)] if told else []), *more)


def _search(actions: str) -> Json:
    return _allow("Search", f"es: {actions}", arn_of("es", "domain/${OpenSearchDomain}/*"))


# Asked only where EMBEDDING_PROVIDER=bedrock; the models are AWS's, so their names hold no account.
_EMBED: Final = _allow(
    "Embed",
    "bedrock: InvokeModel",
    *(
        {"Fn::Sub": "arn:${AWS::Partition}:bedrock:${AWS::Region}::foundation-model/" + model}
        for model in OF_BEDROCK
    ),
)

# Who may list a bucket is told that an object is missing; others only that they may not read it.
_READ_AUDIO: Final = (
    _allow("ReadRecordings", "s3: GetObject GetObjectVersion", _objects("audio")),
    _allow("KnowMissing", "s3: ListBucket", _bucket("audio"), _bucket("transcripts")),
)

_ERASE: Final = (
    _allow("Erase", "s3: DeleteObject DeleteObjectVersion", _objects("audio"), _objects("transcripts")),
    _allow("FindVersions", "s3: ListBucketVersions", _bucket("audio"), _bucket("transcripts")),
)

POLICIES: Final[Mapping[str, Policy]] = {
    "ingest": Policy(
        "Takes uploads; splits notices of several onto its own queue; announces again what got stuck; erases",
        (*_drain(INGEST), _look(PIPELINE), _announce(PIPELINE), *_READ_AUDIO, *_ERASE),
    ),
    "ingest-api": Policy(
        "Stores what is uploaded and hands it in; announces a redo; signs links to recordings; erases",
        (
            _announce(PIPELINE),
            _look(PIPELINE),
            _allow("Store", "s3: PutObject AbortMultipartUpload ListMultipartUploadParts", _objects("audio")),
            *_READ_AUDIO,
            *_ERASE,
            _search("ESHttpGet ESHttpHead ESHttpPost ESHttpPut"),
            _EMBED,
        ),
    ),
    "transcriber": Policy(
        "Reads recordings, and transcripts made elsewhere; writes transcripts",
        _stage(TRANSCRIBE, *_READ_AUDIO, _allow("Write", "s3: PutObject", _objects("transcripts"))),
    ),
    "analyzer": Policy("Needs its queues only", _stage(ANALYZE)),
    "embedder": Policy(
        "Needs its queue, the index, and Bedrock's models",
        _stage(EMBED, _search("ESHttpGet ESHttpHead ESHttpPost ESHttpPut"), _EMBED),
    ),
    "pipelinectl": Policy(
        "An operator at work: looks at every queue, redrives and empties dead-letter queues, reindexes",
        (
            _search("ESHttpDelete ESHttpGet ESHttpHead ESHttpPost ESHttpPut"),
            _look(PIPELINE),
            _announce(PIPELINE),
            _allow(
                "Redrive",
                "sqs: ReceiveMessage DeleteMessage ChangeMessageVisibility"
                " StartMessageMoveTask ListMessageMoveTasks CancelMessageMoveTask",
                *map(_dead, PIPELINE),
            ),
            _allow("FindBuckets", "s3: ListBucket", _bucket("audio"), _bucket("transcripts")),
        ),
    ),
    "secrets": Policy(
        "For the role of External Secrets' operator: reads what the workloads are told in confidence",
        (
            _allow(
                "Read",
                "secretsmanager: DescribeSecret GetSecretValue",
                arn_of("secretsmanager", "secret:${Prefix}/*"),
            ),
        ),
        is_ours=False,
    ),
    "keda": Policy(
        "For the role of KEDA's operator: how many messages there are",
        (_allow("Count", "sqs: GetQueueAttributes", *map(_queue, PIPELINE)),),
        is_ours=False,
    ),
}
