"""A strict SQS in memory: its limits, leases, groups, delays and redrives, on the event loop's clock."""

import asyncio
import json
import re
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from botocore.exceptions import ClientError

from .engine.client import MAX_BATCH, MAX_BYTES, MAX_VISIBILITY
from .engine.dead_letter import MAX_ATTRIBUTES
from .engine.sender import entry_bytes
from .engine.timing import now, wait_for_event

DEDUPLICATION = 300.0  # seconds
MAX_DELAY = 900  # seconds
MAX_WAIT = 20  # seconds
_ACCOUNT = "000000000000"
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Fault:
    """How a request fails: as a whole, or, with `entries`, only those positions of its batch.

    With `after_effect` SQS does what was asked and the answer is lost.
    """

    code: str = "ServiceUnavailable"
    status: int = 503
    entries: frozenset[int] | None = None
    sender_fault: bool = False
    delay: float = 0.0
    after_effect: bool = False


@dataclass(eq=False, slots=True)
class StoredMessage:
    """A message in a queue; times are seconds of the fake's clock."""

    message_id: str
    entry: Mapping[str, Any]
    sent_at: float
    visible_at: float
    sequence: int
    receive_count: int = 0
    first_received: float | None = None
    handle: str = ""

    @property
    def group(self) -> str | None:
        """Its message group."""
        return self.entry.get("MessageGroupId")


@dataclass(eq=False)
class StoredQueue:
    """A queue and its messages, oldest first."""

    name: str
    attributes: dict[str, str]
    messages: list[StoredMessage] = field(default_factory=list)
    seen: dict[str, tuple[float, str]] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def fifo(self) -> bool:
        """Whether it keeps the order of groups."""
        return self.name.endswith(".fifo")

    @property
    def url(self) -> str:
        """Its URL."""
        return f"https://sqs.fake/{_ACCOUNT}/{self.name}"

    def visible(self, time: float) -> list[StoredMessage]:
        """What a receive may take: of FIFO groups, none that has a message in flight or delayed."""
        blocked = {m.group for m in self.messages if m.visible_at > time} if self.fifo else set()
        return [m for m in self.messages if m.visible_at <= time and m.group not in blocked]

    def next_change(self, time: float) -> float | None:
        """Seconds until a message becomes visible by itself."""
        return min((m.visible_at - time for m in self.messages if m.visible_at > time), default=None)


