"""A hand-tuned aiobotocore loop: receive ten, handle them together, send as a batch, then delete as a batch.

What it costs is the floor of what a client of botocore can cost; it forgets everything else: heartbeats,
failures, stops.
"""

import asyncio
import json
import signal
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session

from bench.peers.notes import Notes, Task, given_task


async def lane(client: Any, task: Task, queue: str, notes: Notes) -> None:
    """One of the stage's loops, for ever."""
    url = (await client.get_queue_url(QueueName=queue))["QueueUrl"]
    following = task.following(queue)
    target = (await client.get_queue_url(QueueName=following))["QueueUrl"] if following else None
    settling: set[asyncio.Task[None]] = set()
    while True:
        answer = await client.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=20, VisibilityTimeout=task.visibility
        )
        if messages := answer.get("Messages"):
            await asyncio.gather(*(handle(task, queue, message, notes) for message in messages))
            settled = asyncio.create_task(settle(client, url, target, messages))
            settling.add(settled)
            settled.add_done_callback(settling.discard)


async def settle(client: Any, url: str, target: str | None, messages: list[dict[str, Any]]) -> None:
    """Send on, then delete, while the lane receives the next."""
    if target:
        bodies = [{"Id": str(n), "MessageBody": m["Body"]} for n, m in enumerate(messages)]
        await client.send_message_batch(QueueUrl=target, Entries=bodies)
    handles = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)]
    await client.delete_message_batch(QueueUrl=url, Entries=handles)


async def handle(task: Task, queue: str, message: dict[str, Any], notes: Notes) -> None:
    """What each handler does."""
    number = json.loads(message["Body"])["number"]
    notes.begin(queue, number)
    if task.seconds:
        await asyncio.sleep(task.seconds)
    notes.end(queue, number)


async def main() -> None:
    """Run until SIGTERM."""
    task = given_task()
    notes = Notes(task)
    lanes = max(1, task.in_flight // 10)
    config = AioConfig(max_pool_connections=3 * lanes + 10, read_timeout=30)
    async with get_session().create_client("sqs", config=config, **task.account()) as client:
        work = [lane(client, task, queue, notes) for queue in task.queues for _ in range(lanes)]
        running = asyncio.gather(*work)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
        await asyncio.gather(running, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main())
