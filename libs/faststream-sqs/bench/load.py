"""What a scenario puts on a peer, and what that costs."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .peers.notes import Task
from .server import Server
from .worker import Peer, Worker, templates

STAGES = ["first", "second", "third"]
Figures = Mapping[str, float]


@dataclass(frozen=True)
class Load:
    """How much, how fast, how far away."""

    messages: int
    seconds: float = 0.0
    in_flight: int = 30
    round_trip: float = 0.0
    visibility: int = 30
    warm_up: int = 60

    def task(self, server: Server, **more: Any) -> Task:
        """For the peer."""
        return Task(
            server.url,
            STAGES,
            notes="",
            seconds=self.seconds,
            in_flight=self.in_flight,
            visibility=self.visibility,
            **more,
        )


def prepared(peer: Peer, load: Load, server: Server, **more: Any) -> tuple[Task, list[Mapping[str, Any]]]:
    """The peer's task, and its messages: those to warm up first, then those that count."""
    server.prepare(STAGES, round_trip=0.0, visibility=load.visibility)
    task = load.task(server, **more)
    entries = templates(peer, task, server, load.warm_up + load.messages)
    server.prepare(STAGES, round_trip=load.round_trip, visibility=load.visibility)
    return task, entries


def empty(server: Server, seconds: float) -> bool:
    """Whether all queues were empty in time."""
    deadline = time.monotonic() + seconds
    while server.held():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def half(worker: Worker, started: float) -> float:
    """Seconds until half of the calls had ended: what a lost answer hides comes back much later."""
    ends = sorted(note.at for note in worker.notes() if note.what == "end" and note.at >= started)
    return ends[len(ends) // 2] - started


def economy(worker: Worker, server: Server, stage_messages: int, cpu: float) -> dict[str, float]:
    """Requests and processor time per message and stage; asking for a queue's name is not counted."""
    requests = server.requests()
    kinds = {
        "receives": requests.get("receive_message", 0),
        "deletes": requests.get("delete_message", 0) + requests.get("delete_message_batch", 0),
        "sends": requests.get("send_message", 0) + requests.get("send_message_batch", 0),
        "visibilities": sum(count for name, count in requests.items() if name.startswith("change_")),
    }
    per_message = {name: count / stage_messages for name, count in kinds.items()}
    return per_message | {
        "requests": sum(requests.values()) / stage_messages,
        "cpu_ms": (worker.cpu() - cpu) / stage_messages * 1000,
    }
