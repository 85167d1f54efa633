"""The door in a process of its own, with a call of each of two tenants, and keys of both."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from common.access.keys import Wanted
from common.access.scopes import SCOPES, Role
from common.index import Filters, FindingCount, Hit, Mark, Query, SubjectCount
from common.model import CallFacts, CallKey, ChunkFinding
from door_fakes import FakeLimiter
from door_scene import KEY
from ingest_scene import NOW, FakeIndex, Outside, door_settings
from lone_door import served
from whole_call import whole

SECRET = "quetzalcoatl"  # said in the other tenant's call, and nowhere else
OWNER = "owner"
FOREIGN = CallKey(tenant_id="globex", call_id="c-secret")


@dataclass
class TwoTenants(FakeIndex):
    """All that is found in it is the other tenant's."""

    async def search(self, query: Query) -> list[Hit]:
        return await super().search(query) if query.tenant_id == FOREIGN.tenant_id else []

    async def similar(self, key: CallKey, limit: int) -> list[Hit]:
        return await super().similar(key, limit) if key.tenant_id == FOREIGN.tenant_id else []

    async def findings(
        self, tenant_id: str, filters: Filters, limit: int, after: Mark | None = None
    ) -> list[Hit]:
        theirs = tenant_id == FOREIGN.tenant_id
        return await super().findings(tenant_id, filters, limit, after) if theirs else []

    async def aggregate(self, tenant_id: str, filters: Filters, most: int) -> tuple[FindingCount, ...]:
        return await super().aggregate(tenant_id, filters, most) if tenant_id == FOREIGN.tenant_id else ()


def indexed() -> TwoTenants:
    """The other tenant's call, and what is found in it."""
    finding = ChunkFinding(type="pain_point", subject=SECRET, quote=SECRET)
    hit = Hit(
        call_id=FOREIGN.call_id,
        chunk_id=f"{FOREIGN.tenant_id}:{FOREIGN.call_id}:1:0",
        score=0.5,
        text=f"{SECRET} is slow",
        speakers=("agent",),
        utterance_ids=("u1",),
        start_ms=0,
        end_ms=900,
        finding=finding,
        facts=CallFacts(started_at=NOW, agent=SECRET),
    )
    subject = SubjectCount(subject=SECRET, calls=1, states={}, example=hit)
    counted = FindingCount(type="pain_point", calls=1, subjects=(subject,))
    return TwoTenants(hits=[hit], counts=(counted,))


@dataclass
class Peopled(Outside):
    """Call c-1 is ours, c-secret is not; the keys' texts go to the file that KEYS names."""

    index: FakeIndex = field(default_factory=indexed)

    @asynccontextmanager
    async def open(self, settings: object) -> AsyncIterator[dict[str, object]]:
        await whole(self, KEY, "ours")
        await whole(self, FOREIGN, SECRET)
        async with super().open(settings) as outside:
            told = json.dumps(await self.keys())
            await asyncio.to_thread(Path(os.environ["KEYS"]).write_text, told)
            yield outside

    async def keys(self) -> dict[str, str]:
        """A key for each role, and their owner's of what is not ours."""
        wanted = {role: Wanted("default", "test", SCOPES[role], "test") for role in get_args(Role)}
        wanted[OWNER] = Wanted(FOREIGN.tenant_id, "test", SCOPES["admins"], "test")
        keys = self.security["api_keys"]
        return {name: (await keys.create(each, self.now)).text for name, each in wanted.items()}


def create() -> Any:
    """The application."""
    return served(Peopled(door_settings(auth="keys"), limiter=FakeLimiter(10**9)))
