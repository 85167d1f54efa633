"""What every peer shares: its task, and a file of notes on each call. Standard library only."""

import json
import os
import sys
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Task:
    """A pipeline of queues; every handler takes `seconds` and hands on to the next queue."""

    url: str
    queues: list[str]
    notes: str
    seconds: float = 0.0
    in_flight: int = 30
    visibility: int = 30
    grace: float = 25.0
    stall: float = 0.0
    options: dict[str, object] = field(default_factory=dict)

    def following(self, queue: str) -> str | None:
        """The next queue of the pipeline."""
        position = self.queues.index(queue) + 1
        return self.queues[position] if position < len(self.queues) else None

    def account(self) -> dict[str, Any]:
        """A client's arguments."""
        return {
            "endpoint_url": self.url,
            "region_name": "us-east-1",
            "aws_access_key_id": "bench",
            "aws_secret_access_key": "bench",
        }


def given_task() -> Task:
    """The task on the command line."""
    return Task(**json.loads(sys.argv[1]))


class Notes:
    """One line per begin and end of a handler's call, appended at once: a killed process leaves its own."""

    def __init__(self, task: Task) -> None:
        self._file = os.open(task.notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._stall = task.stall

    def begin(self, queue: str, number: int) -> None:
        """A handler begins; the first one stalls the whole process if the task says so."""
        self._write("begin", queue, number)
        if self._stall:
            seconds, self._stall = self._stall, 0.0
            time.sleep(seconds)

    def end(self, queue: str, number: int) -> None:
        """A handler has finished."""
        self._write("end", queue, number)

    def _write(self, what: str, queue: str, number: int) -> None:
        os.write(self._file, f"{what} {queue} {number} {time.time():.6f}\n".encode())
