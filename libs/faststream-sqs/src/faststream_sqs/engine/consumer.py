"""One queue's consumer: polls, runs handlers, settles, keeps leases alive, and stops without a trace."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context, ContextVar
from dataclasses import dataclass
from typing import Any, Literal

from .client import QueueInfo, SQSApi
from .dead_letter import DeadLetters
from .dispatch import Dispatcher
from .heartbeat import Heartbeat
from .lease import Lease, LeaseState, LeaseTable
from .permits import poll_size
from .poller import Messages, Poller
from .recorder import Recorder, Settled
from .settle import DeleteBatcher, VisibilityWriter
from .settlement import Retry, Settlement
from .timing import Log, now

OnLeaseLost = Literal["cancel", "continue"]
Handler = Callable[[Lease, Settlement], Awaitable[None]]

READ_MARGIN = 10  # seconds a receive may outlast its wait before the client gives up
CANCEL_TIME = 1.0  # seconds a cancelled handler has to clean up
SETTLE_TIME = 3.0  # seconds of the grace kept for the last deletes
DEFAULT_GRACE = 25.0  # seconds; below the 30 s after which Kubernetes and FastStream's CLI kill

_handler_task: ContextVar["asyncio.Task[Any] | None"] = ContextVar("sqs_handler_task", default=None)


def inside_handler() -> bool:
    """Whether this code runs on behalf of a handler still at work."""
    task = _handler_task.get()
    return task is not None and not task.done()


def outside_handler(work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
    """Run on nobody's behalf: what waits for a drain must not pass for the handler that asked for it."""
    return asyncio.create_task(work, context=Context())


@dataclass(frozen=True, slots=True)
class ConsumerOptions:
    """How to consume; times are seconds."""

    max_workers: int = 1
    prefetch: int = 0
    pollers: int = 1
    wait_time: int = 20
    receive_linger: float = 0.0
    heartbeat: bool = True
    max_lease: float = 3600.0
    on_lease_lost: OnLeaseLost = "cancel"
    handler_timeout: float | None = None
    ack_linger: float | None = None
    graceful_timeout: float | None = DEFAULT_GRACE


@dataclass(frozen=True, slots=True)
class ConsumerStats:
    """What a consumer is doing right now; `poll_age` is seconds since SQS last answered."""

    running: int
    buffered: int
    pending_acks: int
    leases: int
    paused: bool
    poll_age: float


