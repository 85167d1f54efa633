"""`python -m bench`: a long call with either voice activity, and with PyAV alone; then the bombs."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path

from .recordings import BOMBS, conversation

CALLS = {
    "mu-law WAV": partial(conversation, codec="pcm_mulaw", container="wav", rate=8_000),
    "Opus": partial(conversation, codec="libopus", container="ogg", rate=48_000),
}


def main() -> None:
    """Measure and print a line for each run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["calls", "bombs", "all"], default="all")
    parser.add_argument("--hours", type=float, default=4.0, help="of conversation")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        recording = Path(folder) / "recording"
        calls = _calls(recording, chosen.hours, chosen.rounds) if chosen.what != "bombs" else []
        bombs = _bombs(recording) if chosen.what != "calls" else []
        for line in chain(calls, bombs):
            print(line, flush=True)  # noqa: T201 - the result


def _calls(recording: Path, hours: float, rounds: int) -> Iterator[str]:
    for name, make in CALLS.items():
        make(recording, round(hours * 3600))
        for _ in range(rounds):
            for how in ("pyav", "energy", "silero"):
                figures = _measured(how, recording)
                speed = hours * 3600 / figures["cpu_s"]
                yield f"{hours:g} h stereo {name}, {how}: {speed:.0f} x, {_told(figures)}"


def _bombs(recording: Path) -> Iterator[str]:
    for name, make in BOMBS.items():
        recording.unlink(missing_ok=True)
        make(recording)
        yield f"{name}: {_told(_measured('silero', recording))}"


def _told(figures: dict[str, float]) -> str:
    return (
        "{outcome}, {cpu_s:.1f} s of a core ({wall_s:.1f} s), peak {rss_mib:.0f} MiB, "
        "{above_idle_mib:.0f} above idle, {disk_mib:.0f} MiB on disk, gone after: {gone}"
    ).format(**figures)


def _measured(how: str, recording: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.listen", how, str(recording)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own interpreter
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


if __name__ == "__main__":
    main()
