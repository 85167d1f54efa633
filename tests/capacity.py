"""``python -m capacity``: what one process of each stage takes, measured, for deploy/k8s/README.md.

The models answer at once, so the figures are the services' own: memory, CPU, connections; no provider's pace.
"""

import argparse
import asyncio
import os
import wave
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from urllib.parse import urlsplit

import av
import numpy as np
from model_server import ModelServer, running_model_server
from onebox import samples
from onebox.door import Door, open_door
from onebox.stack import Service, Stack, running_stack
from rich.console import Console

SAMPLE = Path(samples.__file__).parent / "delivery_renewal.opus"
RATE = 16_000  # samples a second
SECOND = os.sysconf("SC_CLK_TCK")  # ticks
ESTABLISHED = "01"


@dataclass
class Taken:
    """What a process was seen to take: megabytes, CPU seconds, connections by server."""

    idle: float
    cpu_before: float
    cpu: float = 0.0
    peak: float = 0.0
    connections: dict[str, int] = field(default_factory=dict)

    def look(self, pid: int, ports: Mapping[int, str]) -> None:
        """Remember the most that is seen."""
        self.peak, self.cpu = _status(pid, "VmHWM"), _cpu(pid) - self.cpu_before
        for server, number in _connections(pid, ports).items():
            self.connections[server] = max(number, self.connections.get(server, 0))


def main() -> None:
    """Print one row for each service."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--concurrency", type=int, default=2)
    asyncio.run(_run(parser.parse_args()))


async def _run(chosen: argparse.Namespace) -> None:
    with TemporaryDirectory() as folder:
        calls = [_call(Path(folder), number, chosen.minutes) for number in range(chosen.calls)]
        async with _standing(Path(folder), chosen.concurrency) as (stack, door, models):
            taken = {name: _idle(_pid(service)) for name, service in stack.services.items()}
            started = monotonic()
            ids = await asyncio.gather(*(door.hand_in(call) for call in calls))
            while not await _done(door, ids):
                _look(stack, models, taken)
                await asyncio.sleep(0.1)
            _look(stack, models, taken)
    _print(taken, chosen, monotonic() - started)


@asynccontextmanager
async def _standing(folder: Path, concurrency: int) -> AsyncIterator[tuple[Stack, Door, ModelServer]]:
    async with running_model_server() as models:
        environment = {**os.environ, **models.variables, "WORKER_CONCURRENCY": str(concurrency)}
        async with running_stack(folder, environment) as stack, open_door(stack.api) as door:
            yield stack, door, models


def _call(folder: Path, number: int, minutes: float) -> Path:
    """Minutes of speech in two channels; each call starts elsewhere, so that none is like another."""
    with av.open(str(SAMPLE)) as source:
        resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
        frames = [part for frame in source.decode(audio=0) for part in resampler.resample(frame)]
    speech = np.concatenate([frame.to_ndarray().reshape(-1, 2) for frame in frames])
    wanted = np.resize(np.roll(speech, number * 4321, axis=0), (int(minutes * 60 * RATE), 2))
    path = folder / f"call-{number}.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(wanted.astype("<i2").tobytes())
    return path


async def _done(door: Door, ids: Sequence[str]) -> bool:
    states = [(await door.call(call))["status"] for call in ids]
    if "failed" in states:
        raise SystemExit(f"a call failed: {states}")
    return set(states) == {"completed"}


def _look(stack: Stack, models: ModelServer, taken: Mapping[str, Taken]) -> None:
    addresses = {
        "MongoDB": stack.environment["MONGODB_URI"],
        "Redis": f"redis://{stack.environment['REDIS_ENDPOINT'].rpartition('//')[2]}",
        "OpenSearch": stack.environment["OPENSEARCH_URL"],
        "provider": models.url,
    }
    ports = {urlsplit(address).port or 0: server for server, address in addresses.items()}
    for name, service in stack.services.items():
        taken[name].look(_pid(service), ports)


def _pid(service: Service) -> int:
    assert service.process
    return service.process.pid


def _idle(pid: int) -> Taken:
    return Taken(idle=_status(pid, "VmRSS"), cpu_before=_cpu(pid))


def _status(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def _cpu(pid: int) -> float:
    values = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(values[11]) + int(values[12])) / SECOND


def _connections(pid: int, ports: Mapping[int, str]) -> dict[str, int]:
    own = {str(path.readlink()) for path in _descriptors(pid)}
    found: dict[str, int] = {}
    for line in Path(f"/proc/{pid}/net/tcp").read_text("ascii").splitlines()[1:]:
        _, _, remote, state, *rest = line.split()
        server = ports.get(int(remote.rpartition(":")[2], 16))
        if server and state == ESTABLISHED and f"socket:[{rest[5]}]" in own:
            found[server] = found.get(server, 0) + 1
    return found


def _descriptors(pid: int) -> list[Path]:
    return [path for path in Path(f"/proc/{pid}/fd").iterdir() if path.is_symlink()]


def _print(taken: Mapping[str, Taken], chosen: argparse.Namespace, seconds: float) -> None:
    console = Console(width=110, highlight=False)
    console.print(
        f"{chosen.calls} calls of {chosen.minutes:g} min, {chosen.concurrency} at a time: {seconds:.0f} s"
    )
    for name, row in taken.items():
        seen = " ".join(f"{server}={number}" for server, number in sorted(row.connections.items()))
        console.print(
            f"{name:12} idle {row.idle:4.0f} MB  peak {row.peak:4.0f} MB"
            f"  CPU {row.cpu / chosen.calls:6.2f} s a call  {seen}"
        )


if __name__ == "__main__":
    main()
