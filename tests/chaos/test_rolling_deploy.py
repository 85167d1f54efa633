"""A platform stops processes all the time; what they hold is finished or given back at once."""

import asyncio
from pathlib import Path

from audio_files import write_call
from invariants import every_call_completed_once
from scene import HELD, Scene
from waiting import until


async def test_sigterm_leaves_no_message_invisible(scene: Scene, tmp_path: Path) -> None:
    """A service told to stop in mid-call finishes it, exits, and leaves nothing hidden on its queue."""
    calls = []
    for seed, (service, stage) in enumerate(HELD.items()):
        gate = scene.models.gates[stage]
        gate.shut()
        calls.append(await scene.door.hand_in(write_call(tmp_path / f"{seed}.wav", seed=seed)))
        await asyncio.wait_for(gate.arrived.wait(), 30)
        stopping = asyncio.create_task(scene.stack.services[service].stop())
        gate.open()
        await stopping

        waiting, hidden = await scene.backstage.depth(stage)
        assert 0 == hidden, f"{service} left {hidden} message(s) hidden and {waiting} waiting"
        await scene.stack.services[service].start()

    await every_call_completed_once(scene.door, scene.backstage, calls)


async def test_a_service_that_cannot_finish_in_time_gives_its_message_back(
    scene: Scene, tmp_path: Path
) -> None:
    """When the grace runs out, the message is visible again at once, not after its visibility timeout."""
    gate = scene.models.gates["transcribe"]
    gate.shut()
    call_id = await scene.door.hand_in(write_call(tmp_path / "long.wav", seed=3))
    await asyncio.wait_for(gate.arrived.wait(), 30)

    await scene.stack.services["transcriber"].stop()

    async def visible() -> bool:
        return await scene.backstage.depth("transcribe") == (1, 0)

    await until(visible, 5, what="the message waits for the next worker")
    gate.open()
    await scene.stack.services["transcriber"].start()
    await every_call_completed_once(scene.door, scene.backstage, [call_id])
