"""amgi-aiobotocore: an application of the AMGI protocol; it receives one message at a time, waiting 2 s."""

import asyncio
import json
from typing import Any

from amgi_aiobotocore.sqs import run  # type: ignore[import-not-found]  # only in its own environment

from bench.peers.notes import Notes, Task, given_task

LOOPS = 3  # receives per queue: its client has ten connections, of three queues' polls and all deletes


def make_app(task: Task) -> Any:
    """Each message is handled, sent on, and acknowledged."""
    notes = Notes(task)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
            return
        queue, number = scope["address"], json.loads(scope["payload"])["number"]
        notes.begin(queue, number)
        if task.seconds:
            await asyncio.sleep(task.seconds)
        notes.end(queue, number)
        if following := task.following(queue):
            event = {"type": "message.send", "address": following, "headers": []}
            await send(event | {"payload": scope["payload"]})
        await send({"type": "message.ack"})

    return app


async def lifespan(receive: Any, send: Any) -> None:
    """Nothing to start, nothing to stop."""
    for answer in ("lifespan.startup.complete", "lifespan.shutdown.complete"):
        await receive()
        await send({"type": answer})


def main() -> None:
    """Run until SIGTERM."""
    task = given_task()
    queues = [queue for queue in task.queues for _ in range(min(LOOPS, task.in_flight))]
    run(make_app(task), *queues, **task.account())


if __name__ == "__main__":
    main()
