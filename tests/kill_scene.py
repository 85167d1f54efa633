"""A transcriber that is killed at a step and started again, with all it touches under a test's eyes."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from aws_proxy import aws_proxy
from backstage import Backstage, open_backstage
from common.events import CallIngested
from common.model import ObjectRef, Recording
from forked import forked
from mongo_proxy import mongo_proxy
from onebox.stack import Names, provision
from passing_time import PassingTime
from steps import Killed, Step, Steps
from tone_files import Script, record, short_call
from tone_speech import Act, Asked, ToneSpeech, hang_up, running_tone_speech, speak
from waiting import until

TENANT = "acme"
OPEN_AT_ONCE = 2  # requests
CHOSEN = {"VOICE_ACTIVITY": "energy", "DRAIN_SECONDS": "5", "CUT_CONCURRENCY": str(OPEN_AT_ONCE)}
PATIENCE = 30.0  # seconds for one call, on however busy a machine


@dataclass
class KillScene:
    """One worker at a time, behind proxies; *backstage* looks at the servers directly."""

    folder: Path
    environment: dict[str, str]
    backstage: Backstage
    time: PassingTime
    steps: Steps
    provider: ToneSpeech
    calls: list[str] = field(default_factory=list)
    kept_before: dict[str, set[str]] = field(default_factory=dict)
    """What was said in the cuts that were finished before each worker began, by the worker's key."""
    kills: int = 0

    async def hand_in(self, script: Script | None = None) -> str:
        """A call as ingest hands it on."""
        number = len(self.calls)
        call_id = f"c-{number}"
        path = self.folder / f"{call_id}.wav"
        await asyncio.to_thread(record, path, script or short_call(number))
        self.calls.append(call_id)
        await self._put(call_id, path)
        return call_id

    async def _put(self, call_id: str, path: Path) -> None:
        content = await asyncio.to_thread(path.read_bytes)
        where = ObjectRef(bucket=self.backstage.audio, key=path.name)
        await self.backstage.s3.put_object(Bucket=where.bucket, Key=where.key, Body=content)
        found = Recording(
            object=where,
            size_bytes=len(content),
            container="wav",
            codec="pcm_s16le",
            sample_rate=8000,
            channels=2,
        )
        event = CallIngested(tenant_id=TENANT, call_id=call_id, recording=found)
        await self.backstage.send("transcribe", event.model_dump(mode="json"))

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
        told = {**self.environment, "OPENAI_API_KEY": key}
        async with forked("transcriber", told, self.folder / "transcriber.log") as process:
            assert process.pid
            self.steps.victim = process.pid
            yield
        await self.time.a_minute("transcribe")

    async def all_done(self) -> None:
        """Wait until every call has its transcript and its message is gone."""
        await until(self._all_done, PATIENCE, what="every call is transcribed, and its message deleted")

    async def _all_done(self) -> bool:
        kept = await self.backstage.db["transcripts"].distinct("call_id")
        return set(self.calls) <= set(kept) and await self.backstage.depth("transcribe") == (0, 0)

    async def kept_texts(self) -> set[str]:
        """What was said in the cuts that are finished."""
        rows = self.backstage.db["work"].find({"result": {"$ne": None}})
        return {row["result"]["text"] async for row in rows}

    async def asked_at_least_once(self) -> bool:
        """Whether a request has arrived."""
        return bool(self.provider.log)

    async def lose_visibility(self) -> None:
        """Take the messages of a living worker away, as if its heartbeat had come too late."""
        await self.time.show_again("transcribe")

    async def received_again(self) -> bool:
        """Whether a message that was taken away is in somebody's hands again."""
        return bool(self.time.held("transcribe"))

    async def announced(self) -> Counter[str]:
        """How often each call was announced to the next stage; they are taken from its queue."""
        url, found = self.backstage.queue("analyze"), Counter[str]()
        while messages := (
            await self.backstage.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        ).get("Messages"):
            found.update(json.loads(message["Body"])["call_id"] for message in messages)
        return found

    def meddle(self, number: int) -> Act:
        """What the provider does: it tells of the step, then answers."""

        async def act(asked: Asked, request: web.Request) -> web.StreamResponse:
            try:
                self.steps.at("called")
            except Killed:
                return await hang_up(asked, request)
            return await speak(asked, request)

        return act


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@asynccontextmanager
async def open_kill_scene(folder: Path, servers: dict[str, str], names: Names) -> AsyncIterator[KillScene]:
    """Queues and buckets of its own on *servers*, and no worker yet."""
    steps = Steps()
    async with AsyncExitStack() as life:
        provider = await life.enter_async_context(running_tone_speech())
        direct = {
            **os.environ,
            **servers,
            **CHOSEN,
            **provider.variables,
            "TMPDIR": str(_made(folder / "tmp")),
        }
        direct |= await provision(direct, names)
        backstage = await life.enter_async_context(open_backstage(direct))
        aws, url = await life.enter_async_context(aws_proxy(direct["AWS_ENDPOINT_URL_SQS"], steps))
        uri = await life.enter_async_context(mongo_proxy(direct["MONGODB_URI"], steps))
        ways = {"AWS_ENDPOINT_URL_SQS": url, "AWS_ENDPOINT_URL_S3": url, "MONGODB_URI": uri}
        scene = KillScene(folder, {**direct, **ways}, backstage, PassingTime(aws, backstage), steps, provider)
        provider.plan = scene.meddle
        yield scene
