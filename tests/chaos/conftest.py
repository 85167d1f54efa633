"""A stack whose models answer when the test lets them."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest_asyncio
from aws_proxy import aws_proxy
from backstage import open_backstage
from drill import Drill, open_drill
from model_server import running_model_server
from onebox.door import open_door
from onebox.stack import Names, running_stack
from passing_time import PassingTime
from scene import Scene
from servers import Servers, named
from steps import Steps

CHOSEN = {"VOICE_ACTIVITY": "energy", "DRAIN_SECONDS": "5"}
"""Tones count as speech, and a stop is not waited for long."""


@pytest_asyncio.fixture
async def scene(tmp_path: Path, server: Servers) -> AsyncIterator[Scene]:
    names = Names(f"chaos-{uuid4().hex[:8]}")
    direct = named(server)
    assert direct["AWS_ENDPOINT_URL_SQS"] == direct["AWS_ENDPOINT_URL_S3"]
    async with (
        running_model_server() as models,
        aws_proxy(direct["AWS_ENDPOINT_URL_SQS"], Steps()) as (aws, url),
    ):
        ways = {"AWS_ENDPOINT_URL_SQS": url, "AWS_ENDPOINT_URL_S3": url}
        environment = {**os.environ, **direct, **ways, **models.variables, **CHOSEN}
        async with (
            running_stack(tmp_path, environment, names) as stack,
            open_door(stack.api) as door,
            open_backstage(stack.environment) as backstage,
        ):
            yield Scene(stack, door, backstage, models, PassingTime(aws, backstage))


@pytest_asyncio.fixture
async def drill(tmp_path: Path, server: Servers) -> AsyncIterator[Drill]:
    names = Names(f"drill-{uuid4().hex[:8]}")
    async with open_drill(tmp_path, {**os.environ, **named(server)}, names) as opened:
        yield opened
