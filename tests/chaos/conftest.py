"""A stack whose models answer when the test lets them."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest_asyncio
from backstage import open_backstage
from drill import Drill, open_drill
from model_server import running_model_server
from onebox.door import open_door
from onebox.stack import Names, running_stack
from scene import Scene
from servers import Servers, named

CHOSEN = {"VOICE_ACTIVITY": "energy", "DRAIN_SECONDS": "5"}
"""Tones count as speech, and a stop is not waited for long."""


@pytest_asyncio.fixture
async def scene(tmp_path: Path, server: Servers) -> AsyncIterator[Scene]:
    names = Names(f"chaos-{uuid4().hex[:8]}")
    async with running_model_server() as models:
        environment = {
            **os.environ,
            **named(server),
            **models.variables,
            "VOICE_ACTIVITY": "energy",
            "DRAIN_SECONDS": "5",
        }
        async with (
            running_stack(tmp_path, environment, names) as stack,
            open_door(stack.api) as door,
            open_backstage(stack.environment) as backstage,
        ):
            yield Scene(stack, door, backstage, models)


@pytest_asyncio.fixture
async def drill(tmp_path: Path, server: Servers) -> AsyncIterator[Drill]:
    names = Names(f"drill-{uuid4().hex[:8]}")
    async with open_drill(tmp_path, {**os.environ, **named(server)}, names) as opened:
        yield opened