class FakeSQS:
    """Implements the engine's client protocol; `client` is an `SQSBroker(client_factory=...)`.

    Every request takes `round_trip` seconds.
    """

    def __init__(self, clock: Callable[[], float] = now, *, round_trip: float = 0.0) -> None:
        self._clock, self._round_trip = clock, round_trip
        self._queues: dict[str, StoredQueue] = {}
        self._ids = count(1)
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.requests: Counter[str] = Counter()
        self.log: list[tuple[str, Mapping[str, Any]]] = []

    @asynccontextmanager
    async def client(self) -> AsyncIterator["FakeSQS"]:
        """Itself, as a client with a lifetime."""
        yield self

    def fail(self, action: str, fault: Fault | None = None, *, times: int = 1) -> None:
        """Let the next requests of an action fail."""
        self._faults[action].extend([fault or Fault()] * times)

    def heal(self) -> None:
        """Forget all faults that have not happened yet."""
        self._faults.clear()

    def add_queue(self, name: str, **attributes: Any) -> str:
        """Create a queue without a request and return its URL; `dead_letter` names its redrive target."""
        target, limit = attributes.pop("dead_letter", None), attributes.pop("max_receive_count", 5)
        if target:
            policy = {"deadLetterTargetArn": _arn(target), "maxReceiveCount": limit}
            attributes["RedrivePolicy"] = json.dumps(policy)
        texts = {key: str(value) for key, value in attributes.items()}
        queue = StoredQueue(name, {"VisibilityTimeout": "30", "DelaySeconds": "0"} | texts)
        return self._queues.setdefault(name, queue).url

    def put(self, queue: str, body: str, **entry: Any) -> str:
        """Put a message into a queue without a request and return its id."""
        return self._store(self._queues[queue], {"MessageBody": body} | entry)

    def messages(self, queue: str) -> list[StoredMessage]:
        """All messages of a queue, visible or not."""
        return list(self._queues[queue].messages)

    def bodies(self, queue: str) -> list[str]:
        """The bodies of all messages of a queue."""
        return [str(message.entry["MessageBody"]) for message in self._queues[queue].messages]

    def in_flight(self, queue: str) -> int:
        """How many messages are invisible."""
        time = self._clock()
        return sum(message.visible_at > time for message in self._queues[queue].messages)

    async def create_queue(self, **request: Any) -> Mapping[str, Any]:
        """CreateQueue."""
        async with self._request("create_queue", request):
            return {"QueueUrl": self.add_queue(request["QueueName"], **request.get("Attributes") or {})}

    async def get_queue_url(self, **request: Any) -> Mapping[str, Any]:
        """GetQueueUrl."""
        async with self._request("get_queue_url", request):
            return {"QueueUrl": self._queue(request["QueueName"]).url}

    async def get_queue_attributes(self, **request: Any) -> Mapping[str, Any]:
        """GetQueueAttributes."""
        async with self._request("get_queue_attributes", request):
            queue = self._queue(request["QueueUrl"])
            own = {"QueueArn": _arn(queue.name)} | ({"FifoQueue": "true"} if queue.fifo else {})
            return {"Attributes": queue.attributes | own}

    async def send_message_batch(self, **request: Any) -> Mapping[str, Any]:
        """SendMessageBatch."""
        total = sum(entry_bytes(entry) for entry in request["Entries"])
        async with self._request("send_message_batch", request) as fault:
            if total > MAX_BYTES:
                raise refusal("AWS.SimpleQueueService.BatchRequestTooLong", f"{total} bytes")
            queue = self._queue(request["QueueUrl"])
            return _batch(request["Entries"], fault, lambda entry: self._send(queue, entry))

    async def receive_message(self, **request: Any) -> Mapping[str, Any]:
        """ReceiveMessage, waiting as long as asked."""
        async with self._request("receive_message", request):
            asked, wait = request.get("MaxNumberOfMessages", 1), request.get("WaitTimeSeconds", 0)
            if not (1 <= asked <= MAX_BATCH and 0 <= wait <= MAX_WAIT):
                raise refusal("InvalidParameterValue", f"{asked} messages in {wait} s")
            queue = self._queue(request["QueueUrl"])
            lease = int(request.get("VisibilityTimeout") or queue.attributes["VisibilityTimeout"])
            taken = await self._wait_for(queue, asked, self._clock() + wait, lease)
        # AWS leaves the key out when there is nothing.
        return {"Messages": [self._received(message) for message in taken]} if taken else {}

    async def delete_message_batch(self, **request: Any) -> Mapping[str, Any]:
        """DeleteMessageBatch; a stale handle succeeds and deletes nothing, as in AWS."""
        async with self._request("delete_message_batch", request) as fault:
            queue = self._queue(request["QueueUrl"])
            return _batch(request["Entries"], fault, lambda entry: self._delete(queue, entry))

    async def change_message_visibility_batch(self, **request: Any) -> Mapping[str, Any]:
        """ChangeMessageVisibilityBatch; a message not in flight is refused."""
        async with self._request("change_message_visibility_batch", request) as fault:
            queue = self._queue(request["QueueUrl"])
            return _batch(request["Entries"], fault, lambda entry: self._change(queue, entry))

    @asynccontextmanager
    async def _request(self, action: str, request: Mapping[str, Any]) -> AsyncIterator[Fault | None]:
        self.requests[action] += 1
        self.log.append((action, request))
        fault = self._faults[action].popleft() if self._faults[action] else None
        await asyncio.sleep(self._round_trip + (fault.delay if fault else 0))
        _check_batch(request.get("Entries"))
        whole = fault is not None and fault.entries is None
        if fault and whole and not fault.after_effect:
            raise refusal(fault.code, "injected", fault.status)
        yield fault
        if fault and whole:
            raise refusal(fault.code, "injected after the effect", fault.status)

    def _queue(self, place: str) -> StoredQueue:
        name = place.rsplit("/", 1)[-1]
        if name not in self._queues:
            raise refusal("QueueDoesNotExist", f"no queue {name}")
        return self._queues[name]

    def _send(self, queue: StoredQueue, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        _check_entry(queue, entry)
        return {"MessageId": self._store(queue, entry)}

    def _store(self, queue: StoredQueue, entry: Mapping[str, Any]) -> str:
        time, number = self._clock(), next(self._ids)
        key = entry.get("MessageDeduplicationId")
        if key and queue.fifo and key in queue.seen and time - queue.seen[key][0] < DEDUPLICATION:
            return queue.seen[key][1]
        message_id = f"m-{number}"
        if key:
            queue.seen[key] = (time, message_id)
        delay = float(entry.get("DelaySeconds", queue.attributes["DelaySeconds"]))
        queue.messages.append(StoredMessage(message_id, entry, time, time + delay, number))
        queue.changed.set()
        return message_id

    async def _wait_for(
        self, queue: StoredQueue, asked: int, until: float, lease: int
    ) -> list[StoredMessage]:
        while not (taken := self._take(queue, asked, lease)) and (left := until - self._clock()) > 0:
            queue.changed.clear()
            next_change = queue.next_change(self._clock())
            await wait_for_event(queue.changed, left if next_change is None else min(left, next_change))
        return taken

    def _take(self, queue: StoredQueue, asked: int, lease: int) -> list[StoredMessage]:
        time = self._clock()
        self._redrive(queue, time)
        taken = queue.visible(time)[:asked]
        for message in taken:
            message.receive_count += 1
            message.visible_at = time + lease
            message.handle = f"{message.message_id}/{message.receive_count}"
            message.first_received = time if message.first_received is None else message.first_received
        return taken

    def _redrive(self, queue: StoredQueue, time: float) -> None:
        policy = json.loads(queue.attributes.get("RedrivePolicy", "{}"))
        if not policy:
            return
        target = self._queues[policy["deadLetterTargetArn"].rsplit(":", 1)[-1]]
        for message in queue.visible(time):
            if message.receive_count >= int(policy["maxReceiveCount"]):
                queue.messages.remove(message)
                target.messages.append(message)
                target.changed.set()

    def _received(self, message: StoredMessage) -> Mapping[str, Any]:
        carried = ("MessageGroupId", "MessageDeduplicationId")
        system = {name: message.entry[name] for name in carried if name in message.entry}
        return {
            "MessageId": message.message_id,
            "ReceiptHandle": message.handle,
            "Body": message.entry["MessageBody"],
            "MessageAttributes": dict(message.entry.get("MessageAttributes") or {}),
            "Attributes": system
            | {
                "ApproximateReceiveCount": str(message.receive_count),
                "SentTimestamp": str(round(message.sent_at * 1000)),
                "ApproximateFirstReceiveTimestamp": str(round((message.first_received or 0) * 1000)),
                "SequenceNumber": str(message.sequence),
            },
        }

    def _delete(self, queue: StoredQueue, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        message = _find(queue, entry["ReceiptHandle"])
        if message and message.handle == entry["ReceiptHandle"]:
            queue.messages.remove(message)
            queue.changed.set()
        return {}

    def _change(self, queue: StoredQueue, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        seconds, time = entry["VisibilityTimeout"], self._clock()
        if not 0 <= seconds <= MAX_VISIBILITY:
            raise refusal("InvalidParameterValue", f"visibility {seconds}")
        message = _find(queue, entry["ReceiptHandle"])
        if message is None or message.handle != entry["ReceiptHandle"] or message.visible_at <= time:
            raise refusal("ReceiptHandleIsInvalid", "the message is not in flight under this handle")
        message.visible_at = time + seconds
        queue.changed.set()
        return {}


def refusal(code: str, text: str, status: int = 400) -> ClientError:
    """SQS's error, as botocore raises it."""
    answer: Any = {"Error": {"Code": code, "Message": text}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "FakeSQS")


def _arn(queue: str) -> str:
    return f"arn:aws:sqs:us-east-1:{_ACCOUNT}:{queue}"


def _find(queue: StoredQueue, handle: str) -> StoredMessage | None:
    message_id = handle.split("/", 1)[0]
    return next((message for message in queue.messages if message.message_id == message_id), None)


def _check_batch(entries: Sequence[Mapping[str, Any]] | None) -> None:
    if entries is None:
        return
    if not entries:
        raise refusal("AWS.SimpleQueueService.EmptyBatchRequest", "no entries")
    if len(entries) > MAX_BATCH:
        raise refusal("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", f"{len(entries)} entries")
    if len({entry["Id"] for entry in entries}) < len(entries):
        raise refusal("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "two entries of one id")


def _batch(
    entries: Sequence[Mapping[str, Any]],
    fault: Fault | None,
    apply: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> Mapping[str, Any]:
    broken = fault.entries if fault and fault.entries else frozenset()
    answer: dict[str, list[Mapping[str, Any]]] = {"Successful": [], "Failed": []}
    for position, entry in enumerate(entries):
        if fault and position in broken:
            failure = {"Id": entry["Id"], "Code": fault.code, "SenderFault": fault.sender_fault}
            answer["Failed"].append(failure)
            continue
        try:
            answer["Successful"].append({"Id": entry["Id"], **apply(entry)})
        except ClientError as error:
            detail = error.response["Error"]
            answer["Failed"].append({"Id": entry["Id"], "SenderFault": True, **detail})
    return answer


def _check_entry(queue: StoredQueue, entry: Mapping[str, Any]) -> None:
    attributes = entry.get("MessageAttributes") or {}
    body, delay = entry["MessageBody"], entry.get("DelaySeconds", 0)
    rules = {
        "MissingParameter: an empty body": not body,
        "InvalidMessageContents: a character XML does not know": bool(_ILLEGAL.search(body)),
        f"InvalidParameterValue: more than {MAX_ATTRIBUTES} attributes": len(attributes) > MAX_ATTRIBUTES,
        "InvalidParameterValue: an empty attribute": any(map(_is_empty, attributes.values())),
        f"InvalidParameterValue: more than {MAX_BYTES} bytes": entry_bytes(entry) > MAX_BYTES,
        f"InvalidParameterValue: a delay not within {MAX_DELAY} s": not 0 <= delay <= MAX_DELAY,
        "InvalidParameterValue: a delay on a FIFO queue": queue.fifo and bool(delay),
        "MissingParameter: no MessageGroupId": queue.fifo and "MessageGroupId" not in entry,
    }
    for rule, broken in rules.items():
        if broken:
            code, _, text = rule.partition(": ")
            raise refusal(code, text)


def _is_empty(value: Mapping[str, Any]) -> bool:
    return not (value.get("StringValue") or value.get("BinaryValue"))
