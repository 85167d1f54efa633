"""Whether a doctor tells what a role may not do, without doing any of it."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError
from common.ctl.exam_stores import slowness
from common.ctl.probes import NOTHING, allowed
from common.ctl.rights import READ, SEND, SETTLE, WRITE, Workload

URL = "http://127.0.0.1:1/000000000000/callstream-embed"
EMPTY = "AWS.SimpleQueueService.EmptyBatchRequest"
WHO = Workload("embedder", {})
METHODS = {
    "send_message_batch": "sqs:SendMessage",
    "delete_message_batch": "sqs:DeleteMessage",
    "change_message_visibility_batch": "sqs:ChangeMessageVisibility",
    "head_object": "s3:GetObject",
    "create_multipart_upload": "s3:PutObject",
    "abort_multipart_upload": "s3:AbortMultipartUpload",
}


class Account:
    """AWS as far as it is asked: methods answer, or are refused with a code; ``asked`` are the requests."""

    def __init__(self, refusals: Mapping[str, str]) -> None:
        self.refusals = refusals
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, method: str) -> Any:
        async def answer(**request: Any) -> dict[str, Any]:
            self.asked.append((METHODS[method], request))
            if code := self.refusals.get(METHODS[method]):
                raise ClientError({"Error": {"Code": code, "Message": "no"}}, method)
            return {"UploadId": "u-1"}

        return answer


async def of_queue(**refusals: str) -> tuple[str, str, str | None]:
    account = Account({f"sqs:{name}": code for name, code in refusals.items()})
    (finding,) = await allowed(account, "queue.embed", "callstream-embed", URL, SEND | SETTLE, WHO)
    assert [{"QueueUrl": URL, "Entries": []}] * 3 == [request for _, request in account.asked]
    return finding.state, finding.told, finding.remedy


async def test_an_empty_batch_that_is_refused_as_empty_is_a_right() -> None:
    """AWS looks at rights first; nothing is sent, deleted or extended."""
    state, told, _ = await of_queue(
        SendMessage=EMPTY, DeleteMessage=EMPTY, ChangeMessageVisibility="MissingParameter"
    )

    assert ("ok", "embedder may sqs:ChangeMessageVisibility, sqs:DeleteMessage, sqs:SendMessage") == (
        state,
        told,
    )


async def test_a_look_alike_that_takes_an_empty_batch_is_a_right() -> None:
    """It has done nothing, as asked."""
    assert "ok" == (await of_queue())[0]


async def test_the_action_that_is_missing_is_named() -> None:
    """As IAM spells it, and where it is granted."""
    state, told, remedy = await of_queue(
        SendMessage=EMPTY, DeleteMessage="AccessDeniedException", ChangeMessageVisibility="AccessDenied"
    )

    assert (
        "fail",
        "embedder may not sqs:ChangeMessageVisibility, sqs:DeleteMessage on callstream-embed",
    ) == (
        state,
        told,
    )
    assert "allow it to the role of embedder, as deploy/aws/queues.yaml does" == remedy


async def test_what_could_not_be_asked_is_no_right() -> None:
    """A server that breaks says nothing about rights."""
    with pytest.raises(ClientError):
        await of_queue(SendMessage="InternalFailure")


async def of_bucket(actions: frozenset[str], **refusals: str) -> tuple[str, list[str]]:
    account = Account({f"s3:{name}": code for name, code in refusals.items()})
    (finding,) = await allowed(account, "bucket.calls", "calls", "calls", actions, WHO)
    assert {NOTHING} == {request["Key"] for _, request in account.asked}
    return finding.told, [action for action, _ in account.asked]


async def test_reading_is_asked_with_an_object_that_is_not_there() -> None:
    """Missing is an answer only those get who may read; others are told it is forbidden."""
    assert ("embedder may s3:GetObject", ["s3:GetObject"]) == await of_bucket(READ, GetObject="404")
    assert "embedder may not s3:GetObject on calls" == (await of_bucket(READ, GetObject="403"))[0]


async def test_writing_is_asked_with_an_upload_that_is_given_up() -> None:
    """No object comes into being; whoever may not give it up leaves it to the lifecycle."""
    tried = ["s3:PutObject", "s3:AbortMultipartUpload"]

    assert ("embedder may s3:PutObject", tried) == await of_bucket(WRITE)
    assert ("embedder may s3:PutObject", tried) == await of_bucket(WRITE, AbortMultipartUpload="AccessDenied")
    assert ("embedder may not s3:PutObject on calls", tried[:1]) == await of_bucket(
        WRITE, PutObject="AccessDenied"
    )


def test_slow_is_told_apart() -> None:
    """Redis answers, but later than our services wait."""
    assert [] == slowness(0.9)
    assert [("redis.speed", "warn")] == [(found.check, found.state) for found in slowness(1.2)]
