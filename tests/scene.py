"""A running stack whose models answer when the test lets them."""

import signal
from dataclasses import dataclass

from backstage import Backstage
from common.pipeline import PIPELINE
from model_server import ModelServer
from onebox.door import Door
from onebox.stack import Stack
from passing_time import PassingTime

HELD = {"transcriber": "transcribe", "analyzer": "analyze", "embedder": "embed"}
"""Services that can be caught in the act: their models hold the answer back."""


@dataclass(frozen=True)
class Scene:
    """A running stack, its API, its models and a look behind; without *time*, a minute takes a minute."""

    stack: Stack
    door: Door
    backstage: Backstage
    models: ModelServer
    time: PassingTime | None = None

    async def kill_and_restart(self, service: str) -> None:
        """SIGKILL, the minute after, and what a platform does next."""
        victim = self.stack.services[service]
        assert victim.process
        victim.process.signal(signal.SIGKILL)
        assert -signal.SIGKILL == await victim.process.exited()
        await victim.stop()
        if self.time:
            (stage,) = (stage.name for stage in PIPELINE if stage.service == service)
            await self.time.a_minute(stage)
        await victim.start()
