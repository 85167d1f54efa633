"""Long polls for messages while there are permits, and backs off while SQS does not answer."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from .client import AccessDeniedError, CallError, QueueGoneError, QueueInfo, SQSApi
from .timing import Log, now, retry_delay, wait_for_event

Messages = list[Mapping[str, Any]]

QUICKEST = 0.5  # seconds between two empty answers, should a server not wait as asked
DEAD_END = 30.0  # seconds between polls of a queue that is gone or forbidden


class Poller:
    """One or more poll loops sharing their permits, their health and their stop."""

    def __init__(
        self,
        api: SQSApi,
        queue: QueueInfo,
        *,
        wait_time: int,
        linger: float,
        ask: Callable[[int], int],
        permits_changed: asyncio.Event,
        deliver: Callable[[Messages, int], None],
        log: Log,
    ) -> None:
        self._api, self._queue, self._log = api, queue, log
        self._wait_time, self._linger = wait_time, linger
        self._ask, self._permits_changed, self._deliver = ask, permits_changed, deliver
        self._stopping = asyncio.Event()
        self._resumed = asyncio.Event()
        self._resumed.set()
        self._failures = 0
        self._last_full = False
        self.reserved = 0
        self.receiving = 0
        self.last_success = self.last_answer = now()
        self.refused = False

    @property
    def paused(self) -> bool:
        """Whether it was asked to stop receiving for a while."""
        return not self._resumed.is_set()

    def pause(self) -> None:
        """Start no further receive."""
        self._resumed.clear()

    def resume(self) -> None:
        """Receive again."""
        self.last_success = self.last_answer = now()
        self._resumed.set()

    def stop(self) -> None:
        """Start no further receive; one in flight goes on."""
        self._stopping.set()
        self._resumed.set()
        self._permits_changed.set()

    async def run(self, *, extra: bool = False) -> None:
        """Poll until stopped; an extra poller helps only while answers come back full."""
        while not self._stopping.is_set():
            await self._resumed.wait()
            asked = 0 if extra and not self._last_full else self._ask(self.reserved)
            if not asked or self._stopping.is_set():
                self._permits_changed.clear()
                await self._permits_changed.wait()
                continue
            await self._poll(asked)

    async def _poll(self, asked: int) -> None:
        started = self.last_answer = now()
        if not self._failures:
            self.last_success = started  # a poll that was not due before cannot be late
        self.reserved += asked
        self.receiving += 1
        try:
            messages = await receive(self._api, self._queue, asked, self._wait_time)
        except CallError as error:
            self._failed(error)
            messages = None
        finally:
            self.last_answer = now()
            self.reserved -= asked
            self.receiving -= 1
        if messages is None:
            await wait_for_event(self._stopping, self._delay())
            return
        self._succeeded()
        self._last_full = len(messages) == asked
        self._deliver(messages, asked)
        self._permits_changed.set()
        await wait_for_event(self._stopping, self._rest(len(messages), asked, started))

    def _rest(self, received: int, asked: int, started: float) -> float:
        if received == 0:
            return max(0.0, started + QUICKEST - now())
        return self._linger if received < asked else 0.0

    def _failed(self, error: CallError) -> None:
        self._failures += 1
        refused = isinstance(error, QueueGoneError | AccessDeniedError)
        if self._failures == 1 or refused != self.refused:
            self._log(logging.ERROR, f"receiving from {self._queue.name!r} fails, trying again: {error}")
        self.refused = refused

    def _succeeded(self) -> None:
        if self._failures:
            self._log(
                logging.INFO,
                f"receiving from {self._queue.name!r} works again after {self._failures} failures",
            )
        self._failures, self.refused = 0, False
        self.last_success = now()

    def _delay(self) -> float:
        if self.refused:
            return DEAD_END
        return retry_delay(self._failures, first=0.5, cap=DEAD_END)


async def receive(api: SQSApi, queue: QueueInfo, count: int, wait: int) -> Messages:
    """One ReceiveMessage of at most `count` messages, waiting so many seconds; raises `CallError`."""
    answer = await api.call(
        "receive_message",
        queue.name,
        QueueUrl=queue.url,
        MaxNumberOfMessages=count,
        WaitTimeSeconds=wait,
        VisibilityTimeout=queue.visibility,
        MessageAttributeNames=["All"],
        MessageSystemAttributeNames=["All"],
    )
    return list(answer.get("Messages") or [])
