"""The images of `make images`, and what they need around them."""

import os
from collections.abc import AsyncIterator, Mapping
from uuid import uuid4

import pytest
import pytest_asyncio
from onebox.contracts import ROOT
from onebox.dev import read_env
from onebox.stack import Names, provision, running_servers
from shipped import MODELS, Engine, find_engine


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def engine() -> Engine:
    return await find_engine()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def around(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Mapping[str, str]]:
    """Servers on loopback, named by the environment or embedded, and the models of the models' own image."""
    folder = tmp_path_factory.mktemp("around")
    command = ("python", "-m", "onebox.models", "--port", "{port}")
    async with engine.running(MODELS, {}, folder, *command, ready="/health") as models:
        offline = read_env((ROOT / "deploy" / "compose" / "offline.env").read_text("utf-8"))
        environment = {**os.environ, **offline, "OPENAI_BASE_URL": f"{models.url}/v1"}
        async with running_servers(folder, environment) as servers:
            told = {**environment, **servers}
            yield {**told, **await provision(told, Names(f"images-{uuid4().hex[:8]}"))}
