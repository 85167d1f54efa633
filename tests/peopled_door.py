"""The door in a process of its own, with a call of each of two tenants, and a key for each role of one."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from common.access.keys import Wanted
from common.access.scopes import SCOPES, Role
from common.model import Call as CallDocument
from common.model import CallKey, CallMetadata
from common.pipeline import PIPELINE
from door_fakes import FakeLimiter
from door_scene import complete
from ingest_scene import NOW, Outside, door_settings
from lone_door import served

SECRET = "quetzalcoatl"  # said in the other tenant's call, and nowhere else
FOREIGN = CallKey(tenant_id="globex", call_id="c-secret")


@dataclass
class Peopled(Outside):
    """Call c-1 is ours, c-secret is not; the keys' texts go to the file that KEYS names."""

    @asynccontextmanager
    async def open(self, settings: object) -> AsyncIterator[dict[str, object]]:
        await complete(self)
        await self.calls.keep(
            CallDocument(**dict(FOREIGN), metadata=CallMetadata(agent=SECRET), created_at=NOW)
        )
        for stage in PIPELINE:
            await self.journal.begin(FOREIGN, stage, NOW)
            await self.journal.finish(FOREIGN, stage, NOW, 1.0, None)
        async with super().open(settings) as outside:
            told = json.dumps(await self.keys())
            await asyncio.to_thread(Path(os.environ["KEYS"]).write_text, told)
            yield outside

    async def keys(self) -> dict[str, str]:
        """A key for each role."""
        made = {
            role: await self.security["api_keys"].create(
                Wanted("default", "test", SCOPES[role], "test"), self.now
            )
            for role in get_args(Role)
        }
        return {role: key.text for role, key in made.items()}


def create() -> Any:
    """The application."""
    return served(Peopled(door_settings(auth="keys"), limiter=FakeLimiter(10**9)))
