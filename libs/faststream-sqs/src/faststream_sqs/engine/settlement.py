"""Turns a handler's decision about its lease into the requests that carry it out."""

import logging
from typing import Protocol

from .client import CallError, QueueInfo
from .dead_letter import DeadLetters
from .lease import EXTENDABLE, Lease, LeaseState
from .settle import DeleteBatcher, VisibilityWriter
from .timing import Log


class Retry(Protocol):
    """When a returned message comes back."""

    @property
    def cap(self) -> float | None:
        """Seconds, at most; None for the lease's end."""

    def delay(self, receive_count: int) -> float | None:
        """Seconds, after so many deliveries; None for the lease's end."""


class LeaseGoneError(Exception):
    """The message is somebody else's by now: SQS took the lease back before it was settled."""


class Settlement:
    """Acknowledges, returns, rejects and extends the leases of one consumer."""

    def __init__(
        self,
        queue: QueueInfo,
        deletes: DeleteBatcher,
        writer: VisibilityWriter,
        *,
        dead_letters: DeadLetters | None,
        retry: Retry,
        log: Log,
    ) -> None:
        self.queue = queue
        self._deletes, self._writer, self._dead_letters = deletes, writer, dead_letters
        self._retry, self._log = retry, log

    async def ack(self, lease: Lease, *, flush: bool = False) -> None:
        """Delete the message soon; with `flush`, now, raising `LeaseGoneError` when it was too late."""
        if lease.settle(LeaseState.ACKING):
            self._deletes.add(lease)
        if flush:
            self._deletes.flush_once()
            await lease.ended.wait()
            if lease.state is not LeaseState.DONE:
                raise LeaseGoneError(f"message {lease.message_id} of queue {self.queue.name!r}")

    async def nack(self, lease: Lease, delay: float | None = None) -> None:
        """Make the message visible again after `delay` seconds, by default the back-off's."""
        self._return(lease, self._retry.delay(lease.receive_count) if delay is None else delay)

    async def reject(self, lease: Lease, reason: str | None = None) -> None:
        """Copy to the dead-letter queue, then delete; without a target the message stays."""
        if self._dead_letters is None:
            self._log(
                logging.WARNING,
                f"message {lease.message_id} was rejected, but queue {self.queue.name!r} has no dead-letter "
                f"queue: it stays and comes back {_when(self._retry.cap)}",
            )
            self._return(lease, self._retry.cap)
        elif lease.settle(LeaseState.REJECTING):
            await self._move(self._dead_letters, lease, reason)

    async def extend(self, lease: Lease, seconds: float | None = None) -> None:
        """Hold the message for so many seconds from now, by default the queue's visibility."""
        if lease.state in EXTENDABLE:
            self._writer.wish(lease, self.queue.visibility if seconds is None else seconds, "extend")

    def release(self, lease: Lease) -> None:
        """Give the message back at once: nobody has worked on it, or not to the end."""
        if lease.settle(LeaseState.NACKING):
            lease.released = True
            self._writer.wish(lease, 0, "release")

    def _return(self, lease: Lease, seconds: float | None) -> None:
        if seconds is None:
            lease.abandon()
        elif lease.settle(LeaseState.NACKING):
            self._writer.wish(lease, seconds, "nack")

    async def _move(self, target: DeadLetters, lease: Lease, reason: str | None) -> None:
        try:
            await target.send(lease, reason)
        except BaseException as error:
            self._stay(lease, error)
            if not isinstance(error, CallError):
                raise
        if lease.state is LeaseState.REJECTING:
            self._deletes.add(lease)

    def _stay(self, lease: Lease, error: BaseException) -> None:
        if lease.state is not LeaseState.REJECTING:
            return
        lease.state = LeaseState.RUNNING
        self._return(lease, self._retry.cap)
        self._log(
            logging.ERROR, f"message {lease.message_id} stays in {self.queue.name!r}, no copy made: {error!r}"
        )


def _when(seconds: float | None) -> str:
    return "when its lease runs out" if seconds is None else f"in {seconds:g} s"
