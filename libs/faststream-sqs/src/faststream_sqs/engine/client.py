"""The edge to SQS: a client protocol, one counted call, vendor errors translated."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol, cast

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from .recorder import Outcome, Recorder

MAX_BATCH = 10  # entries per batch request, and messages per receive
MAX_VISIBILITY = 43_200  # seconds: twelve hours, SQS's limit on a lease
MAX_BYTES = 1_048_576  # of one message, and of one batch

Answer = Mapping[str, Any]
Entry = Mapping[str, Any]
BatchAction = Literal["delete_message_batch", "change_message_visibility_batch", "send_message_batch"]


class SQSClientProto(Protocol):
    """The calls made of an SQS client; aiobotocore's has them, so has `FakeSQS`."""

    async def receive_message(self, **request: Any) -> Answer:
        """ReceiveMessage."""

    async def delete_message_batch(self, **request: Any) -> Answer:
        """DeleteMessageBatch."""

    async def change_message_visibility_batch(self, **request: Any) -> Answer:
        """ChangeMessageVisibilityBatch."""

    async def send_message_batch(self, **request: Any) -> Answer:
        """SendMessageBatch."""

    async def get_queue_url(self, **request: Any) -> Answer:
        """GetQueueUrl."""

    async def get_queue_attributes(self, **request: Any) -> Answer:
        """GetQueueAttributes."""

    async def create_queue(self, **request: Any) -> Answer:
        """CreateQueue."""

    async def delete_queue(self, **request: Any) -> Answer:
        """DeleteQueue."""


class CallError(Exception):
    """A request to SQS failed; asking again will not help."""

    def __init__(self, action: str, queue: str, code: str, text: str) -> None:
        super().__init__(f"{action} on queue {queue!r}: {code}: {text}")
        self.code = code


class QueueGoneError(CallError):
    """The queue does not exist."""


class AccessDeniedError(CallError):
    """These credentials may not do this."""

    def __init__(self, action: str, queue: str, code: str, text: str) -> None:
        super().__init__(action, queue, code, f"{text}: {_remedy(action, code)}")


def _remedy(action: str, code: str) -> str:
    if not code.startswith("AccessDenied"):
        return "these credentials are not valid (any more), see the environment, the profile or the role"
    # Batches need no right of their own.
    right = "".join(word.title() for word in action.removesuffix("_batch").split("_"))
    return f"grant sqs:{right} on this queue"


class TransientCallError(CallError):
    """SQS was unreachable or answered 5xx; asking again may help."""


class ThrottledError(TransientCallError):
    """SQS asked to slow down."""


_GONE = {"QueueDoesNotExist", "NonExistentQueue", "AWS.SimpleQueueService.NonExistentQueue"}
_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "ExpiredTokenException",
}
_THROTTLED = {
    "RequestThrottled",
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
    "OverLimit",
    "SlowDown",
    "KmsThrottled",
}
_SERVER_ERROR = 500  # HTTP status from which on the fault is the server's
_TOO_MANY = 429  # HTTP status


def _error_class(error: ClientError) -> type[CallError]:
    # Servers differ in the code string; botocore's modelled class name is the steadier half.
    names = {str(error.response.get("Error", {}).get("Code", "")), type(error).__name__}
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if names & _GONE:
        return QueueGoneError
    if names & _DENIED:
        return AccessDeniedError
    if names & _THROTTLED or status == _TOO_MANY:
        return ThrottledError
    if status >= _SERVER_ERROR or names & {"InternalError", "ServiceUnavailable", "InternalFailure"}:
        return TransientCallError
    return CallError


@contextmanager
def translated(action: str, queue: str) -> Iterator[None]:
    """Raise a `CallError` in place of whatever the client raised."""
    try:
        yield
    except ClientError as error:
        detail = error.response.get("Error", {})
        raise _error_class(error)(
            action, queue, str(detail.get("Code", "")), str(detail.get("Message", ""))
        ) from error
    except (HTTPClientError, OSError, TimeoutError) as error:
        raise TransientCallError(action, queue, type(error).__name__, "no answer from SQS") from error
    except BotoCoreError as error:
        raise CallError(action, queue, type(error).__name__, str(error)) from error


def _outcome(error: CallError) -> Outcome:
    match error:
        case ThrottledError():
            return "throttled"
        case TransientCallError():
            return "transient"
        case _:
            return "permanent"


@dataclass(frozen=True, slots=True)
class EntryFailure:
    """Why one entry of a batch failed; `sender_fault` says whether asking again is useless."""

    code: str
    text: str
    sender_fault: bool


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """The fate of each entry of a batch, by its position."""

    done: Mapping[int, Answer]
    failed: Mapping[int, EntryFailure]


@dataclass(frozen=True, slots=True)
class QueueInfo:
    """A queue as the engine needs it; `visibility` is the lease in seconds."""

    name: str
    url: str
    arn: str = ""
    visibility: int = 30
    fifo: bool = False
    max_receive_count: int | None = None
    dead_letter_arn: str | None = None


class SQSApi:
    """Makes requests, counts each one, translates each failure."""

    def __init__(self, client: SQSClientProto, recorder: Recorder) -> None:
        self._client = client
        self._recorder = recorder

    async def call(self, action: str, queue: str, **request: Any) -> Answer:
        """One request; raises `CallError`."""
        started = asyncio.get_running_loop().time()
        outcome: Outcome = "ok"
        try:
            with translated(action, queue):
                answer = cast("Answer", await getattr(self._client, action)(**request))
        except CallError as error:
            outcome = _outcome(error)
            raise
        else:
            outcome = "partial" if answer.get("Failed") else "ok"
            return answer
        finally:
            seconds = asyncio.get_running_loop().time() - started
            self._recorder.requested(queue, action, outcome, seconds)

    async def batch(self, action: BatchAction, queue: QueueInfo, entries: Sequence[Entry]) -> BatchOutcome:
        """One batch request; the answer names every entry, even those SQS forgot to mention."""
        numbered = [{**entry, "Id": str(position)} for position, entry in enumerate(entries)]
        answer = await self.call(action, queue.name, QueueUrl=queue.url, Entries=numbered)
        failed = {int(one["Id"]): _failure(one) for one in answer.get("Failed") or []}
        done = {int(one["Id"]): one for one in answer.get("Successful") or []}
        missing = set(range(len(entries))) - failed.keys() - done.keys()
        unanswered = EntryFailure("NoAnswer", "the answer does not mention this entry", sender_fault=False)
        return BatchOutcome(done, failed | dict.fromkeys(missing, unanswered))


def _failure(entry: Entry) -> EntryFailure:
    return EntryFailure(
        code=str(entry.get("Code", "")),
        text=str(entry.get("Message", "")),
        sender_fault=bool(entry.get("SenderFault", False)),
    )
