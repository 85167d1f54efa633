"""Sends messages in shared requests; every caller awaits the fate of its own."""

import asyncio
import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .client import (
    MAX_BATCH,
    MAX_BYTES,
    Answer,
    BatchOutcome,
    CallError,
    Entry,
    EntryFailure,
    QueueInfo,
    SQSApi,
    TransientCallError,
)
from .company import Company
from .sent import Linger, SendResult
from .timing import now, retry_delay

PARALLEL_SENDS = 4  # requests in flight per standard queue
RETRIES = 4  # of an entry that failed by SQS's fault
PATIENCE = 5.0  # seconds a message is tried for while SQS does not answer: its handler would begin again
GAP = 0.003  # seconds between two messages beyond which no more company is expected
LONGEST_GAP = 0.015  # seconds a message waits for company lately seen
STALLED = 2.0  # seconds after which a message stops waiting for the request under way


def entry_bytes(entry: Entry) -> int:
    """What SQS counts of a message: its body and its attributes' names, types and values."""
    total = _text_bytes(entry["MessageBody"])
    for name, value in (entry.get("MessageAttributes") or {}).items():
        total += _text_bytes(name) + _text_bytes(value["DataType"]) + _value_bytes(value)
    return total


def _value_bytes(value: Mapping[str, Any]) -> int:
    return len(value["BinaryValue"]) if "BinaryValue" in value else _text_bytes(value["StringValue"])


def _text_bytes(value: Any) -> int:
    text = str(value)
    return len(text) if text.isascii() else len(text.encode())


class EntryRefusedError(CallError):
    """SQS refused one message of a batch."""


