"""faststream-sqs."""

import asyncio
import gc
import logging
from typing import Any

from faststream import FastStream
from faststream_sqs import SQSBroker, SQSQueue
from pydantic import BaseModel

from bench.peers.notes import Notes, Task, given_task


class Number(BaseModel):
    """What a message carries."""

    number: int


def add_stage(broker: SQSBroker, queue: str, task: Task, notes: Notes) -> None:
    """A subscriber, and a publisher unless it is the last."""

    async def handle(message: Number) -> Number:
        notes.begin(queue, message.number)
        if task.seconds:
            await asyncio.sleep(task.seconds)
        notes.end(queue, message.number)
        return message

    following = task.following(queue)
    handler: Any = broker.publisher(following)(handle) if following else handle
    options: Any = {"prefetch": 20, "pollers": max(1, task.in_flight // 30)} | task.options
    options.pop("transport", None)
    broker.subscriber(
        SQSQueue(queue), max_workers=task.in_flight, visibility_timeout=task.visibility, **options
    )(handler)


def rare_collections() -> None:
    """As the README advises where hundreds of messages are in flight: each keeps some sixty objects alive."""
    gc.freeze()
    gc.set_threshold(10_000)


def main() -> None:
    """Run until SIGTERM."""
    task = given_task()
    notes = Notes(task)
    chosen: Any = {key: value for key, value in task.options.items() if key == "transport"}
    broker = SQSBroker(logger=None, graceful_timeout=task.grace, **task.account(), **chosen)
    for queue in task.queues:
        add_stage(broker, queue, task, notes)
    logging.disable(logging.INFO)
    rare_collections()
    asyncio.run(FastStream(broker, logger=None).run())


if __name__ == "__main__":
    main()
