"""A strict SQS in memory: its limits, leases, groups, delays and redrives, on the event loop's clock."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from faststream_sqs.engine.client import MAX_BATCH, MAX_BYTES, MAX_VISIBILITY
from faststream_sqs.engine.sender import entry_bytes
from faststream_sqs.engine.timing import now, wait_for_event

from .faults import Fault, Weather, refusal
from .queue import StoredMessage, StoredQueue
from .rules import asked_for, check_batch, check_entry, each_entry

DEDUPLICATION = 300.0  # seconds
MAX_WAIT = 20  # seconds
_ACCOUNT = "000000000000"
_CARRIED = ("MessageGroupId", "MessageDeduplicationId")


class FakeSQS:
    """Implements the engine's client protocol; `client` is an `SQSBroker(client_factory=...)`.

    Every request takes `round_trip` seconds; queue URLs begin with `url`; without `keep_log` requests are
    counted, not kept.
    """

    def __init__(
        self,
        clock: Callable[[], float] = now,
        *,
        round_trip: float = 0.0,
        url: str = "https://sqs.fake",
        keep_log: bool = True,
    ) -> None:
        self._clock, self.round_trip, self.url, self._keep_log = clock, round_trip, url, keep_log
        self._queues: dict[str, StoredQueue] = {}
        self._ids = count(1)
        self._weather = Weather()
        self._polls: dict[asyncio.Task[list[StoredMessage]], float] = {}
        self.requests: Counter[str] = Counter()
        self.log: list[tuple[str, Mapping[str, Any]]] = []

    @property
    def queues(self) -> dict[str, StoredQueue]:
        """All queues, by name."""
        return self._queues

    @asynccontextmanager
    async def client(self) -> AsyncIterator["FakeSQS"]:
        """Itself, as a client with a lifetime."""
        yield self

    def fail(self, action: str, fault: Fault | None = None, *, times: int = 1) -> None:
        """Let the next requests of an action fail."""
        self._weather.add(action, fault or Fault(), times)

    def disturb(self, rate: float, faults: Sequence[Fault] = (Fault(),), *, seed: int = 0) -> None:
        """Let this share of all requests fail, until healed."""
        self._weather.storm(rate, faults, seed)

    def heal(self) -> None:
        """Forget all faults that have not happened yet."""
        self._weather.clear()

    def add_queue(self, name: str, **attributes: Any) -> str:
        """Create a queue without a request and return its URL; `dead_letter` names its redrive target."""
        target, limit = attributes.pop("dead_letter", None), attributes.pop("max_receive_count", 5)
        if target:
            policy = {"deadLetterTargetArn": _arn(target), "maxReceiveCount": limit}
            attributes["RedrivePolicy"] = json.dumps(policy)
        texts = {key: str(value) for key, value in attributes.items()}
        queue = StoredQueue(name, {"VisibilityTimeout": "30", "DelaySeconds": "0"} | texts)
        return self._url_of(self._queues.setdefault(name, queue))

    def put(self, queue: str, body: str, **entry: Any) -> str:
        """Put a message into a queue without a request and return its id."""
        return self._store(self._queues[queue], {"MessageBody": body} | entry)

    def messages(self, queue: str) -> list[StoredMessage]:
        """All messages of a queue, visible or not."""
        return self._queues[queue].messages

    def bodies(self, queue: str) -> list[str]:
        """The bodies of all messages of a queue."""
        return [str(message.entry["MessageBody"]) for message in self._queues[queue].messages]

    def in_flight(self, queue: str) -> int:
        """How many messages are invisible."""
        time = self._clock()
        return sum(message.visible_at > time for message in self._queues[queue].messages)

    @property
    def polls(self) -> list[float]:
        """The seconds each receive under way has left, clients that left included."""
        return sorted(until - self._clock() for until in self._polls.values())

    async def create_queue(self, **request: Any) -> Mapping[str, Any]:
        """CreateQueue."""
        async with self._request("create_queue", request):
            return {"QueueUrl": self.add_queue(request["QueueName"], **request.get("Attributes") or {})}

    async def get_queue_url(self, **request: Any) -> Mapping[str, Any]:
        """GetQueueUrl."""
        async with self._request("get_queue_url", request):
            return {"QueueUrl": self._url_of(self._queue(request["QueueName"]))}

    async def list_queues(self, **request: Any) -> Mapping[str, Any]:
        """ListQueues, all on one page."""
        async with self._request("list_queues", request):
            prefix = request.get("QueueNamePrefix", "")
            return {"QueueUrls": [self._url_of(q) for n, q in self._queues.items() if n.startswith(prefix)]}

    async def delete_queue(self, **request: Any) -> Mapping[str, Any]:
        """DeleteQueue."""
        async with self._request("delete_queue", request):
            del self._queues[self._queue(request["QueueUrl"]).name]
            return {}

    async def purge_queue(self, **request: Any) -> Mapping[str, Any]:
        """PurgeQueue."""
        async with self._request("purge_queue", request):
            self._queue(request["QueueUrl"]).clear()
            return {}

    async def set_queue_attributes(self, **request: Any) -> Mapping[str, Any]:
        """SetQueueAttributes."""
        async with self._request("set_queue_attributes", request):
            self._queue(request["QueueUrl"]).attributes.update(request["Attributes"])
            return {}

    async def get_queue_attributes(self, **request: Any) -> Mapping[str, Any]:
        """GetQueueAttributes."""
        async with self._request("get_queue_attributes", request):
            queue = self._queue(request["QueueUrl"])
            known = queue.attributes | self._facts(queue)
            return {"Attributes": asked_for(known, request.get("AttributeNames") or [])}

    async def send_message(self, **request: Any) -> Mapping[str, Any]:
        """SendMessage."""
        async with self._request("send_message", request):
            return self._send(self._queue(request["QueueUrl"]), request)

    async def send_message_batch(self, **request: Any) -> Mapping[str, Any]:
        """SendMessageBatch."""
        total = sum(entry_bytes(entry) for entry in request["Entries"])
        async with self._request("send_message_batch", request) as fault:
            if total > MAX_BYTES:
                raise refusal("AWS.SimpleQueueService.BatchRequestTooLong", f"{total} bytes")
            queue = self._queue(request["QueueUrl"])
            return each_entry(request["Entries"], fault, lambda entry: self._send(queue, entry))

    async def receive_message(self, **request: Any) -> Mapping[str, Any]:
        """ReceiveMessage, waiting as long as asked."""
        async with self._request("receive_message", request):
            asked, wait = request.get("MaxNumberOfMessages", 1), request.get("WaitTimeSeconds", 0)
            if not (1 <= asked <= MAX_BATCH and 0 <= wait <= MAX_WAIT):
                raise refusal("InvalidParameterValue", f"{asked} messages in {wait} s")
            queue = self._queue(request["QueueUrl"])
            lease = int(request.get("VisibilityTimeout", queue.attributes["VisibilityTimeout"]))
            taken = await self._poll(queue, asked, self._clock() + wait, lease)
        # AWS leaves the key out when there is nothing.
        return {"Messages": [_received(message, request) for message in taken]} if taken else {}

    async def delete_message(self, **request: Any) -> Mapping[str, Any]:
        """DeleteMessage."""
        self._ask_to_delete(request, [request])
        async with self._request("delete_message", request):
            return self._delete(self._queue(request["QueueUrl"]), request)

    async def change_message_visibility(self, **request: Any) -> Mapping[str, Any]:
        """ChangeMessageVisibility."""
        async with self._request("change_message_visibility", request):
            return self._change(self._queue(request["QueueUrl"]), request)

    async def delete_message_batch(self, **request: Any) -> Mapping[str, Any]:
        """DeleteMessageBatch; a stale handle succeeds and deletes nothing, as in AWS."""
        self._ask_to_delete(request, request["Entries"])
        async with self._request("delete_message_batch", request) as fault:
            queue = self._queue(request["QueueUrl"])
            return each_entry(request["Entries"], fault, lambda entry: self._delete(queue, entry))

    async def change_message_visibility_batch(self, **request: Any) -> Mapping[str, Any]:
        """ChangeMessageVisibilityBatch; a message not in flight is refused."""
        async with self._request("change_message_visibility_batch", request) as fault:
            queue = self._queue(request["QueueUrl"])
            return each_entry(request["Entries"], fault, lambda entry: self._change(queue, entry))

    @asynccontextmanager
    async def _request(self, action: str, request: Mapping[str, Any]) -> AsyncIterator[Fault | None]:
        self.requests[action] += 1
        if self._keep_log:
            self.log.append((action, request))
        fault = self._weather.fault(action)
        await asyncio.sleep(self.round_trip + (fault.delay if fault else 0))
        check_batch(request.get("Entries"))
        if fault and fault.whole and not fault.after_effect:
            raise fault.error()
        yield fault
        if fault and fault.whole:
            raise fault.error()

    def _queue(self, place: str) -> StoredQueue:
        name = place.rsplit("/", 1)[-1]
        if name not in self._queues:
            raise refusal("QueueDoesNotExist", f"no queue {name}")
        return self._queues[name]

    def _send(self, queue: StoredQueue, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        check_entry(queue, entry)
        message_id = self._store(queue, entry)
        return {"MessageId": message_id} | ({"SequenceNumber": _sequence(message_id)} if queue.fifo else {})

    def _store(self, queue: StoredQueue, entry: Mapping[str, Any]) -> str:
        time, number = self._clock(), next(self._ids)
        key = entry.get("MessageDeduplicationId")
        if key and queue.fifo and key in queue.seen and time - queue.seen[key][0] < DEDUPLICATION:
            return queue.seen[key][1]
        message_id = f"m-{number}"
        if key:
            queue.seen[key] = (time, message_id)
        delay = float(entry.get("DelaySeconds", queue.attributes["DelaySeconds"]))
        queue.add(StoredMessage(message_id, entry, time, time + delay, number))
        return message_id

    async def _poll(self, queue: StoredQueue, asked: int, until: float, lease: int) -> list[StoredMessage]:
        # As in SQS's look-alikes, a poll whose client has left goes on, and takes what it finds.
        poll = asyncio.create_task(self._wait_for(queue, asked, until, lease))
        self._polls[poll] = until
        poll.add_done_callback(self._polls.pop)
        return await asyncio.shield(poll)

    async def _wait_for(
        self, queue: StoredQueue, asked: int, until: float, lease: int
    ) -> list[StoredMessage]:
        while not (taken := self._take(queue, asked, lease)) and (left := until - self._clock()) > 0:
            queue.changed.clear()
            next_change = queue.next_change(self._clock())
            await wait_for_event(queue.changed, left if next_change is None else min(left, next_change))
        return taken

    def _take(self, queue: StoredQueue, asked: int, lease: int) -> list[StoredMessage]:
        time, taken = self._clock(), []
        limit, target = self._redrive(queue)
        for message in queue.visible(time):
            if target and message.receive_count >= limit:
                queue.remove(message)
                target.add(message)
                continue
            queue.take(message, time, lease)
            taken.append(message)
            if len(taken) == asked:
                break
        return taken

    def _redrive(self, queue: StoredQueue) -> tuple[int, StoredQueue | None]:
        policy = json.loads(queue.attributes.get("RedrivePolicy") or "{}")
        if not policy:
            return 0, None
        return int(policy["maxReceiveCount"]), self._queues[policy["deadLetterTargetArn"].rsplit(":", 1)[-1]]

    def _facts(self, queue: StoredQueue) -> dict[str, str]:
        hidden = self.in_flight(queue.name)
        return {
            "QueueArn": _arn(queue.name),
            "ApproximateNumberOfMessages": str(len(queue.held) - hidden),
            "ApproximateNumberOfMessagesNotVisible": str(hidden),
            "ApproximateNumberOfMessagesDelayed": "0",
        } | ({"FifoQueue": "true"} if queue.fifo else {})

    def _url_of(self, queue: StoredQueue) -> str:
        return f"{self.url}/{_ACCOUNT}/{queue.name}"

    def _ask_to_delete(self, request: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> None:
        # Before the request is taken, that is: whatever befalls it.
        if queue := self._queues.get(str(request["QueueUrl"]).rsplit("/", 1)[-1]):
            for entry in entries:
                queue.ask_to_delete(str(entry.get("ReceiptHandle", "")))

    def _delete(self, queue: StoredQueue, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        message = queue.find(entry["ReceiptHandle"])
        if message and message.handle == entry["ReceiptHandle"]:
            queue.remove(message)
        return {}

    def _change(self, queue: StoredQueue, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        seconds, time = entry["VisibilityTimeout"], self._clock()
        if not 0 <= seconds <= MAX_VISIBILITY:
            raise refusal("InvalidParameterValue", f"visibility {seconds}")
        message = queue.find(entry["ReceiptHandle"])
        if message is None or message.handle != entry["ReceiptHandle"] or message.visible_at <= time:
            raise refusal("ReceiptHandleIsInvalid", "the message is not in flight under this handle")
        queue.hide(message, time + seconds)
        return {}


def _sequence(message_id: str) -> str:
    return message_id.removeprefix("m-")


def _arn(queue: str) -> str:
    return f"arn:aws:sqs:us-east-1:{_ACCOUNT}:{queue}"


def _received(message: StoredMessage, request: Mapping[str, Any]) -> Mapping[str, Any]:
    sent = {
        name: value["StringValue"]
        for name, value in (message.entry.get("MessageSystemAttributes") or {}).items()
    }
    system = (
        sent
        | {name: message.entry[name] for name in _CARRIED if name in message.entry}
        | {
            "ApproximateReceiveCount": str(message.receive_count),
            "SentTimestamp": str(round(message.sent_at * 1000)),
            "ApproximateFirstReceiveTimestamp": str(round((message.first_received or 0) * 1000)),
            "SequenceNumber": str(message.sequence),
        }
    )
    wanted = [*request.get("MessageSystemAttributeNames", ()), *request.get("AttributeNames", ())]
    own = asked_for(message.entry.get("MessageAttributes") or {}, request.get("MessageAttributeNames", ()))
    answer: dict[str, Any] = {
        "MessageId": message.message_id,
        "ReceiptHandle": message.handle,
        "Body": message.entry["MessageBody"],
    }
    return answer | ({"MessageAttributes": own} if own else {}) | {"Attributes": asked_for(system, wanted)}