class Consumer:
    """Owns every lease of its queue from receipt until SQS confirmed its end."""

    def __init__(
        self,
        api: SQSApi,
        queue: QueueInfo,
        handler: Handler,
        options: ConsumerOptions,
        *,
        recorder: Recorder,
        dead_letters: DeadLetters | None,
        retry: Retry,
        log: Log,
        on_stopped: Callable[[], None] = lambda: None,
    ) -> None:
        self.queue, self._options, self._log = queue, options, log
        self._handler, self._recorder, self._on_stopped = handler, recorder, on_stopped
        self._table = LeaseTable(self._on_end, options.max_lease)
        self._deletes = DeleteBatcher(api, queue, self._table, _ack_linger(options, queue), log)
        self._writer = VisibilityWriter(api, queue, self._table, recorder, log)
        self._heartbeat = Heartbeat(self._table, self._writer, queue.visibility, extends=options.heartbeat)
        self.settlement = Settlement(
            queue, self._deletes, self._writer, dead_letters=dead_letters, retry=retry, log=log
        )
        self._dispatcher = Dispatcher(
            options.max_workers, self._handle, self.settlement.release, fifo=queue.fifo
        )
        self._poller = Poller(
            api,
            queue,
            wait_time=options.wait_time,
            linger=options.receive_linger,
            ask=self._ask,
            permits_changed=self._dispatcher.changed,
            deliver=self._deliver,
            log=log,
        )
        self._polls: list[asyncio.Task[None]] = []
        self._services: list[asyncio.Task[None]] = []
        self._drain_task: asyncio.Task[None] | None = None

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._drain_task is not None

    @property
    def stats(self) -> ConsumerStats:
        """A snapshot of its state."""
        return ConsumerStats(
            running=self._dispatcher.running,
            buffered=self._dispatcher.buffered,
            pending_acks=self._table.count()[LeaseState.ACKING],
            leases=len(self._table),
            paused=self._poller.paused,
            poll_age=now() - self._poller.last_success,
        )

    def start(self) -> None:
        """Begin to poll."""
        services = (self._deletes.run(), self._writer.run(), self._heartbeat.run())
        self._services = [self._spawn(service) for service in services]
        self._polls = [self._spawn(self._poller.run(extra=bool(n))) for n in range(self._options.pollers)]

    def pause(self) -> None:
        """Receive nothing more for now; what is held goes on and stays leased."""
        self._poller.pause()

    def resume(self) -> None:
        """Receive again."""
        self._poller.resume()

    def healthy(self) -> bool:
        """Whether SQS answers, or has no reason to be asked: saturated, or paused on purpose."""
        if self.stopping or self._poller.refused or any(task.done() for task in self._services):
            return False
        patience = self._options.wait_time + 2 * (self._options.wait_time + READ_MARGIN)
        return self._poller.paused or not self._ask(0) or self.stats.poll_age <= patience

    async def stop(self) -> None:
        """Stop receiving, let handlers finish, give the rest back; a handler may ask for it, too."""
        if self._drain_task is None:
            self._drain_task = self._spawn(self._drain())
        # A handler that waited for the drain would wait for itself.
        if not inside_handler():
            await asyncio.shield(self._drain_task)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        task.add_done_callback(self._report)
        return task

    def _report(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()):
            self._log(logging.CRITICAL, f"the consumer of {self.queue.name!r} is broken: {error!r}")

    def _ask(self, reserved: int) -> int:
        return poll_size(
            max_workers=self._options.max_workers,
            prefetch=self._options.prefetch,
            running=self._dispatcher.running,
            buffered=self._dispatcher.buffered,
            reserved=reserved,
        )

    def _deliver(self, messages: Messages, asked: int) -> None:
        time = now()
        self._recorder.received(self.queue.name, len(messages), asked)
        for message in messages:
            lease = self._table.admit(message, time, self.queue.visibility)
            if lease and self.stopping:
                self.settlement.release(lease)
            elif lease:
                self._dispatcher.offer(lease)
        self._dispatcher.pump()
        self._recorder.inflight(self.queue.name, self._dispatcher.running, self._dispatcher.buffered)

    async def _handle(self, lease: Lease) -> None:
        _handler_task.set(asyncio.current_task())
        if self._options.handler_timeout is not None:
            lease.extend_until = min(lease.extend_until, now() + self._options.handler_timeout)
        try:
            await self._handler(lease, self.settlement)
        except asyncio.CancelledError:
            # Lost leases have left the table already; all others go back at once.
            self.settlement.release(lease)
        except Exception as error:  # noqa: BLE001 - a handler's error must not end the consumer
            self._log(logging.ERROR, f"a handler of {self.queue.name!r} failed: {error!r}")
        finally:
            if lease.held:
                lease.state = LeaseState.ABANDONED

    def _on_end(self, lease: Lease) -> None:
        self._recorder.settled(self.queue.name, _kind(lease))
        if lease.state is LeaseState.LOST:
            self._lost(lease)
        self._dispatcher.ended(lease)
        self._dispatcher.pump()
        self._dispatcher.changed.set()
        self._recorder.inflight(self.queue.name, self._dispatcher.running, self._dispatcher.buffered)

    def _lost(self, lease: Lease) -> None:
        if lease.settled_as is LeaseState.ABANDONED:
            return
        self._log(logging.WARNING, f"the lease on message {lease.message_id} of {self.queue.name!r} was lost")
        self._dispatcher.forget(lease)
        if self._options.on_lease_lost == "cancel":
            self._dispatcher.cancel(lease, "the message's lease was lost")

    async def _drain(self) -> None:
        started = now()
        grace = DEFAULT_GRACE if self._options.graceful_timeout is None else self._options.graceful_timeout
        until = started + grace
        self._poller.stop()
        for lease in self._dispatcher.close():
            self.settlement.release(lease)
        work = {*self._polls, *self._dispatcher.tasks}
        unfinished = await _wait(work, grace - min(SETTLE_TIME, grace / 4))
        for task in unfinished:
            task.cancel("the consumer stops")
        await _wait(unfinished, CANCEL_TIME)
        await self._settle_rest(until)
        await self._close()
        self._recorder.drained(self.queue.name, now() - started)
        self._log(
            logging.INFO,
            f"drained {self.queue.name!r}: cancelled={len(unfinished)} unflushed={len(self._table)} "
            f"ms={(now() - started) * 1000:.0f}",
        )
        self._on_stopped()

    async def _settle_rest(self, until: float) -> None:
        try:
            async with asyncio.timeout_at(max(until, now() + 0.5)):
                await self._deletes.drain()
                await self._writer.drain()
        except TimeoutError:
            self._log(
                logging.WARNING, f"{len(self._table)} messages of {self.queue.name!r} will be delivered again"
            )

    async def _close(self) -> None:
        for task in self._services:
            task.cancel()
        await _wait(set(self._services), CANCEL_TIME)
        await self._deletes.aclose()


async def _wait(tasks: "set[asyncio.Task[None]]", seconds: float) -> "set[asyncio.Task[None]]":
    if not tasks:
        return set()
    _, unfinished = await asyncio.wait(tasks, timeout=max(0.0, seconds))
    return unfinished


def _ack_linger(options: ConsumerOptions, queue: QueueInfo) -> float:
    # The next message of a FIFO group waits for this delete.
    default = 0.02 if queue.fifo else 1.0
    return default if options.ack_linger is None else options.ack_linger


def _kind(lease: Lease) -> Settled:
    match lease.state, lease.settled_as:
        case LeaseState.LOST, LeaseState.ABANDONED:
            return "abandon"
        case LeaseState.LOST, _:
            return "lost"
        case _, LeaseState.REJECTING:
            return "reject"
        case _, LeaseState.NACKING:
            return "release" if lease.released else "nack"
        case _:
            return "ack"
