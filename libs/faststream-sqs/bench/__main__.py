"""`python -m bench`: every scenario, ours and the peers interleaved, as a table with medians and ratios."""

import argparse
import sys
from pathlib import Path

from .report import Results, machine, table
from .scenarios import SCENARIOS
from .server import running_server
from .worker import Peer

PEERS = {
    "ours": Peer("ours", "ours"),
    "lean": Peer("lean", "ours", options={"transport": "lean"}),
    "limit": Peer("limit", "limit"),
    "celery": Peer("celery", "celery_worker", ("celery[sqs]==5.7.0",)),
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
    results = Results()
    with running_server() as server:
        for scenario in chosen.scenarios:
            for _ in range(chosen.rounds):
                for name in chosen.peers.split(","):
                    figures = SCENARIOS[scenario](PEERS[name], server)
                    results.add(scenario, name, figures)
                    print(scenario, name, {k: round(v, 3) for k, v in figures.items()}, file=sys.stderr)  # noqa: T201 - progress
    text = f"{machine()}\n\n{table(results)}"
    if chosen.output:
        chosen.output.write_text(text)
    else:
        print(text)  # noqa: T201 - the result


if __name__ == "__main__":
    main()
