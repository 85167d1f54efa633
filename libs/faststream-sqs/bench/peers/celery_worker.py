"""Celery's worker: acks late, threads when calls wait and two processes when they do not."""

import sys
import time
from typing import Any

from celery import Celery  # type: ignore[import-not-found]  # only in its own environment

from bench.peers.notes import Notes, Task, given_task


def make_app(task: Task) -> Any:
    """An application of one task per stage."""
    place = task.url.removeprefix("http://")
    app = Celery("bench", broker=f"sqs://bench:bench@{place}")
    app.conf.update(
        broker_transport_options={
            "region": "us-east-1",
            "is_secure": False,
            "wait_time_seconds": 20,
            "polling_interval": 0,
            "visibility_timeout": task.visibility,
        },
        task_acks_late=True,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        task_ignore_result=True,
        broker_connection_retry_on_startup=True,
        task_routes={queue: {"queue": queue} for queue in task.queues},
    )
    notes = Notes(task)
    for queue in task.queues:
        add_stage(app, task, queue, notes)
    return app


def add_stage(app: Any, task: Task, queue: str, notes: Notes) -> None:
    """One task, handing on to the next."""
    following = task.following(queue)

    def handle(number: int) -> None:
        notes.begin(queue, number)
        if task.seconds:
            time.sleep(task.seconds)
        notes.end(queue, number)
        if following:
            app.send_task(following, (number,))

    app.task(handle, name=queue)


def main() -> None:
    """Run until SIGTERM, or put so many messages into the first queue."""
    task = given_task()
    app = make_app(task)
    if len(sys.argv) > 2:  # noqa: PLR2004 - a count was given
        for number in range(int(sys.argv[2])):
            app.send_task(task.queues[0], (number,))
        return
    pool = ["--pool", "threads", "--concurrency", str(min(100, task.in_flight * len(task.queues)))]
    if not task.seconds:
        pool = ["--pool", "prefork", "--concurrency", "2"]
    app.worker_main(
        ["--quiet", "worker", "--without-gossip", "--without-mingle", "-Q", ",".join(task.queues), *pool]
    )


if __name__ == "__main__":
    main()
