"""Results as Markdown: medians, ranges, and ratios to the limit of the same run."""

import platform
import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from .load import Figures

SHOWN = {
    "B1": ("requests", "receives", "deletes", "sends", "cpu_ms", "pipelines_per_s", "lost", "repeats"),
    "B1t": ("requests", "receives", "deletes", "sends", "p50_ms", "p99_ms", "cpu_ms"),
    "B3": ("pipelines_per_s", "efficiency", "requests", "cpu_ms", "rss_mib", "per_gib", "lost", "repeats"),
    "B4": ("p50_ms", "p99_ms", "requests", "cpu_ms"),
    "B4f": ("p50_ms", "p99_ms", "requests", "cpu_ms"),
}
NAMED = {  # figures that have a name of their own
    "B1": "B2 is `cpu_ms` of ours beside the limit's, B2l that of lean.",
    "B3": "B3m is `per_gib`: pipelines a second per GiB of memory.",
    "B9": "`limit_s` is the longer of the handlers and of what the open receives had left, and two seconds.",
    "B9s": "`limit_s` is the grace and two seconds; `cut_off` calls begin again elsewhere.",
    "B12": "`resent` is a second message, sent because the first one's answer was lost.",
}
REFERENCE = "limit"


@dataclass
class Results:
    """Figures by scenario and peer, one entry per round."""

    rounds: dict[str, dict[str, list[Figures]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def add(self, scenario: str, peer: str, figures: Figures) -> None:
        """One round's figures."""
        self.rounds[scenario][peer].append(figures)


def table(results: Results) -> str:
    """One table per scenario."""
    return "\n\n".join(_scenario(name, peers) for name, peers in results.rounds.items()) + "\n"


def _scenario(name: str, peers: dict[str, list[Figures]]) -> str:
    first = next(iter(peers.values()))[0]
    shown = SHOWN.get(name, tuple(first))
    head = [f"### {name}", "", "| peer | " + " | ".join(shown) + " |", "|---" * (len(shown) + 1) + "|"]
    reference = {figure: _median(peers.get(REFERENCE, []), figure) for figure in shown}
    rows = [
        f"| {peer} | " + " | ".join(_cell(rounds, figure, reference[figure]) for figure in shown) + " |"
        for peer, rounds in peers.items()
    ]
    note = ["", NAMED[name]] if name in NAMED else []
    return "\n".join(head + rows + note)


def _cell(rounds: list[Figures], figure: str, reference: float) -> str:
    values = [one[figure] for one in rounds]
    low, middle, high = min(values), statistics.median(values), max(values)
    text = f"{middle:.3g}" if low == high else f"{middle:.3g} ({low:.3g} to {high:.3g})"
    return f"{text}, x{middle / reference:.2f}" if reference else text


def _median(rounds: list[Figures], figure: str) -> float:
    return statistics.median(one[figure] for one in rounds) if rounds else 0.0


def machine() -> str:
    """When and on what."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    cores = sum(line.startswith("processor") for line in lines)
    day = datetime.now(UTC).date()
    return (
        f"{day}, {cores} cores ({model or platform.machine()}), Python {platform.python_version()}, loopback."
    )
