"""What is measured: each scenario puts a peer to work on a fresh server and returns its figures."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .peers.notes import Task
from .server import Server
from .worker import Peer, Worker, templates, working

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


def saturated(peer: Peer, server: Server, load: Load) -> Figures:
    """B1, B2, B3: all messages at once."""
    task, entries = prepared(peer, load, server)
    with working(peer, task, server) as worker:
        server.put(STAGES[0], entries[: load.warm_up])
        empty(server, 120)
        server.forget_requests()
        cpu, started = worker.cpu(), time.time()
        server.put(STAGES[0], entries[load.warm_up :])
        done = empty(server, 300)
        figures = economy(worker, server, load.messages * len(STAGES), cpu)
        wall = max(note.at for note in worker.notes()) - started
        rounds = -(-load.messages // load.in_flight) + len(STAGES) - 1
        ideal = load.messages / (rounds * load.seconds) if load.seconds else 0.0
        return figures | {
            "pipelines_per_s": load.messages / wall,
            "efficiency": load.messages / wall / ideal if ideal else 0.0,
            "half_s": half(worker, started),
            "rss_mib": worker.rss(),
            "lost": 0.0 if done else float(server.held()),
            "repeats": float(worker.repeats()),
        }


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


def trickle(peer: Peer, server: Server, load: Load, rate: float) -> Figures:
    """B1t, B4: messages one by one, at a rate; how much later each is through than it must be."""
    task, entries = prepared(peer, load, server)
    with working(peer, task, server) as worker:
        server.put(STAGES[0], entries[: load.warm_up])
        empty(server, 60)
        time.sleep(1)
        server.forget_requests()
        cpu = worker.cpu()
        sent = {}
        for number, entry in enumerate(entries[load.warm_up :], load.warm_up):
            sent[number] = time.time()
            server.put(STAGES[0], [entry])
            time.sleep(max(0.0, sent[number] + 1 / rate - time.time()))
        empty(server, 60)
        figures = economy(worker, server, load.messages * len(STAGES), cpu)
        ends = {n.number: n.at for n in worker.notes() if (n.what, n.queue) == ("end", STAGES[-1])}
        late = sorted((ends[n] - sent[n] - len(STAGES) * load.seconds) * 1000 for n in sent if n in ends)
        return figures | {"p50_ms": statistics.median(late), "p99_ms": late[int(len(late) * 0.99)]}


def idle(peer: Peer, server: Server, seconds: float) -> Figures:
    """B5: four empty queues."""
    queues = [*STAGES, "fourth"]
    server.prepare(queues, round_trip=0.0, visibility=30)
    task = replace(Load(0, in_flight=10).task(server), queues=queues)
    with working(peer, task, server) as worker:
        time.sleep(2)
        before, cpu = server.requests().get("receive_message", 0), worker.cpu()
        time.sleep(seconds)
        receives = server.requests().get("receive_message", 0) - before
        minutes = seconds / 60
        return {
            "receives_per_queue_min": receives / len(queues) / minutes,
            "cpu_ms_per_min": (worker.cpu() - cpu) * 1000 / minutes,
        }


def slope(peer: Peer, server: Server, load: Load) -> Figures:
    """B6: memory per thousand messages, after a third of them."""
    task, entries = prepared(peer, load, server)
    third = load.warm_up + load.messages // 3
    with working(peer, task, server) as worker:
        server.put(STAGES[0], entries[:third])
        empty(server, 600)
        before, files = worker.rss(), worker.descriptors()
        server.put(STAGES[0], entries[third:])
        empty(server, 600)
        thousands = (len(entries) - third) * len(STAGES) / 1000
        return {
            "kib_per_1000": (worker.rss() - before) * 1024 / thousands,
            "more_descriptors": float(worker.descriptors() - files),
        }


def long_calls(peer: Peer, server: Server, load: Load, *, faults: int, stall: float) -> Figures:
    """B7, B7f: calls longer than their lease, through an outage of its extension and a stall of the loop."""
    task, entries = prepared(peer, load, server, stall=stall)
    with working(peer, task, server) as worker:
        if faults:
            for action in ("change_message_visibility", "change_message_visibility_batch"):
                server.control("POST", "faults", {"action": action, "times": faults})
        server.forget_requests()
        server.put(STAGES[0], entries)
        done = empty(server, 40 + 6 * load.seconds)
        figures = economy(worker, server, load.messages * len(STAGES), 0.0)
        return {
            "visibilities": figures["visibilities"],
            "repeats": float(worker.repeats()),
            "lost": 0.0 if done else float(server.held()),
        }


def stopped(peer: Peer, server: Server, load: Load, grace: float) -> Figures:
    """B9: SIGTERM in the middle; then a second worker finishes what is left."""
    task, entries = prepared(peer, load, server, grace=grace)
    with working(peer, task, server) as worker:
        server.put(STAGES[0], entries)
        while sum(note.what == "begin" for note in worker.notes()) < min(load.in_flight, load.messages):
            time.sleep(0.02)
        time.sleep(0.2)
        took = worker.stop()
        stuck = server.hidden()
        first = worker.notes()
    with working(peer, task, server) as second:
        done = empty(server, 60 + load.visibility)
        calls = [n for n in [*first, *second.notes()] if n.what == "begin"]
        repeats = len(calls) - len({(n.queue, n.number) for n in calls})
        lost = 0.0 if done else float(server.held())
        return {"exit_s": took, "stuck": float(stuck), "lost": lost, "repeats": float(repeats)}


FAULTS: list[dict[str, Any]] = [
    {},
    {"reset": True},
    {"reset": True, "after_effect": True},
    {"entries": [0, 3], "code": "InternalError"},
]


def stormy(peer: Peer, server: Server, load: Load, rate: float) -> Figures:
    """B12: a share of all requests fails; against the same load in good weather."""
    calm = saturated(peer, server, load)
    task, entries = prepared(peer, load, server)
    with working(peer, task, server) as worker:
        server.put(STAGES[0], entries[: load.warm_up])
        empty(server, 60)
        server.control("PUT", "faults", {"rate": rate, "faults": FAULTS, "seed": 5})
        started = time.time()
        server.put(STAGES[0], entries[load.warm_up :])
        time.sleep(1)
        done = empty(server, 120 + 2 * load.visibility)
        finished = {(n.queue, n.number) for n in worker.notes() if n.what == "end"}
        missing = len(entries) * len(STAGES) - len(finished)
        return {
            "lost": float(missing),
            "left": 0.0 if done else float(server.held()),
            "repeats": float(worker.repeats()),
            "throughput_kept": calm["half_s"] / half(worker, started),
        }


def noop(peer: Peer, server: Server) -> Figures:  # noqa: ARG001 - a scenario's signature
    """B14: no server, no work."""
    command = [sys.executable, "-m", "bench.noop", peer.name]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own script
    return dict(json.loads(answer.stdout))


Scenario = Callable[[Peer, Server], Figures]
SCENARIOS: Mapping[str, Scenario] = {
    "B1": lambda peer, server: saturated(peer, server, Load(900)),
    "B3": lambda peer, server: saturated(
        peer, server, Load(1800, seconds=1.0, in_flight=300, round_trip=0.01)
    ),
    "B4": lambda peer, server: trickle(
        peer, server, Load(30, seconds=0.2, in_flight=10, round_trip=0.01, warm_up=5), 2.0
    ),
    "B4f": lambda peer, server: trickle(
        peer, server, Load(200, seconds=0.2, in_flight=20, round_trip=0.01, warm_up=5), 20.0
    ),
    "B5": lambda peer, server: idle(peer, server, 40.0),
    "B6": lambda peer, server: slope(peer, server, Load(6_000)),
    "B7": lambda peer, server: long_calls(
        peer, server, Load(16, seconds=10.0, in_flight=16, visibility=6, warm_up=0), faults=0, stall=0.0
    ),
    "B7f": lambda peer, server: long_calls(
        peer, server, Load(16, seconds=10.0, in_flight=16, visibility=6, warm_up=0), faults=60, stall=5.0
    ),
    "B9": lambda peer, server: stopped(
        peer, server, Load(24, seconds=2.0, in_flight=24, visibility=10, warm_up=0), 25.0
    ),
    "B9s": lambda peer, server: stopped(
        peer, server, Load(24, seconds=2.0, in_flight=24, visibility=10, warm_up=0), 1.0
    ),
    "B14": noop,
    "B12": lambda peer, server: stormy(
        peer, server, Load(1200, seconds=0.05, in_flight=30, visibility=10), 0.2
    ),
}
