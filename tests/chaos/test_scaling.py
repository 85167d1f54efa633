"""Stages grow and shrink on their own, by hand and by load; no call notices."""

import os
from pathlib import Path

import pytest
from autoscaler import Autoscaler, Policy
from common.pipeline import PIPELINE
from drill import Drill, follow_load, together
from manifests.rendering import K8S, KUBECTL, Rendered, composed

EVERY = tuple(stage.service for stage in PIPELINE)
BY_HAND = EVERY if os.environ.get("CHAOS") == "all" else ("transcriber",)
HURRY = 100.0  # the autoscaler's minutes last less than a second
MORE_THAN_ONE_POD = 9  # calls, of which a pod works on four


@pytest.mark.parametrize("service", BY_HAND)
async def test_a_stage_scaled_by_hand_under_load_loses_and_repeats_nothing(
    drill: Drill, service: str
) -> None:
    """1 → 5 → 0 → 1 while calls come in: each is completed, each cut paid once, all end with 0."""
    await together(drill, **dict.fromkeys(EVERY, 1))
    for replicas in (5, 0, 1):
        await drill.hand_in(4)
        await drill.fleet.scale(service, replicas)

    await drill.nothing_lost_nothing_twice()


@pytest.fixture
def cluster(tmp_path: Path) -> Rendered:
    """What a development cluster with KEDA is told."""
    if KUBECTL is None:
        pytest.skip("kubectl is not installed: no manifest was read, and nothing scaled by it")
    folder = tmp_path / "cluster"
    folder.mkdir()
    return composed(folder, K8S / "overlays" / "dev", ["keda"], "callstream-dev")


async def test_stages_follow_their_queues_from_nothing_to_nothing(drill: Drill, cluster: Rendered) -> None:
    """By the manifests' own ScaledObjects, hurried: pods come with the load, and go when it is gone."""
    policies = {service: Policy.of(cluster.one("ScaledObject", service)) for service in EVERY}
    scalers = {service: Autoscaler(policy, HURRY) for service, policy in policies.items()}
    await drill.hand_in(MORE_THAN_ONE_POD)

    most = await follow_load(drill, scalers, seconds=240)

    assert most["transcriber"] > 1
    least = {service: policy.minimum for service, policy in policies.items()}
    assert least == {service: drill.fleet.size(service) for service in EVERY}
    await drill.nothing_lost_nothing_twice()
