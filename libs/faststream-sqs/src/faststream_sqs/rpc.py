"""Requests that wait for their reply: one reply queue, read only while somebody waits."""

import asyncio
import logging
from contextvars import Context
from itertools import count
from typing import Any
from uuid import uuid4

from .engine.client import CallError, QueueInfo, SQSApi
from .engine.consumer import Consumer, ConsumerOptions
from .engine.lease import Lease
from .engine.queues import Queues
from .engine.recorder import Recorder
from .engine.settlement import Settlement
from .engine.timing import Log
from .exceptions import ReplyLostError
from .message import RawMessage
from .parser import CORRELATION_ID, decode_headers
from .schemas.queue import ProcessQueue, SQSQueue
from .schemas.retry import ConstantRetry

REPLY_TOKEN = "x-reply-token"  # noqa: S105 - names an attribute; echoed by whoever answers
RETENTION = 600  # seconds an unread reply stays in a process's own queue
FOREIGN_PAUSE = 0.2  # seconds, so that a foreign reply's owner gets it before we do again
LONGEST_FOREIGN_PAUSE = 5.0


class Waiting:
    """The requests without a reply yet; a token says which process asked, and which of its requests."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self._numbers = count(1)
        self._waiting: dict[str, tuple[str, asyncio.Future[RawMessage]]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, correlation_id: str) -> tuple[str, "asyncio.Future[RawMessage]"]:
        """A token and what will become of it."""
        token = f"{self.owner}:{next(self._numbers)}"
        future: asyncio.Future[RawMessage] = asyncio.get_running_loop().create_future()
        self._waiting[token] = (correlation_id, future)
        return token, future

    def forget(self, token: str) -> None:
        """Wait no more."""
        self._waiting.pop(token, None)

    def match(self, headers: dict[str, Any]) -> "asyncio.Future[RawMessage] | None":
        """Who waits for this reply: by its token, else by the correlation id if only one has it."""
        token = headers.get(REPLY_TOKEN)
        if token is not None:
            return self._waiting[token][1] if token in self._waiting else None
        wanted = headers.get(CORRELATION_ID)
        found = [future for correlation_id, future in self._waiting.values() if correlation_id == wanted]
        return found[0] if len(found) == 1 else None

    def is_mine(self, headers: dict[str, Any]) -> bool:
        """Whether this process asked for it, be it too late by now."""
        return str(headers.get(REPLY_TOKEN, "")).rpartition(":")[0] == self.owner

    def fail_all(self, error: Exception) -> None:
        """Nobody will get a reply any more."""
        for _, future in self._waiting.values():
            if not future.done():
                future.set_exception(error)


class Replies:
    """Reads the reply queue of a broker."""

    def __init__(
        self,
        place: SQSQueue | ProcessQueue,
        api: SQSApi,
        queues: Queues,
        *,
        recorder: Recorder,
        log: Log,
        wait_time: int = 20,
        owner: str | None = None,
    ) -> None:
        self._place, self._api, self._queues = place, api, queues
        self._recorder, self._log, self._wait_time = recorder, log, wait_time
        self._waiting = Waiting(owner or uuid4().hex)
        self._opening = asyncio.Lock()
        self._queue: QueueInfo | None = None
        self._consumer: Consumer | None = None
        self._foreign = 0

    async def open(self) -> str:
        """The URL replies go to; makes the queue, if it is ours, and begins to read. Raises `CallError`."""
        async with self._opening:
            if self._queue is None:
                queue, _ = await self._queues.describe(self._declared())
                self._consumer = self._make_consumer(queue)
                # Not on behalf of the handler that happens to ask first.
                Context().run(self._consumer.start)
                self._queue = queue
        return self._queue.url

    def expect(self, correlation_id: str) -> tuple[str, "asyncio.Future[RawMessage]"]:
        """The token to send along, and the reply to come."""
        expected = self._waiting.add(correlation_id)
        if self._consumer:
            self._consumer.resume()
        return expected

    def forget(self, token: str) -> None:
        """Nobody waits for it any more."""
        self._waiting.forget(token)
        if self._consumer and not self._waiting:
            self._consumer.pause()

    async def stop(self) -> None:
        """Read no more; the queue made here is deleted."""
        self._waiting.fail_all(ReplyLostError("the broker was stopped before the reply came"))
        if self._consumer is None or self._queue is None:
            return
        await self._consumer.stop()
        if isinstance(self._place, ProcessQueue):
            await self._delete(self._queue)
        self._queue = self._consumer = None

    def _declared(self) -> SQSQueue:
        if isinstance(self._place, SQSQueue):
            return self._place
        return SQSQueue(self._place.prefix + self._waiting.owner, declare=True, retention=RETENTION)

    def _make_consumer(self, queue: QueueInfo) -> Consumer:
        own = isinstance(self._place, ProcessQueue)
        # One worker and a buffer: when it has delivered the last reply awaited, no further poll begins.
        options = ConsumerOptions(
            max_workers=1,
            prefetch=9,
            wait_time=self._wait_time,
            # Nobody misses what a poll of our own queue, cut short, would hide.
            graceful_timeout=0.1 if own else self._wait_time + 5.0,
        )
        return Consumer(
            self._api,
            queue,
            self._receive,
            options,
            recorder=self._recorder,
            dead_letters=None,
            retry=ConstantRetry(0),
            log=self._log,
        )

    async def _receive(self, lease: Lease, settlement: Settlement) -> None:
        headers = decode_headers(lease.message)
        future = self._waiting.match(headers)
        if future is not None and not future.done():
            future.set_result(RawMessage(lease, settlement))
        elif future is None and not self._waiting.is_mine(headers) and isinstance(self._place, SQSQueue):
            await self._give_back(lease, settlement)
            return
        self._foreign = 0
        await settlement.ack(lease)
        await asyncio.sleep(0)  # whoever waited says so first: the poll that follows may be spared

    async def _give_back(self, lease: Lease, settlement: Settlement) -> None:
        await settlement.nack(lease, 0)
        self._foreign += 1
        # Its owner polls, too; a reply whose owner has died must not keep us busy for ever.
        await asyncio.sleep(min(LONGEST_FOREIGN_PAUSE, FOREIGN_PAUSE * 2 ** min(self._foreign - 1, 10)))

    async def _delete(self, queue: QueueInfo) -> None:
        try:
            await self._queues.delete(queue)
        except CallError as error:
            self._log(logging.WARNING, f"the reply queue {queue.name!r} stays behind: {error}")
