"""SQS and S3 on MiniStack, and the queues, buckets and notifications that any such pair of servers is given.

The functions take open clients and names, so they prepare real servers as well; each may be repeated.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from onebox.process import LOOPBACK, Command

DLQ_SUFFIX = "-dlq"
QUEUE_ATTRIBUTES: Mapping[str, str] = {"VisibilityTimeout": "60"}
DLQ_ATTRIBUTES: Mapping[str, str] = {"MessageRetentionPeriod": str(14 * 24 * 3600)}
MAX_RECEIVE_COUNT = 20
OLDEST_REGION = "us-east-1"
_NOT_OFFERED = {"NotImplemented", "MethodNotAllowed", "XNotImplemented", "501"}


@dataclass(frozen=True, slots=True)
class Notified:
    """The bucket tells the queue of every object created under the prefix."""

    bucket: str
    queue_arn: str


@dataclass(frozen=True, slots=True)
class NotOffered:
    """This S3 server cannot tell a queue of new objects; somebody else has to send `call.uploaded`."""

    bucket: str
    reason: str


def ministack(data_dir: Path, port: int) -> Command:
    """The command for an SQS and S3 server that writes its state to `data_dir` when told to stop."""
    return Command(
        name="ministack",
        argv=(sys.executable, "-m", "ministack"),
        ready=f"http://{LOOPBACK}:{port}/_ministack/health",
        log=data_dir / "ministack.log",
        env={
            "BIND_HOST": LOOPBACK,
            "MINISTACK_HOST": LOOPBACK,
            "GATEWAY_PORT": str(port),
            "SERVICES": "sqs,s3",
            "LOG_LEVEL": "WARNING",
            "PERSIST_STATE": "1",
            "S3_PERSIST": "1",
            "STATE_DIR": str(data_dir / "state"),
            "S3_DATA_DIR": str(data_dir / "s3"),
            "TMPDIR": str(data_dir),
        },
    )


async def create_queues(sqs: Any, queues: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Create each queue with its dead-letter queue, and return the URLs of the queues by name.

    The attributes given for a queue win over the defaults; a queue that exists is brought to the same
    attributes, so a changed setting takes effect.
    """
    return {name: await _create_pair(sqs, name, attributes) for name, attributes in queues.items()}


async def queue_arn(sqs: Any, url: str) -> str:
    """Return the ARN of a queue, as redrive policies and notifications name it."""
    answer = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])


async def create_buckets(s3: Any, names: Iterable[str]) -> None:
    """Create each bucket that is not there yet, in the client's region."""
    region = s3.meta.region_name
    # S3 refuses its oldest region spelled out, and wants every other one to be.
    where = {} if region == OLDEST_REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    for name in names:
        try:
            await s3.create_bucket(Bucket=name, **where)
        except ClientError as error:
            if _code(error) != "BucketAlreadyOwnedByYou":
                raise


async def notify(s3: Any, bucket: str, queue: str, prefix: str = "") -> Notified | NotOffered:
    """Have the bucket send ObjectCreated events under the prefix to the queue with this ARN."""
    try:
        await s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration=_object_created(queue, prefix)
        )
    except ClientError as error:
        if _code(error) not in _NOT_OFFERED and _status(error) != 501:  # noqa: PLR2004 - HTTP's own number
            raise
        return NotOffered(bucket, str(error))
    return Notified(bucket, queue)


async def _create_pair(sqs: Any, name: str, attributes: Mapping[str, str]) -> str:
    fifo = ".fifo" if name.endswith(".fifo") else ""
    kind = {"FifoQueue": "true"} if fifo else {}
    dlq = await _create(sqs, name.removesuffix(fifo) + DLQ_SUFFIX + fifo, DLQ_ATTRIBUTES, kind)
    redrive = _redrive_policy(await queue_arn(sqs, dlq))
    return await _create(sqs, name, {**QUEUE_ATTRIBUTES, **redrive, **attributes}, kind)


async def _create(sqs: Any, name: str, attributes: Mapping[str, str], kind: Mapping[str, str]) -> str:
    """Look first: CreateQueue refuses a queue that exists with other attributes."""
    try:
        url: str = (await sqs.get_queue_url(QueueName=name))["QueueUrl"]
    except sqs.exceptions.QueueDoesNotExist:
        url = (await sqs.create_queue(QueueName=name, Attributes={**kind, **attributes}))["QueueUrl"]
    else:
        await sqs.set_queue_attributes(QueueUrl=url, Attributes=dict(attributes))
    return url


def _redrive_policy(dlq_arn: str) -> dict[str, str]:
    policy = {"deadLetterTargetArn": dlq_arn, "maxReceiveCount": MAX_RECEIVE_COUNT}
    return {"RedrivePolicy": json.dumps(policy)}


def _object_created(queue: str, prefix: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"QueueArn": queue, "Events": ["s3:ObjectCreated:*"]}
    if prefix:
        rule["Filter"] = {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}}
    return {"QueueConfigurations": [rule]}


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def _status(error: ClientError) -> int:
    return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
