"""Sends messages in shared requests; every caller awaits the fate of its own."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .client import (
    MAX_BATCH,
    MAX_BYTES,
    BatchOutcome,
    CallError,
    Entry,
    EntryFailure,
    QueueInfo,
    SQSApi,
    TransientCallError,
)
from .timing import retry_delay

PARALLEL_SENDS = 4  # requests in flight per standard queue
RETRIES = 4  # of an entry that failed by SQS's fault


def entry_bytes(entry: Entry) -> int:
    """What SQS counts of a message: its body and its attributes' names, types and values."""
    return len(str(entry["MessageBody"]).encode()) + sum(
        len(name.encode()) + len(str(value["DataType"]).encode()) + _value_bytes(value)
        for name, value in (entry.get("MessageAttributes") or {}).items()
    )


def _value_bytes(value: Mapping[str, Any]) -> int:
    return len(value["BinaryValue"]) if "BinaryValue" in value else len(str(value["StringValue"]).encode())


class EntryRefusedError(CallError):
    """SQS refused one message of a batch."""


@dataclass(eq=False, slots=True)
class Outgoing:
    """One message on its way; `sent` becomes SQS's message id."""

    entry: Entry
    size: int
    sent: asyncio.Future[str]
    attempts: int = field(default=0)


def next_batch(waiting: Sequence[Outgoing]) -> int:
    """How many of the first messages fit into one request."""
    total = 0
    for position, one in enumerate(waiting):
        total += one.size
        if position == MAX_BATCH or total > MAX_BYTES:
            return max(1, position)
    return len(waiting)


class QueueSender:
    """Sends at once while idle, coalesces while a request is in flight (as Nagle did for TCP)."""

    def __init__(self, api: SQSApi, queue: QueueInfo, linger: float | None) -> None:
        self._api, self._queue, self._linger = api, queue, linger
        self._waiting: deque[Outgoing] = deque()
        self._requests: set[asyncio.Task[None]] = set()
        self._timer: asyncio.Handle | None = None

    async def send(self, entry: Entry) -> str:
        """The id SQS gave the message; raises `CallError` when this message was not taken."""
        loop = asyncio.get_running_loop()
        one = Outgoing(entry, entry_bytes(entry), loop.create_future())
        self._waiting.append(one)
        self._schedule(loop)
        try:
            return await one.sent
        finally:
            if one in self._waiting:
                self._waiting.remove(one)

    async def drain(self) -> None:
        """Return when every request has ended."""
        while self._waiting or self._requests:
            self._flush()
            await asyncio.wait(self._requests)

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._linger is None:
            self._flush()
        elif self._timer is None:
            # Even without linger the flush waits for the end of the tick: callers in step share it.
            self._timer = loop.call_later(self._linger, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting and self._may_send():
            size = 1 if self._linger is None else next_batch(self._waiting)
            batch = [self._waiting.popleft() for _ in range(size)]
            task = asyncio.create_task(self._send(batch))
            self._requests.add(task)
            task.add_done_callback(self._sent)

    def _may_send(self) -> bool:
        if self._queue.fifo or not self._requests:
            return not self._requests
        full = len(self._waiting) >= MAX_BATCH or self._linger is None
        return full and len(self._requests) < PARALLEL_SENDS

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._requests.discard(task)
        self._flush()

    async def _send(self, batch: list[Outgoing]) -> None:
        while batch:
            try:
                outcome = await self._api.batch(
                    "send_message_batch", self._queue, [one.entry for one in batch]
                )
            except CallError as error:
                _fail(batch, error)
                return
            except asyncio.CancelledError:
                _fail(
                    batch, TransientCallError("send_message_batch", self._queue.name, "Cancelled", "closed")
                )
                raise
            batch = self._account(batch, outcome)
            if batch:
                await asyncio.sleep(retry_delay(batch[0].attempts, first=0.1, cap=5.0))

    def _account(self, batch: list[Outgoing], outcome: BatchOutcome) -> list[Outgoing]:
        again = []
        for position, one in enumerate(batch):
            failure = outcome.failed.get(position)
            one.attempts += 1
            if failure is None:
                _resolve(one, str(outcome.done[position].get("MessageId", "")))
            elif failure.sender_fault or one.attempts > RETRIES:
                _fail([one], self._refusal(failure))
            else:
                again.append(one)
        return again

    def _refusal(self, failure: EntryFailure) -> CallError:
        kind = EntryRefusedError if failure.sender_fault else TransientCallError
        return kind("send_message_batch", self._queue.name, failure.code, failure.text)


def _resolve(one: Outgoing, message_id: str) -> None:
    if not one.sent.done():
        one.sent.set_result(message_id)


def _fail(batch: Sequence[Outgoing], error: CallError) -> None:
    for one in batch:
        if not one.sent.done():
            one.sent.set_exception(error)


class Sender:
    """One coalescing sender per queue."""

    def __init__(self, api: SQSApi, linger: float | None = 0.0) -> None:
        self._api, self._linger = api, linger
        self._queues: dict[str, QueueSender] = {}

    async def send(self, queue: QueueInfo, entry: Entry) -> str:
        """The id SQS gave the message."""
        if queue.url not in self._queues:
            self._queues[queue.url] = QueueSender(self._api, queue, self._linger)
        return await self._queues[queue.url].send(entry)

    async def drain(self) -> None:
        """Return when everything handed in has been answered."""
        for queue in list(self._queues.values()):
            await queue.drain()
