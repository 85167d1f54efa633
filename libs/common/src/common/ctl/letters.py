"""Dead letters: what lies in a stage's dead-letter queue and why, and the way back."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from common.depths import SQS_FAILURES, Queues
from common.errors import Permanent, raising
from common.model import Noun

NOTE: Final = "x-dead-letter-"
UNKNOWN: Final = "unknown"
HIDDEN: Final = 60  # seconds a letter is hidden from others while we look at it
_NOT_OFFERED = {"UnsupportedOperation", "InvalidAction", "NotImplemented", "UnknownOperationException"}


class Letter(Noun):
    """A message nobody could handle; ``body`` is left out unless it is asked for."""

    message_id: str
    call_id: str | None
    tenant_id: str | None
    reason: str
    receives: str | None
    sent_at: datetime | None
    body: str | None = None


class Redriven(Noun):
    """What went back to the stage's own queue. ``moved_by``: SQS itself, or one by one."""

    stage: str
    moved: int
    left: int
    moved_by: str


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """One stage's; *look* takes what it can see once, and makes it visible again in the end."""

    queues: Queues
    stage: str
    url: str

    @classmethod
    async def of(cls, queues: Queues, stage: str) -> "DeadLetters":
        """The stage's dead-letter queue.

        Raises:
            Permanent: it has none, or the environment does not name the stage's queue.
        """
        if stage not in queues.urls:
            raise Permanent(f"SQS_{stage.upper()}_QUEUE_URL is not set here", reason="not_told")
        url = await queues.dead_letters(stage)
        if url is None:
            raise Permanent(f"the queue of {stage} has no redrive policy: run doctor", reason="no_dlq")
        return cls(queues, stage, url)

    async def look(self, limit: int) -> list[dict[str, Any]]:
        """At most so many letters as SQS tells of them; others cannot see them for a moment."""
        async with aclosing(self._received(limit)) as letters:
            seen = [letter async for letter in letters]
        await self._show_again(seen)
        return seen

    async def redrive(self, reason: str | None, limit: int | None) -> Redriven:
        """Send letters back: all of them by SQS's own task where it has one, else one by one."""
        if reason is None and limit is None and (moved := await self._moved_by_sqs()) is not None:
            return await self._told(moved, "sqs")
        return await self._told(await self._moved_one_by_one(reason, limit), "one by one")

    async def _told(self, moved: int, by: str) -> Redriven:
        left = (await self.queues.depth(self.url)).total
        return Redriven(stage=self.stage, moved=moved, left=left, moved_by=by)

    async def _moved_by_sqs(self) -> int | None:
        """Named, the destination: a letter that was rejected, not redriven, has no source that SQS knows."""
        source = (await self.queues.attributes(self.url, "QueueArn"))["QueueArn"]
        back = (await self.queues.attributes(self.queues.urls[self.stage], "QueueArn"))["QueueArn"]
        try:
            await self.queues.sqs.start_message_move_task(SourceArn=source, DestinationArn=back)
        except ClientError as error:
            if str(error.response["Error"]["Code"]).rsplit(".", 1)[-1] in _NOT_OFFERED:
                return None
            raise Permanent(f"SQS refused to move: {_code(error)}", reason="move_refused") from error
        except AttributeError:  # a client that does not know the operation
            return None
        return await self._until_moved(source)

    async def _until_moved(self, source: str) -> int:
        while True:
            with raising("waiting for the move", SQS_FAILURES):
                answer = await self.queues.sqs.list_message_move_tasks(SourceArn=source, MaxResults=1)
            task = answer["Results"][0]
            if task["Status"] == "FAILED":
                raise Permanent(f"the move failed: {task.get('FailureReason')}", reason="move_failed")
            if task["Status"] != "RUNNING":
                return int(task.get("ApproximateNumberOfMessagesMoved", 0))
            await asyncio.sleep(1)

    async def _moved_one_by_one(self, reason: str | None, limit: int | None) -> int:
        """Sent first, deleted once SQS has confirmed: a crash between the two leaves one too many."""
        moved, others = 0, []
        async with aclosing(self._received(None)) as letters:
            async for letter in letters:
                if reason is not None and reason_of(letter) != reason:
                    others.append(letter)
                    continue
                await self._send_back(letter)
                moved += 1
                if moved == limit:
                    break
        await self._show_again(others)
        return moved

    async def _send_back(self, letter: dict[str, Any]) -> None:
        target = {"QueueUrl": self.queues.urls[self.stage]}
        with raising("sending a letter back", SQS_FAILURES):
            await self.queues.sqs.send_message(**target, **as_it_was(letter))
            await self.queues.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=letter["ReceiptHandle"])

    async def _received(self, limit: int | None) -> AsyncGenerator[dict[str, Any], None]:
        """Each letter once; two empty answers are the end, since one may come from too few servers."""
        seen: set[str] = set()
        empty = 0
        while empty < 2 and (limit is None or len(seen) < limit):  # noqa: PLR2004 - as the docstring says
            batch = await self._batch(10 if limit is None else min(10, limit - len(seen)))
            fresh = [letter for letter in batch if letter["MessageId"] not in seen]
            empty = 0 if fresh else empty + 1
            for letter in fresh:
                seen.add(letter["MessageId"])
                yield letter

    async def _batch(self, size: int) -> list[dict[str, Any]]:
        with raising("looking at dead letters", SQS_FAILURES):
            answer = await self.queues.sqs.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=size,
                VisibilityTimeout=HIDDEN,
                WaitTimeSeconds=0,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
        return list(answer.get("Messages") or [])

    async def _show_again(self, letters: list[dict[str, Any]]) -> None:
        with raising("showing dead letters again", SQS_FAILURES):
            for letter in letters:
                await self.queues.sqs.change_message_visibility(
                    QueueUrl=self.url, ReceiptHandle=letter["ReceiptHandle"], VisibilityTimeout=0
                )