@dataclass(eq=False, slots=True)
class Outgoing:
    """One message on its way; `sent` becomes what SQS says of it."""

    entry: Entry
    size: int
    handed_in: float
    sent: asyncio.Future[SendResult]
    linger: float | None
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
    """Sends at once while idle, coalesces while a request is in flight (as Nagle did for TCP).

    Between two requests it waits a moment for as many messages as lately came together: workers that
    got their answers in one request publish again within milliseconds of each other.
    """

    def __init__(self, api: SQSApi, queue: QueueInfo, linger: float | None) -> None:
        self._api, self._queue, self._linger = api, queue, linger
        self._waiting: deque[Outgoing] = deque()
        self._requests: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._lingering = False
        self._company = Company()
        self._outstanding = 0
        self._answered = -math.inf

    async def send(self, entry: Entry, linger: Linger = "default") -> SendResult:
        """What SQS says of the message; raises `CallError` when this message was not taken."""
        loop = asyncio.get_running_loop()
        wait = self._linger if linger == "default" else linger
        one = Outgoing(entry, entry_bytes(entry), loop.time(), loop.create_future(), wait)
        self._waiting.append(one)
        self._outstanding += 1
        self._company.seen(self._outstanding)
        self._schedule(loop)
        try:
            return await one.sent
        finally:
            self._outstanding -= 1
            if one in self._waiting:
                self._waiting.remove(one)

    async def drain(self) -> None:
        """Return when every request has ended."""
        while self._waiting or self._requests:
            self._flush()
            await asyncio.wait(self._requests)

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._waiting[-1].linger is None or len(self._waiting) >= MAX_BATCH:
            self._flush()
        elif self._timer is None:
            # Even without linger the flush waits for the end of the tick: callers in step share it.
            self._timer = loop.call_later(0, self._consider)
        elif self._lingering and not self._requests and len(self._waiting) >= self._company.expected:
            self._cancel_timer()
            self._timer = loop.call_later(0, self._consider)

    def _consider(self) -> None:
        """Send, or look again when the messages waiting have waited long enough."""
        self._cancel_timer()
        pause = self._pause(now()) if self._waiting else 0.0
        if pause > 0:
            self._lingering = True
            self._timer = asyncio.get_running_loop().call_later(pause, self._consider)
        else:
            self._flush()

    def _pause(self, time: float) -> float:
        oldest, newest = self._waiting[0].handed_in, self._waiting[-1].handed_in
        if self._impatient or self._full():
            return 0.0
        if self._requests:
            return oldest + STALLED - time
        if all(one.linger for one in self._waiting):
            return min(one.handed_in + (one.linger or 0.0) for one in self._waiting) - time
        if len(self._waiting) >= self._company.expected:
            return 0.0
        # Those whom the last answer set free are only now on their way to publish again.
        newest, oldest = max(newest, self._answered), max(oldest, self._answered)
        return min(newest + GAP, oldest + LONGEST_GAP) - time

    @property
    def _impatient(self) -> bool:
        return any(one.linger is None for one in self._waiting)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer, self._lingering = None, False

    def _flush(self) -> None:
        self._cancel_timer()
        while self._waiting and self._may_send():
            size = 1 if self._waiting[0].linger is None else next_batch(self._waiting)
            batch = [self._waiting.popleft() for _ in range(size)]
            self._company.left(self._outstanding)
            task = asyncio.create_task(self._send(batch))
            self._requests.add(task)
            task.add_done_callback(self._sent)

    def _may_send(self) -> bool:
        if self._queue.fifo or not self._requests:
            return not self._requests
        return self._pause(now()) <= 0 and len(self._requests) < PARALLEL_SENDS

    def _full(self) -> bool:
        waiting = len(self._waiting)
        return waiting >= MAX_BATCH or next_batch(self._waiting) < waiting

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._requests.discard(task)
        self._answered = now()
        self._consider()

    async def _send(self, batch: list[Outgoing]) -> None:
        try:
            await self._until_answered(batch)
        except asyncio.CancelledError:
            _fail(batch, TransientCallError("send_message_batch", self._queue.name, "Cancelled", "closed"))
            raise

    async def _until_answered(self, batch: list[Outgoing]) -> None:
        rounds = 0
        while batch:
            rounds += 1
            entries = [one.entry for one in batch]
            try:
                batch = self._account(
                    batch, await self._api.batch("send_message_batch", self._queue, entries)
                )
            except CallError as error:
                passing = isinstance(error, TransientCallError)
                if not passing or batch[0].handed_in + PATIENCE < now():
                    _fail(batch, error)
                    return
            if batch:
                await asyncio.sleep(retry_delay(rounds, first=0.1, cap=1.0))

    def _account(self, batch: list[Outgoing], outcome: BatchOutcome) -> list[Outgoing]:
        again = []
        for position, one in enumerate(batch):
            failure = outcome.failed.get(position)
            one.attempts += 1
            if failure is None:
                _resolve(one, outcome.done[position])
            elif failure.sender_fault or one.attempts > RETRIES:
                _fail([one], self._refusal(failure))
            else:
                again.append(one)
        return again

    def _refusal(self, failure: EntryFailure) -> CallError:
        kind = EntryRefusedError if failure.sender_fault else TransientCallError
        return kind("send_message_batch", self._queue.name, failure.code, failure.text)


def _resolve(one: Outgoing, answer: Answer) -> None:
    if not one.sent.done():
        one.sent.set_result(SendResult(str(answer.get("MessageId", "")), answer.get("SequenceNumber")))


def _fail(batch: Sequence[Outgoing], error: CallError) -> None:
    for one in batch:
        if not one.sent.done():
            one.sent.set_exception(error)


class Sender:
    """One coalescing sender per queue."""

    def __init__(self, api: SQSApi, linger: float | None = 0.0) -> None:
        self._api, self._linger = api, linger
        self._queues: dict[str, QueueSender] = {}

    async def send(self, queue: QueueInfo, entry: Entry, linger: Linger = "default") -> SendResult:
        """What SQS says of the message."""
        if queue.url not in self._queues:
            self._queues[queue.url] = QueueSender(self._api, queue, self._linger)
        return await self._queues[queue.url].send(entry, linger)

    async def drain(self) -> None:
        """Return when everything handed in has been answered."""
        for queue in list(self._queues.values()):
            await queue.drain()
