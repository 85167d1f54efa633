"""What is measured in good weather: each scenario puts a peer to work on a fresh server."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .load import STAGES, Figures, Load, economy, empty, half, prepared
from .server import Server
from .worker import Peer, working


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
            "per_gib": load.messages / wall / worker.rss() * 1024,
            "efficiency": load.messages / wall / ideal if ideal else 0.0,
            "half_s": half(worker, started),
            "rss_mib": worker.rss(),
            "lost": 0.0 if done else float(server.held()),
            "repeats": float(worker.repeats()),
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


LOT = 600  # messages put at a time, so that a deep queue in the server is not what is measured


def slope(peer: Peer, server: Server, load: Load) -> Figures:
    """B6: how memory grows per thousand messages and stage, once the first third is through."""
    task, entries = prepared(peer, load, server)
    lots = [entries[start : start + LOT] for start in range(0, len(entries), LOT)]
    with working(peer, task, server) as worker:
        for lot in lots[: len(lots) // 3]:
            through(server, lot)
        files, threads, before = worker.descriptors(), worker.threads(), worker.rss()
        sizes = [before]
        for lot in lots[len(lots) // 3 :]:
            through(server, lot)
            sizes.append(worker.rss())
        thousands = [LOT * len(STAGES) / 1000 * number for number in range(len(sizes))]
        return {
            "stage_messages": float(len(entries) * len(STAGES)),
            "kib_per_1000": statistics.linear_regression(thousands, sizes).slope * 1024,
            "rss_mib": sizes[-1],
            "more_descriptors": float(worker.descriptors() - files),
            "more_threads": float(worker.threads() - threads),
            "lost": float(server.held()),
        }


def through(server: Server, lot: Sequence[Mapping[str, Any]]) -> None:
    """One lot, from its beginning to its end."""
    server.put(STAGES[0], lot)
    empty(server, 300)


def noop(peer: Peer, server: Server) -> Figures:  # noqa: ARG001 - a scenario's signature
    """B14: no server, no work."""
    command = [sys.executable, "-m", "bench.noop", peer.name]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own script
    return dict(json.loads(answer.stdout))
