"""Messages are lost under running services; the sweeper brings every call through, once."""

import os
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest_asyncio
from audio_files import write_call
from backstage import open_backstage
from invariants import every_call_completed_once
from model_server import running_model_server
from onebox.door import open_door
from onebox.stack import Names, running_stack
from scene import Scene
from servers import Servers, named
from waiting import until

CALLS = 4
PURGED = ("transcribe", "analyze")
HASTE = {
    "VOICE_ACTIVITY": "energy",
    "DRAIN_SECONDS": "5",
    "WORKER_CONCURRENCY": "1",
    "SWEEP_SECONDS": "1",
    "QUEUE_SAMPLE_SECONDS": "1",
    "STUCK_AFTER_SECONDS": "3",
}


@pytest_asyncio.fixture
async def scene(tmp_path: Path, server: Servers) -> AsyncIterator[Scene]:
    names = Names(f"stuck-{uuid4().hex[:8]}")
    async with running_model_server() as models:
        environment = {**os.environ, **named(server), **models.variables, **HASTE}
        async with (
            running_stack(tmp_path, environment, names) as stack,
            open_door(stack.api) as door,
            open_backstage(stack.environment) as backstage,
        ):
            yield Scene(stack, door, backstage, models)


async def test_a_purged_queue_loses_no_call(scene: Scene, tmp_path: Path) -> None:
    """Two queues are purged behind the call that is worked on; each call is completed and kept once."""
    for stage in PURGED:
        scene.models.gates[stage].shut()
    calls = [await scene.door.hand_in(write_call(tmp_path / f"{n}.wav", seed=n)) for n in range(CALLS)]

    for stage in PURGED:
        await until(partial(_all_wait_for, scene, stage), 60, what=f"all calls wait for {stage}")
        await scene.backstage.sqs.purge_queue(QueueUrl=scene.backstage.queue(stage))
        scene.models.gates[stage].open()

    await every_call_completed_once(scene.door, scene.backstage, calls)
    assert CALLS == scene.models.answered["analyze"]
    announced_again = {"swept.stage": "analyze"}
    assert 0 < await scene.backstage.db["journal"].count_documents(announced_again)


async def _all_wait_for(scene: Scene, stage: str) -> bool:
    return sum(await scene.backstage.depth(stage)) == CALLS
