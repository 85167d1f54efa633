"""The drill's autoscaler decides as KEDA and the HPA document it."""

from dataclasses import replace

import pytest
from autoscaler import Autoscaler, Policy

POLICY = Policy(
    queue_length=4,
    minimum=0,
    maximum=5,
    counts_in_flight=True,
    stabilization=300,
    shrink_percent=25,
    shrink_period=60,
    cooldown=300,
)


@pytest.mark.parametrize(
    ("visible", "in_flight", "replicas"),
    [(0, 0, 0), (1, 0, 1), (4, 0, 1), (5, 0, 2), (0, 9, 3), (100, 0, 5)],
)
def test_one_replica_for_every_queue_length_of_messages_within_bounds(
    visible: int, in_flight: int, replicas: int
) -> None:
    """What is being worked on counts as what waits."""
    assert replicas == POLICY.asked(visible, in_flight)


def test_a_busy_fleet_is_not_scaled_in() -> None:
    """Nothing waits, everything is at work: the replicas stay."""
    scaler = Autoscaler(POLICY)
    scaler.decide(0, 0, 20, 0)

    assert [5, 5, 5] == [scaler.decide(at, 5, 0, 20) for at in (400, 800, 1200)]


def test_growth_is_immediate_and_shrinking_waits_for_the_window() -> None:
    """Up in one step; down only when the highest wish of the last five minutes is lower."""
    scaler = Autoscaler(POLICY)

    assert 5 == scaler.decide(0, 1, 20, 0)
    assert 5 == scaler.decide(299, 5, 0, 4)
    assert 4 == scaler.decide(301, 5, 0, 4)


def test_a_fleet_shrinks_step_by_step() -> None:
    """A quarter a minute, one replica at least."""
    scaler = Autoscaler(replace(POLICY, stabilization=0, maximum=10))
    scaler.decide(0, 8, 32, 0)

    assert 6 == scaler.decide(1, 8, 0, 1)
    assert 6 == scaler.decide(30, 6, 0, 1)
    assert 5 == scaler.decide(61, 6, 0, 1)


def test_the_last_replica_goes_after_the_cooldown_only() -> None:
    """Nothing for five minutes, then none."""
    scaler = Autoscaler(replace(POLICY, stabilization=0, shrink_period=0))
    scaler.decide(0, 1, 1, 0)

    assert [1, 1, 0] == [scaler.decide(at, 1, 0, 0) for at in (1, 299, 300)]


def test_a_policy_is_read_from_a_scaled_object() -> None:
    """The strings of its metadata are numbers here."""
    behaviour = {
        "scaleDown": {
            "stabilizationWindowSeconds": 300,
            "policies": [{"type": "Percent", "value": 25, "periodSeconds": 60}],
        }
    }
    spec = {
        "minReplicaCount": 0,
        "maxReplicaCount": 5,
        "cooldownPeriod": 300,
        "triggers": [{"type": "aws-sqs-queue", "metadata": {"queueLength": "4", "scaleOnInFlight": "true"}}],
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": behaviour}},
    }

    assert POLICY == Policy.of({"spec": spec})
