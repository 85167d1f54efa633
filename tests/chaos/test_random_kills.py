"""Processes die at moments nobody chose; nothing is lost and nothing is kept twice."""

import asyncio
import os
import random
from pathlib import Path

import pytest
from audio_files import write_call
from invariants import every_call_completed_once
from scene import Scene

SEEDS = range(10) if os.environ.get("CHAOS") == "all" else range(1)
CALLS = 6
KILLS = 4
LONGEST_PEACE = 1.5  # seconds between two kills


@pytest.mark.parametrize("seed", SEEDS)
async def test_calls_survive_kills_at_random_moments(scene: Scene, tmp_path: Path, seed: int) -> None:
    """While calls go through, services are killed and started again; each call is completed once."""
    chance = random.Random(seed)
    recordings = [write_call(tmp_path / f"{n}.wav", seed=100 * seed + n) for n in range(CALLS)]
    calls = [await scene.door.hand_in(recording) for recording in recordings]
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(0, LONGEST_PEACE))
        await scene.kill_and_restart(chance.choice(sorted(scene.stack.services)))

    await every_call_completed_once(scene.door, scene.backstage, calls)
