"""One queue's consumer: polls, runs handlers, settles, keeps leases alive, and stops without a trace."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextvars import Context, ContextVar
from dataclasses import dataclass
from typing import Any, Literal

from .batches import BatchDispatcher
from .client import QueueInfo, SQSApi
from .custody import CANCEL_TIME, SETTLE_TIME, Custody, wait_for
from .dead_letter import DeadLetters
from .dispatch import Dispatcher
from .lease import Lease, LeaseState
from .permits import batch_poll_size, poll_size
from .poller import DEAD_END, Messages, Poller
from .recorder import Recorder
from .settlement import Retry, Settlement
from .timing import Log, now

OnLeaseLost = Literal["cancel", "continue"]
Handler = Callable[[Lease, Settlement], Awaitable[None]]
BatchHandler = Callable[[Sequence[Lease], Settlement], Awaitable[None]]

Tasks = set[asyncio.Task[None]]

READ_MARGIN = 10  # seconds a receive may outlast its wait before the client gives up
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
    batch_size: int = 10
    batch_window: float = 0.0


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
        batch_handler: BatchHandler | None = None,
        recorder: Recorder,
        dead_letters: DeadLetters | None,
        retry: Retry,
        log: Log,
        on_stopped: Callable[[], None] = lambda: None,
    ) -> None:
        self.queue, self._options, self._log = queue, options, log
        self._handler, self._batch_handler = handler, batch_handler
        self._recorder, self._on_stopped = recorder, on_stopped
        self._custody = Custody(
            api,
            queue,
            recorder=recorder,
            dead_letters=dead_letters,
            retry=retry,
            log=log,
            on_end=self._on_end,
            max_lease=options.max_lease,
            ack_linger=options.ack_linger,
            heartbeat=options.heartbeat,
        )
        self.settlement = self._custody.settlement
        self._dispatcher = self._make_dispatcher()
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
        self._hurried = asyncio.Event()
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
            pending_acks=self._custody.table.count()[LeaseState.ACKING],
            leases=len(self._custody.table),
            paused=self._poller.paused,
            poll_age=now() - self._poller.last_success,
        )

    def start(self) -> None:
        """Begin to poll."""
        self._custody.start(self._spawn)
        self._polls = [self._spawn(self._poller.run(extra=bool(n))) for n in range(self._options.pollers)]

    def pause(self) -> None:
        """Receive nothing more for now; what is held goes on and stays leased."""
        self._poller.pause()

    def resume(self) -> None:
        """Receive again."""
        self._poller.resume()

    def healthy(self) -> bool:
        """Whether SQS answers, or has no reason to be asked: saturated, or paused on purpose."""
        if self.stopping or self._poller.refused or not self._custody.alive:
            return False
        return self._poller.paused or not self._ask(0) or self.stats.poll_age <= self._patience

    def alive(self) -> bool:
        """Whether the engine itself is at work, whatever SQS answers: a restart would not help it."""
        if self.stopping:
            return True
        if not self._custody.alive or any(task.done() for task in self._polls):
            return False
        silent = now() - self._poller.last_answer
        # Between two attempts during an outage there is silence, too.
        return self._poller.paused or not self._ask(0) or silent <= self._patience + DEAD_END

    @property
    def _patience(self) -> float:
        return self._options.wait_time + 2 * (self._options.wait_time + READ_MARGIN)

    def hurry(self) -> None:
        """Cut a stop short: handlers still at work are cancelled now, their messages go back."""
        self._hurried.set()

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

    def _make_dispatcher(self) -> Dispatcher:
        options, give_back = self._options, self.settlement.release
        if self._batch_handler is None:
            return Dispatcher(options.max_workers, self._handle, give_back, fifo=self.queue.fifo)
        return BatchDispatcher(
            options.max_workers,
            self._handle_batch,
            give_back,
            fifo=self.queue.fifo,
            size=options.batch_size,
            window=options.batch_window,
        )

    def _ask(self, reserved: int) -> int:
        options, dispatcher = self._options, self._dispatcher
        if isinstance(dispatcher, BatchDispatcher):
            return batch_poll_size(
                workers=options.max_workers,
                busy=dispatcher.busy,
                size=options.batch_size,
                prefetch=options.prefetch,
                running=dispatcher.running,
                buffered=dispatcher.buffered,
                reserved=reserved,
            )
        return poll_size(
            max_workers=options.max_workers,
            prefetch=options.prefetch,
            running=dispatcher.running,
            buffered=dispatcher.buffered,
            reserved=reserved,
        )

    def _deliver(self, messages: Messages, asked: int) -> None:
        time = now()
        self._recorder.received(self.queue.name, len(messages), asked)
        for message in messages:
            lease = self._custody.table.admit(message, time, self.queue.visibility)
            if lease:
                self._recorder.arrived(self.queue.name, lease.sent_at, lease.receive_count)
            if lease and self.stopping:
                self.settlement.release(lease)
            elif lease:
                self._dispatcher.offer(lease)
        self._dispatcher.pump()
        self._recorder.inflight(self.queue.name, self._dispatcher.running, self._dispatcher.buffered)

    def _handle(self, lease: Lease) -> Coroutine[Any, Any, None]:
        return self._run([lease], lambda: self._handler(lease, self.settlement))

    async def _handle_batch(self, leases: Sequence[Lease]) -> None:
        if (handler := self._batch_handler) is not None:
            await self._run(leases, lambda: handler(leases, self.settlement))

    async def _run(self, leases: Sequence[Lease], work: Callable[[], Awaitable[None]]) -> None:
        _handler_task.set(asyncio.current_task())
        self._limit(leases)
        try:
            await work()
        except asyncio.CancelledError:
            # Lost leases have left the table already; all others go back at once.
            for lease in leases:
                self.settlement.release(lease)
        except Exception as error:  # noqa: BLE001 - a handler's error must not end the consumer
            self._log(logging.ERROR, f"a handler of {self.queue.name!r} failed: {error!r}")
        finally:
            for lease in leases:
                lease.abandon()
            # A task that its own context names is freed by the garbage collector only.
            _handler_task.set(None)

    def _limit(self, leases: Sequence[Lease]) -> None:
        if self._options.handler_timeout is None:
            return
        until = now() + self._options.handler_timeout
        for lease in leases:
            lease.extend_until = min(lease.extend_until, until)

    def _on_end(self, lease: Lease) -> None:
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
        cancelled = await self._finish(set(self._polls), set(self._dispatcher.tasks), grace)
        await self._custody.settle_rest(until)
        await self._custody.close()
        self._recorder.drained(self.queue.name, now() - started)
        self._log(
            logging.INFO,
            f"drained {self.queue.name!r}: cancelled={cancelled} unflushed={len(self._custody.table)} "
            f"ms={(now() - started) * 1000:.0f}",
        )
        self._on_stopped()

    async def _finish(self, polls: Tasks, handlers: Tasks, grace: float) -> int:
        """Wait for what is under way, cancel what takes too long, and say how much that was."""
        unfinished = await wait_for(
            polls | handlers, grace - min(SETTLE_TIME, grace / 4), unless=self._hurried
        )
        until = now() + CANCEL_TIME
        if cut_off := unfinished & handlers:
            await _cancel(cut_off, until)
            # What they give back goes to a receive still open, even to one whose client has left, and
            # stays hidden there. So such a receive is let bring it here, to be given back once more.
            await wait_for(unfinished & polls, until - now())
        await _cancel({poll for poll in polls if not poll.done()}, until)
        return len(unfinished)


async def _cancel(tasks: Tasks, until: float) -> None:
    for task in tasks:
        task.cancel("the consumer stops")
    await wait_for(tasks, max(0.1, until - now()))
