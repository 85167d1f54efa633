"""Ask queues and buckets whether we may, with requests that do nothing."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from botocore.exceptions import ClientError

from common.ctl.findings import Finding, ok, wrong
from common.ctl.rights import Workload

NOTHING: Final = ".doctor/nothing"
"""A key under which there is no object, and never will be one."""

_DENIED = {"403", "InvalidClientTokenId", "SignatureDoesNotMatch"}
# A batch without entries is refused after its sender's rights were looked at; some look-alikes let it pass.
_EMPTY = ("EmptyBatchRequest", "MissingParameter", "InvalidParameterValue", "ValidationError")

Ask = Callable[[Any, str], Awaitable[bool]]
"""Whether a client may do something to the queue of this URL, or the bucket of this name."""


def code_of(error: Exception) -> str:
    """What a server called its refusal; nothing where no server answered."""
    return str(error.response["Error"].get("Code")) if isinstance(error, ClientError) else ""


def is_denied(error: Exception) -> bool:
    """Whether we were known, or not known, and not allowed."""
    code = code_of(error)
    return code in _DENIED or "AccessDenied" in code


async def allowed(
    client: Any, check: str, name: str, where: str, actions: frozenset[str], who: Workload
) -> list[Finding]:
    """Whether *who* may do all of that to *name*, whose address is *where*.

    Raises:
        ClientError, BotoCoreError, OSError: it could not be found out.
    """
    asked = sorted(actions & PROBES.keys())
    refused = [action for action in asked if not await PROBES[action](client, where)]
    if refused:
        denied = ", ".join(refused)
        remedy = f"allow it to the role of {who.name}, as deploy/aws/queues.yaml does"
        return [wrong(f"{check}.rights", f"{who.name} may not {denied} on {name}", remedy)]
    return [ok(f"{check}.rights", f"{who.name} may {', '.join(asked)}")] if asked else []


def _empty_batch(method: str) -> Ask:
    async def may(sqs: Any, url: str) -> bool:
        try:
            await getattr(sqs, method)(QueueUrl=url, Entries=[])
        except ClientError as error:
            if is_denied(error):
                return False
            if not code_of(error).endswith(_EMPTY):
                raise
        return True

    return may


async def _reads(s3: Any, bucket: str) -> bool:
    """A missing object is missing only to those who may read and list; to others it is forbidden."""
    try:
        await s3.head_object(Bucket=bucket, Key=NOTHING)
    except ClientError as error:
        if is_denied(error):
            return False
        if code_of(error) not in {"404", "NoSuchKey", "NotFound"}:
            raise
    return True


async def _writes(s3: Any, bucket: str) -> bool:
    """An upload that is begun and given up: no object comes into being, so nobody is notified of one."""
    try:
        begun = await s3.create_multipart_upload(Bucket=bucket, Key=NOTHING)
    except ClientError as error:
        if is_denied(error):
            return False
        raise
    with suppress(ClientError):  # whoever may not give it up leaves it to the bucket's lifecycle rule
        await s3.abort_multipart_upload(Bucket=bucket, Key=NOTHING, UploadId=begun["UploadId"])
    return True


async def _erases(s3: Any, bucket: str) -> bool:
    """What is not there is erased without a word, by those who may."""
    try:
        await s3.delete_object(Bucket=bucket, Key=NOTHING)
    except ClientError as error:
        if is_denied(error):
            return False
        raise
    return True


PROBES: Final[Mapping[str, Ask]] = {
    "sqs:SendMessage": _empty_batch("send_message_batch"),
    "sqs:DeleteMessage": _empty_batch("delete_message_batch"),
    "sqs:ChangeMessageVisibility": _empty_batch("change_message_visibility_batch"),
    "s3:GetObject": _reads,
    "s3:PutObject": _writes,
    "s3:DeleteObject": _erases,
}
"""By IAM's action. Receiving cannot be tried without taking a message; it is granted with deleting."""