def letter_of(message: Mapping[str, Any], *, with_body: bool = False) -> Letter:
    """A message as a person wants to see it: ids and the reason; what its event says only on request."""
    ids = _ids(message["Body"])
    sent = (message.get("Attributes") or {}).get("SentTimestamp")
    return Letter(
        message_id=message["MessageId"],
        call_id=ids.get("call_id"),
        tenant_id=ids.get("tenant_id"),
        reason=reason_of(message),
        receives=_attribute(message, f"{NOTE}receive-count"),
        sent_at=datetime.fromtimestamp(int(sent) / 1000, UTC) if sent else None,
        body=message["Body"] if with_body else None,
    )


def reason_of(message: Mapping[str, Any]) -> str:
    """Why it was rejected; SQS itself gives no reason for what it moved."""
    return _attribute(message, f"{NOTE}reason") or UNKNOWN


def as_it_was(message: Mapping[str, Any]) -> dict[str, Any]:
    """The message as it was before it became a dead letter, in its tenant's turn."""
    attributes = {
        name: _value(value)
        for name, value in (message.get("MessageAttributes") or {}).items()
        if not name.startswith(NOTE)
    }
    group = (message.get("Attributes") or {}).get("MessageGroupId")
    return {"MessageBody": message["Body"], "MessageAttributes": attributes} | (
        {"MessageGroupId": group} if group else {}
    )


def _value(received: Mapping[str, Any]) -> dict[str, Any]:
    return {name: received[name] for name in ("DataType", "StringValue", "BinaryValue") if received.get(name)}


def _attribute(message: Mapping[str, Any], name: str) -> str | None:
    value = (message.get("MessageAttributes") or {}).get(name)
    return value["StringValue"] if value else None


def _ids(body: str) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _code(error: ClientError) -> str:
    return str(error.response["Error"].get("Code"))
