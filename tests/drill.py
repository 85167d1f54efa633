"""Servers, the API and a fleet under load: what scaling, rollouts and evictions are tried on."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from audio_files import write_call
from autoscaler import Autoscaler
from backstage import Backstage, open_backstage
from common.pipeline import PIPELINE, STATUSES, Stage
from fleet import Fleet, open_fleet
from invariants import every_call_completed_once
from model_server import ModelServer, running_model_server
from onebox.door import Door, open_door
from onebox.process import reserved_port
from onebox.stack import Names, Service, provision, running_servers

LAST = len(STATUSES) - 1
LOOK = 0.3  # seconds between two decisions of the autoscaler
ANSWER_TIME = 0.3  # seconds a model takes, so that whoever is stopped is stopped at work


@dataclass
class Drill:
    """A pipeline whose processes the drill itself starts and stops."""

    environment: Mapping[str, str]
    fleet: Fleet
    door: Door
    backstage: Backstage
    models: ModelServer
    folder: Path
    calls: list[str] = field(default_factory=list)

    async def hand_in(self, count: int) -> None:
        """So many calls, no two alike."""
        first = len(self.calls)
        for seed in range(first, first + count):
            recording = write_call(self.folder / f"{seed}.wav", seed=seed)
            self.calls.append(await self.door.hand_in(recording))

    async def at_rest(self) -> bool:
        """Whether every call has ended."""
        done = {"call_id": {"$in": self.calls}, "$or": [{"rank": LAST}, {"failed": {"$ne": None}}]}
        return len(self.calls) == int(await self.backstage.db["journal"].count_documents(done))

    async def nothing_lost_nothing_twice(self) -> None:
        """Every call completed, every paid request made once, every process that was stopped ended with 0."""
        await every_call_completed_once(self.door, self.backstage, self.calls)
        again = {digest: times for digest, times in self.models.heard.items() if times > 1}
        assert {} == again, "cuts that were paid for again"
        assert len(self.calls) == self.models.answered["analyze"]
        assert {0} == {pod.ended for pod in self.fleet.past if pod.ended is not None}


@asynccontextmanager
async def open_drill(
    folder: Path,
    environment: Mapping[str, str],
    names: Names,
    graces: Mapping[str, float] | None = None,
) -> AsyncIterator[Drill]:
    """Everything but the fleet's processes, which the drill decides on."""
    chosen = {"VOICE_ACTIVITY": "energy"}
    async with (
        running_model_server() as models,
        running_servers(folder, {**environment, **models.variables}) as servers,
    ):
        models.seconds = ANSWER_TIME
        given = {**environment, **models.variables, **servers, **chosen}
        told = {**given, **await provision(given, names)}
        async with (
            _api(folder, told) as url,
            open_door(url) as door,
            open_backstage(told) as backstage,
            open_fleet(folder, told, graces) as fleet,
        ):
            yield Drill(told, fleet, door, backstage, models, folder)


@asynccontextmanager
async def _api(folder: Path, told: Mapping[str, str]) -> AsyncIterator[str]:
    with reserved_port() as port:
        api = Service("ingest", port, {**told, "INGEST_CONSUMER": "false"}, folder)
        try:
            await api.start()
            yield api.url
        finally:
            await api.stop()


async def follow_load(drill: Drill, scalers: Mapping[str, Autoscaler], seconds: float) -> Counter[str]:
    """Let *scalers* (by service) run the fleet until it rests; answer each service's most processes.

    Raises:
        TimeoutError: it does not come to rest in so many seconds.
    """
    most: Counter[str] = Counter()
    async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
        for stage in PIPELINE:
            group.create_task(_follow(drill, stage, scalers[stage.service], most))
    return most


async def _follow(drill: Drill, stage: Stage, scaler: Autoscaler, most: Counter[str]) -> None:
    clock = asyncio.get_running_loop().time
    while not (await drill.at_rest() and drill.fleet.size(stage.service) == scaler.policy.minimum):
        current = drill.fleet.size(stage.service)
        replicas = scaler.decide(clock(), current, *await drill.backstage.depth(stage.name))
        most[stage.service] = max(most[stage.service], replicas)
        if replicas != current:
            await drill.fleet.scale(stage.service, replicas)
        await asyncio.sleep(LOOK)


async def together(drill: Drill, **replicas: int) -> None:
    """Scale several services at once."""
    async with asyncio.TaskGroup() as group:
        for service, count in replicas.items():
            group.create_task(drill.fleet.scale(service, count))
