"""A process dies at the worst moment; nothing is lost and nothing is kept twice."""

import asyncio
from pathlib import Path

from audio_files import write_call
from invariants import every_call_completed_once, the_ledger_holds
from scene import HELD, Scene


async def test_calls_survive_the_kill_of_every_service_while_it_works(scene: Scene, tmp_path: Path) -> None:
    """SIGKILL of each service in the middle of a call, and a restart, leave every call completed once.

    The ledger has a row for every request; those that died with their worker have no end.
    """
    calls = []
    for seed, (service, model) in enumerate(HELD.items()):
        gate = scene.models.gates[model]
        gate.shut()
        calls.append(await scene.door.hand_in(write_call(tmp_path / f"{seed}.wav", seed=seed)))
        await asyncio.wait_for(gate.arrived.wait(), 30)
        await scene.kill_and_restart(service)
        gate.open()
    calls.append(await scene.door.hand_in(write_call(tmp_path / "ingest.wav", seed=9)))
    await scene.kill_and_restart("ingest")

    await every_call_completed_once(scene.door, scene.backstage, calls)
    without_end = await the_ledger_holds(scene.backstage, scene.models.arrived)
    assert 1 <= without_end["transcribe"] <= 4  # cuts asked about at a time
    assert 1 <= without_end["analyze"] <= 2  # calls: the one of the kill before may have come along
    assert 1 <= without_end["embed"] <= 2  # messages worked on at a time
