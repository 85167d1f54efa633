"""As many real processes of each stage as somebody asks for, started and stopped as a kubelet does it.

With ``CHAOS=all`` each starts from nothing, else those of this tree's code are forked from one process.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from forked import Forked, forked
from onebox.process import LOOPBACK, Command, Process, reserved_port, running_process
from waiting import until

FACTORIES = {
    "ingest": "ingest.app:create_consumer",
    "transcriber": "transcriber.app:create_app",
    "analyzer": "analyzer.app:create_app",
    "embedder": "embedder.app:create_app",
}
AT_LENGTH = os.environ.get("CHAOS") == "all"
GRACE = 30.0  # seconds between SIGTERM and SIGKILL, where no manifest says otherwise
PATIENCE = 90.0  # seconds a process has to become ready, on however busy a machine


@dataclass
class Pod:
    """One process of a service; *source* is the ``PYTHONPATH`` of another version's code."""

    service: str
    number: int
    life: AsyncExitStack = field(default_factory=AsyncExitStack)
    process: Process | Forked | None = None
    ended: int | None = None

    async def start(self, folder: Path, environment: Mapping[str, str], grace: float) -> None:
        """Start it from nothing and wait until it is ready."""
        port = self.life.enter_context(reserved_port())
        self.process = await self.life.enter_async_context(
            running_process(_command(self, port, folder, environment, grace))
        )

    async def fork(self, folder: Path, environment: Mapping[str, str], grace: float) -> None:
        """Start it from one that has imported everything, and wait until it is ready."""
        log = folder / f"{self.service}-{self.number}.log"
        process = await self.life.enter_async_context(
            forked(FACTORIES[self.service], environment, log, grace)
        )
        self.process = process
        await until(process.ready, PATIENCE, what=f"{self.service} is ready: see {log}")

    async def stop(self) -> None:
        """SIGTERM, SIGKILL after the grace, and note how it ended."""
        assert self.process
        await self.life.aclose()
        self.ended = await self.process.exited()


class Fleet:
    """The processes of every service."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], graces: Mapping[str, float] | None = None
    ) -> None:
        self._folder, self._environment, self._graces = folder, environment, graces or {}
        self._pods: dict[str, list[Pod]] = {service: [] for service in FACTORIES}
        self._numbers = count(1)
        self.past: list[Pod] = []

    def size(self, service: str) -> int:
        """How many processes of a service run or start."""
        return len(self._pods[service])

    async def scale(self, service: str, replicas: int, *, source: Path | None = None) -> None:
        """Start what is missing, stop the eldest of what is too many; return when that is done."""
        pods = self._pods[service]
        leaving = pods[: max(0, len(pods) - replicas)]
        missing = range(replicas - len(pods))
        await _together(
            *(self.retire(pod) for pod in leaving),
            *(self.start(service, source=source) for _ in missing),
        )

    async def start(self, service: str, *, source: Path | None = None) -> Pod:
        """One more process, ready."""
        pod = Pod(service, next(self._numbers))
        self._pods[service].append(pod)
        # Imports are most of what a start costs; another version's are not those of this tree.
        begin = pod.start if AT_LENGTH or source else pod.fork
        await begin(self._folder, self._told(source), self._grace(service))
        return pod

    async def retire(self, pod: Pod) -> None:
        """One process less; it no longer counts from now on."""
        self._pods[pod.service].remove(pod)
        self.past.append(pod)
        await pod.stop()

    async def replace(self, service: str, *, source: Path | None = None) -> None:
        """A rollout without a gap: new processes first, then the old ones go."""
        before = self.size(service)
        await self.scale(service, 2 * before, source=source)
        await self.scale(service, before)

    async def stop(self) -> None:
        """Stop everything."""
        await _together(*(self.scale(service, 0) for service in self._pods))

    def _grace(self, service: str) -> float:
        return self._graces.get(service, GRACE)

    def _told(self, source: Path | None) -> Mapping[str, str]:
        return self._environment if source is None else {**self._environment, **elsewhere(source)}


@asynccontextmanager
async def open_fleet(
    folder: Path, environment: Mapping[str, str], graces: Mapping[str, float] | None = None
) -> AsyncIterator[Fleet]:
    """A fleet of nobody yet; in the end nobody is left behind."""
    fleet = Fleet(folder, environment, graces)
    try:
        yield fleet
    finally:
        await fleet.stop()


def elsewhere(source: Path) -> dict[str, str]:
    """Run the code below *source* instead of this tree's."""
    roots = [*source.glob("services/*/src"), *source.glob("libs/*/src")]
    return {"PYTHONPATH": ":".join(str(root) for root in sorted(roots))}


def _command(pod: Pod, port: int, folder: Path, environment: Mapping[str, str], grace: float) -> Command:
    return Command(
        name=f"{pod.service}-{pod.number}",
        argv=(
            *(sys.executable, "-m", "common.serve", "--factory", FACTORIES[pod.service]),
            *("--host", LOOPBACK, "--port", str(port), "--no-access-log", "--log-level", "warning"),
        ),
        env={**environment, "PORT": str(port)},
        ready=f"http://{LOOPBACK}:{port}/health/ready",
        log=folder / f"{pod.service}-{pod.number}.log",
        patience=PATIENCE,
        grace=grace,
    )


async def _together(*works: Coroutine[Any, Any, Any]) -> None:
    async with asyncio.TaskGroup() as group:
        for work in works:
            group.create_task(work)
