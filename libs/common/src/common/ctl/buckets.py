"""Create buckets, and let one tell a queue of its new objects, as often as asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

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


def _object_created(queue: str, prefix: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"QueueArn": queue, "Events": ["s3:ObjectCreated:*"]}
    if prefix:
        rule["Filter"] = {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}}
    return {"QueueConfigurations": [rule]}


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def _status(error: ClientError) -> int:
    return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
