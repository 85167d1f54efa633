"""taskiq-aio-sqs, tuned: receives of ten, batched sends, heartbeats."""

import asyncio
import signal
import sys
from typing import Any

from taskiq.receiver import Receiver  # type: ignore[import-not-found]  # only in its own environment
from taskiq_aio_sqs import SQSBroker  # type: ignore[import-not-found]  # the same

from bench.peers.notes import Notes, Task, given_task


def make_broker(task: Task, queue: str, *, batching: bool) -> Any:
    """A broker of one queue."""
    return SQSBroker(
        queue,
        wait_time_seconds=20,
        max_number_of_messages=10,
        visibility_timeout=task.visibility,
        enable_batching=batching,
        batch_size=10,
        batch_timeout=0.1,
        enable_heartbeat=task.seconds * 2 > task.visibility,
        **task.account(),
    )


def add_tasks(task: Task, notes: Notes, *, batching: bool) -> dict[str, Any]:
    """One broker and one task for each stage."""
    stages: dict[str, Any] = {}

    def add(queue: str) -> None:
        broker, following = make_broker(task, queue, batching=batching), task.following(queue)

        @broker.task(task_name=queue)  # type: ignore[untyped-decorator]  # not installed where this is checked
        async def handle(number: int) -> None:
            notes.begin(queue, number)
            if task.seconds:
                await asyncio.sleep(task.seconds)
            notes.end(queue, number)
            if following:
                await stages[following].kiq(number)

        stages[queue] = handle

    for queue in task.queues:
        add(queue)
    return stages


async def main() -> None:
    """Run until SIGTERM, or put so many messages into the first queue."""
    task = given_task()
    feeding = len(sys.argv) > 2  # noqa: PLR2004 - a count was given
    # What is still in a batch when its broker shuts down is lost.
    stages = add_tasks(task, Notes(task), batching=not feeding)
    if feeding:
        await feed(stages[task.queues[0]], int(sys.argv[2]))
        return
    finish = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, finish.set)
    brokers = [stage.broker for stage in stages.values()]
    for broker in brokers:
        broker.is_worker_process = True
        await broker.startup()
    receivers = [Receiver(b, max_async_tasks=task.in_flight, run_startup=False) for b in brokers]
    await asyncio.gather(*(receiver.listen(finish) for receiver in receivers))
    for broker in brokers:
        await broker.shutdown()


async def feed(stage: Any, count: int) -> None:
    """The messages the measurement begins with."""
    await stage.broker.startup()
    for number in range(count):
        await stage.kiq(number)
    await stage.broker.shutdown()


if __name__ == "__main__":
    asyncio.run(main())
