"""One whole stack of real processes, on the servers the environment names or embedded ones."""

import os
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio
from backstage import Backstage, open_backstage
from onebox.door import Door, open_door
from onebox.stack import Names, Stack, running_stack
from servers import Servers, named


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory, server: Servers) -> AsyncIterator[Stack]:
    names = Names(f"e2e-{uuid4().hex[:8]}")
    environment = {**os.environ, **named(server)}
    async with running_stack(tmp_path_factory.mktemp("stack"), environment, names) as stack:
        yield stack


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def door(stack: Stack) -> AsyncIterator[Door]:
    async with open_door(stack.api) as door:
        yield door


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def backstage(stack: Stack) -> AsyncIterator[Backstage]:
    async with open_backstage(stack.environment) as backstage:
        yield backstage
