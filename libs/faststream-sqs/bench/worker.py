"""A peer at work in its own process: started, measured from outside, stopped."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from .peers.notes import Task
from .server import Server

FOLDER = Path(__file__).parent
ENVIRONMENTS = FOLDER / ".envs"
_TICKS = os.sysconf("SC_CLK_TCK")  # per second
_PAGE = os.sysconf("SC_PAGE_SIZE")  # bytes


@dataclass(frozen=True)
class Peer:
    """Someone who consumes: `script` is a module of `bench.peers`, `needs` what its environment holds."""

    name: str
    script: str
    needs: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def python(self) -> str:
        """Its interpreter: this one, or that of its own environment, made at its first use."""
        if not self.needs:
            return sys.executable
        place = ENVIRONMENTS / self.script
        if not place.exists():
            subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, place], check=True)  # noqa: S603, S607 - uv, by our own arguments
            command: list[str | Path] = ["uv", "pip", "install", "--quiet", "--python", place, *self.needs]
            subprocess.run(command, check=True)  # noqa: S603 - the same
        return str(place / "bin" / "python")

    def command(self, task: Task, *more: str) -> list[str]:
        """How to start it."""
        return [self.python, "-m", f"bench.peers.{self.script}", json.dumps(asdict(task)), *more]


@dataclass(frozen=True)
class Note:
    """A line of the notes; `at` is a wall-clock time."""

    what: str
    queue: str
    number: int
    at: float


@dataclass
class Worker:
    """A peer's process."""

    process: subprocess.Popen[bytes]
    task: Task

    def cpu(self) -> float:
        """Seconds of processor time so far, children included."""
        return sum(_cpu(pid) for pid in _family(self.process.pid))

    def rss(self) -> float:
        """MiB of memory, children included."""
        return sum(_rss(pid) for pid in _family(self.process.pid))

    def descriptors(self) -> int:
        """Open files."""
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in _family(self.process.pid))

    def threads(self) -> int:
        """Threads, children's included."""
        return sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in _family(self.process.pid))

    def notes(self) -> list[Note]:
        """All it has noted."""
        lines = (line.split() for line in Path(self.task.notes).read_text().splitlines())
        return [Note(what, queue, int(number), float(at)) for what, queue, number, at in lines]

    def repeats(self) -> int:
        """Calls of one message at one stage beyond the first."""
        calls = Counter((note.queue, note.number) for note in self.notes() if note.what == "begin")
        return sum(calls.values()) - len(calls)

    def stop(self, seconds: float = 60.0) -> float:
        """SIGTERM; seconds until it was gone."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        return time.monotonic() - started


@contextmanager
def working(peer: Peer, task: Task, server: Server) -> Iterator[Worker]:
    """A peer that has begun to receive from every queue."""
    with tempfile.TemporaryDirectory() as folder:
        mine = Task(
            **asdict(task) | {"notes": f"{folder}/notes", "options": {**task.options, **peer.options}}
        )
        Path(mine.notes).touch()
        command = peer.command(mine)
        with Path(folder, "errors").open("wb") as errors, _started(command, errors) as process:
            try:
                until(
                    lambda: server.requests().get("receive_message", 0) >= len(mine.queues), process, folder
                )
                yield Worker(process, mine)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()


def _started(command: Sequence[str], output: IO[bytes]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command, stdout=output, stderr=output, env=_surroundings())  # noqa: S603 - our own script


def templates(peer: Peer, task: Task, server: Server, count: int) -> list[Mapping[str, Any]]:
    """The first queue's messages, as this peer's own producer writes them."""
    if peer.script in {"ours", "limit", "lean_limit", "amgi_worker"}:
        return [{"MessageBody": json.dumps({"number": number})} for number in range(count)]
    command = peer.command(replace(task, notes=os.devnull), str(count))
    subprocess.run(command, check=True, env=_surroundings(), stdout=sys.stderr)  # noqa: S603 - our own script
    return list(server.control("GET", "messages", {"queue": task.queues[0], "limit": count}))


def until(
    condition: Callable[[], bool], process: "subprocess.Popen[bytes]", folder: str, seconds: float = 60.0
) -> None:
    """Wait for a condition while the process lives."""
    deadline = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"no start: {Path(folder, 'errors').read_text()[-2000:]}")
        time.sleep(0.05)


def _surroundings() -> dict[str, str]:
    # Peers find this package's folder; only ours finds ours.
    mine = os.environ.get("PYTHONPATH", "")
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [str(FOLDER.parent), mine]))}


def _family(pid: int) -> Sequence[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [pid, *(one for child in text.split() for one in _family(int(child)))]


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _rss(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 2**20
    except OSError:
        return 0.0
