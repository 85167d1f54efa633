"""Stages grow and shrink on their own, by hand and by load; no call notices."""

import os

import pytest
from drill import Drill, together

BY_HAND = (
    ("ingest", "transcriber", "analyzer", "embedder")
    if os.environ.get("CHAOS") == "all"
    else ("transcriber",)
)


@pytest.mark.parametrize("service", BY_HAND)
async def test_a_stage_scaled_by_hand_under_load_loses_and_repeats_nothing(
    drill: Drill, service: str
) -> None:
    """1 → 5 → 0 → 1 while calls come in: each is completed, each cut paid once, all end with 0."""
    await together(drill, ingest=1, transcriber=1, analyzer=1, embedder=1)
    for replicas in (5, 0, 1):
        await drill.hand_in(4)
        await drill.fleet.scale(service, replicas)

    await drill.nothing_lost_nothing_twice()
