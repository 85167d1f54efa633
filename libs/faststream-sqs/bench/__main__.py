"""`python -m bench`: every scenario, ours and the peers interleaved, as a table with medians and ratios."""

import argparse
import sys
from pathlib import Path

from .catalogue import SCENARIOS
from .report import Results, machine, table
from .server import Server, running_server
from .worker import Peer

PEERS = {
    "ours": Peer("ours", "ours"),
    "lean": Peer("lean", "ours", options={"transport": "lean"}),
    "limit": Peer("limit", "limit"),
    "redis": Peer("redis", "noop"),  # FastStream's own broker, B14 only
    "celery": Peer("celery", "celery_worker", ("celery[sqs]==5.7.0",)),
    "amgi": Peer("amgi", "amgi_worker", ("amgi-aiobotocore==0.49.0",)),
    "taskiq": Peer("taskiq", "taskiq_worker", ("taskiq-aio-sqs==2.1.1", "taskiq==0.13.0")),
}


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("scenarios", nargs="*", default=list(SCENARIOS), help="of " + ", ".join(SCENARIOS))
    parser.add_argument("--peers", default="ours,limit", help="of " + ", ".join(PEERS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, help="a Markdown file for the report, else standard output")
    chosen = parser.parse_args()
    peers = [PEERS[name] for name in chosen.peers.split(",")]
    results = Results()
    with running_server() as server:
        for scenario in chosen.scenarios:
            measure(scenario, peers, chosen.rounds, server, results)
            if chosen.output:  # what is measured is kept, whatever becomes of the rest
                chosen.output.write_text(f"{machine()}\n\n{table(results)}")
    if not chosen.output:
        print(f"{machine()}\n\n{table(results)}")  # noqa: T201 - the result


def measure(scenario: str, peers: list[Peer], rounds: int, server: Server, results: Results) -> None:
    """All rounds of a scenario, the peers taking turns."""
    for _ in range(rounds):
        for peer in peers:
            figures = SCENARIOS[scenario](peer, server)
            results.add(scenario, peer.name, figures)
            print(scenario, peer.name, {k: round(v, 3) for k, v in figures.items()}, file=sys.stderr)  # noqa: T201 - progress


if __name__ == "__main__":
    main()
