"""The door that the contract tests knock at."""

from collections.abc import AsyncIterator

import pytest
from door_scene import Door, opened
from ingest_scene import Outside, door_settings


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with opened(Outside(door_settings(max_upload_bytes=400_000))) as door:
        yield door
