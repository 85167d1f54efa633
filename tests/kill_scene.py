"""A worker that is killed at a step and started again, with all it touches under a test's eyes."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from aws_proxy import aws_proxy
from backstage import Backstage, open_backstage
from forked import forked
from mongo_proxy import mongo_proxy
from onebox.stack import Names, provision
from passing_time import PassingTime
from provider_log import Act, hang_up
from steps import Killed, Step, Steps
from trades import Trade
from waiting import until

PATIENCE = 30.0  # seconds for one call, on however busy a machine


@dataclass
class KillScene:
    """One worker at a time, behind proxies; *backstage* looks at the servers directly."""

    folder: Path
    trade: Trade
    environment: dict[str, str]
    backstage: Backstage
    time: PassingTime
    steps: Steps
    calls: list[str] = field(default_factory=list)
    kept_before: dict[str, set[str]] = field(default_factory=dict)
    """What was answered to all that was finished before each worker began, by the worker's key."""
    kills: int = 0

    async def hand_in(self) -> None:
        """A call as the stage before hands it on."""
        number = len(self.calls)
        self.calls.append(f"c-{number}")
        await self.trade.hand_in(self.backstage, self.folder, self.calls[-1], number)

    async def killed_at(self, step: Step, times: int = 1) -> None:
        """Hand in a call; the worker dies when it reaches *step* for the so-manieth time."""
        self.steps.arm(step, times)
        await self.hand_in()
        await asyncio.wait_for(self.steps.fired.wait(), PATIENCE)
        self.kills += 1

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """A worker is there; after its end, a minute passes."""
        key = f"worker-{len(self.kept_before)}"
        self.kept_before[key] = await self.kept_texts()
        told = {**self.environment, self.trade.key: key}
        async with forked(
            f"{self.trade.service}.app:create_app", told, self.folder / "worker.log"
        ) as process:
            self.steps.victim = process.pid
            yield
        await self.time.a_minute(self.trade.stage)

    async def all_done(self) -> None:
        """Wait until every call has its document and its message is gone."""
        await until(self._all_done, PATIENCE, what="every call has its document, and its message is deleted")

    async def _all_done(self) -> bool:
        kept = await self.backstage.db[self.trade.collection].distinct("call_id")
        return set(self.calls) <= set(kept) and await self.backstage.depth(self.trade.stage) == (0, 0)

    async def kept_texts(self) -> set[str]:
        """What was answered to all that is finished."""
        rows = self.backstage.db["work"].find({"result": {"$ne": None}})
        return {self.trade.said(row["result"]) async for row in rows}

    async def asked_at_least_once(self) -> bool:
        """Whether a request has arrived."""
        return bool(self.trade.provider.log)

    async def lose_visibility(self) -> None:
        """Take the messages of a living worker away, as if its heartbeat had come too late."""
        await self.time.show_again(self.trade.stage)

    async def received_again(self) -> bool:
        """Whether a message that was taken away is in somebody's hands again."""
        return bool(self.time.held(self.trade.stage))

    async def announced(self) -> Counter[str]:
        """How often each call was announced to the next stage; they are taken from its queue."""
        assert self.trade.then is not None
        url, found = self.backstage.queue(self.trade.then), Counter[str]()
        while messages := (
            await self.backstage.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        ).get("Messages"):
            found.update(json.loads(message["Body"])["call_id"] for message in messages)
        return found

    def meddle(self, _number: int) -> Act:
        """What the provider does: it tells of the step, then answers."""

        async def act(asked: Any, request: web.Request) -> web.StreamResponse:
            try:
                self.steps.at("called")
            except Killed:
                return await hang_up(asked, request)
            return await self.trade.speak(asked, request)

        return act


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@asynccontextmanager
async def open_kill_scene(
    folder: Path, trade: Trade, servers: dict[str, str], names: Names
) -> AsyncIterator[KillScene]:
    """Queues and buckets of its own on *servers*, and no worker yet."""
    steps = Steps()
    async with AsyncExitStack() as life:
        direct = {**os.environ, **servers, **trade.chosen, "TMPDIR": str(_made(folder / "tmp"))}
        direct["OPENAI_API_KEY"] = "test"
        direct |= await provision(direct, names)
        backstage = await life.enter_async_context(open_backstage(direct))
        aws, url = await life.enter_async_context(aws_proxy(direct["AWS_ENDPOINT_URL_SQS"], steps))
        uri = await life.enter_async_context(mongo_proxy(direct["MONGODB_URI"], steps))
        ways = {"AWS_ENDPOINT_URL_SQS": url, "AWS_ENDPOINT_URL_S3": url, "MONGODB_URI": uri}
        time = PassingTime(aws, backstage)
        scene = KillScene(folder, trade, {**direct, **ways}, backstage, time, steps)
        trade.provider.plan = scene.meddle
        yield scene
