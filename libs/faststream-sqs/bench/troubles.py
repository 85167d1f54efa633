"""What goes wrong: calls longer than their lease, stops in the middle, a server that fails."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from .load import STAGES, Figures, Load, economy, empty, half, prepared
from .scenarios import saturated
from .server import Server
from .worker import Note, Peer, Worker, working


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
        patience = max([load.seconds, *server.polls()])
        took = worker.stop()
        stuck = most_hidden(server)
        first = worker.notes()
    with working(peer, task, server) as second:
        done = empty(server, 60 + load.visibility)
        return {
            "exit_s": took,
            "limit_s": min(patience, grace) + 2,
            "stuck": float(stuck),
            "lost": 0.0 if done else float(server.held()),
        } | repetitions([*first, *second.notes()])


def most_hidden(server: Server) -> int:
    """The most messages that were hidden, until the last receive left behind has ended."""
    most = server.hidden()
    while server.polls():
        time.sleep(0.2)
        most = max(most, server.hidden())
    return most


def repetitions(notes: Sequence[Note]) -> dict[str, float]:
    """Calls that were cut off, calls beyond the first of a message, and those of a call that had ended."""
    ended: set[tuple[str, int]] = set()
    begun: Counter[tuple[str, int]] = Counter()
    ends = finished_again = 0
    for note in notes:
        key = (note.queue, note.number)
        if note.what == "end":
            ends += 1
            ended.add(key)
            continue
        finished_again += key in ended
        begun[key] += 1
    calls = sum(begun.values())
    return {
        "cut_off": float(calls - ends),
        "repeats": float(calls - len(begun)),
        "finished_repeats": float(finished_again),
    }


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
        return {
            "throughput_kept": calm["half_s"] / half(worker, started),
            "lost": float(len(entries) * len(STAGES) - len(finished)),
            "left": 0.0 if done else float(server.held()),
        } | origins(worker, server, len(entries) * len(STAGES))


def origins(worker: Worker, server: Server, expected: int) -> dict[str, float]:
    """Where repeated calls come from.

    A send whose answer was lost is made again: a second message, which no receiver can tell from the first.
    A message whose delete was asked for comes again when every delete fails until its lease ends.
    """
    tally = server.deliveries()
    resent, repeats = tally["stored"] - expected, worker.repeats()
    return {
        "repeats": float(repeats),
        "resent": float(resent),
        "finished_repeats": float(tally["finished_again"]),
        "late_deletes": float(tally["late_deletes"]),
        "other_repeats": float(repeats - resent - tally["finished_again"]),
    }
