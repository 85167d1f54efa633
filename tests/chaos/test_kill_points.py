"""A worker dies at each step of its way; no call is lost, and no finished piece of work is paid for again."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from embedding_trade import embedding
from hearing_trade import hearing
from kill_scene import PATIENCE, KillScene, open_kill_scene
from misbehaviour import holding
from onebox.stack import Names
from paid_once import every_call_announced, finished_work_paid_once, ledger_equals_log
from reading_trade import reading
from servers import Servers, named
from steps import STEPS
from waiting import until

KILLS = 200 if os.environ.get("CHAOS") == "all" else len(STEPS)


@pytest_asyncio.fixture(params=[hearing, reading, embedding])
async def scene(tmp_path: Path, server: Servers, request: pytest.FixtureRequest) -> AsyncIterator[KillScene]:
    """Of transcribers and embedders, which may ask two things at once, and of analyzers, which ask one."""
    names = Names(f"kills-{uuid4().hex[:8]}")
    async with (
        request.param() as trade,
        open_kill_scene(tmp_path, trade, named(server), names) as opened,
    ):
        yield opened


async def test_a_kill_at_any_step_loses_nothing_and_pays_nothing_twice(scene: KillScene) -> None:
    """SIGKILL at each step, at its first or a later time; whoever comes next goes on from what is kept."""
    chance = random.Random(KILLS)
    for n in range(KILLS):
        step = STEPS[n % len(STEPS)]
        times = chance.randint(1, 4) if step in {"claimed", "called", "answered", "kept"} else 1
        async with scene.working():
            await scene.all_done()
            await scene.killed_at(step, times)
    async with scene.working():
        await scene.all_done()

    assert KILLS == scene.kills == len(scene.calls)
    await every_call_announced(scene)
    await finished_work_paid_once(scene)
    await ledger_equals_log(scene)
    left = [path for path in (scene.folder / "tmp").rglob("*") if path.is_file()]
    assert [] == left, "of recordings that dead workers had"


async def test_a_message_lost_to_another_delivery_is_paid_for_once(scene: KillScene) -> None:
    """Visible again in the middle of a call, it is received again, waits its turn, and finds all done."""
    release = asyncio.Event()
    scene.trade.provider.plan = lambda _number: holding(release, scene.trade.speak)
    async with scene.working():
        await scene.hand_in()
        await until(scene.asked_at_least_once, PATIENCE, what="the provider is asked")
        await scene.lose_visibility()
        await until(scene.received_again, PATIENCE, what="the message is received again")
        release.set()
        await scene.all_done()

    await every_call_announced(scene)
    await finished_work_paid_once(scene)
