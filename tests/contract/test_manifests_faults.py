"""The checks themselves: manifests that were broken on purpose, each fault found."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from manifests.checks import faults
from manifests.rendering import K8S, KUBECTL, Rendered, container, pod, render

pytestmark = pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed: no manifest was checked")

Break = Callable[[Rendered], object]


def deployment(rendered: Rendered, name: str = "transcriber") -> Any:
    """A workload to be broken."""
    return rendered.one("Deployment", name)


def scaled(rendered: Rendered, name: str = "transcriber") -> Any:
    """What a ScaledObject asks for."""
    return rendered.one("ScaledObject", name)["spec"]


def trigger(rendered: Rendered) -> Any:
    """The metadata of the transcriber's trigger."""
    return scaled(rendered)["triggers"][0]["metadata"]


def chosen(rendered: Rendered) -> Any:
    """What callstream.env says."""
    return next(m for m in rendered.of("ConfigMap") if m["metadata"]["name"].startswith("callstream-"))[
        "data"
    ]


def one(rendered: Rendered) -> Any:
    """The transcriber's container."""
    return container(deployment(rendered))


def renamed(metadata: Any, old: str, new: str) -> None:
    """A misspelt key."""
    metadata[new] = metadata.pop(old)


FAULTS: Mapping[str, tuple[Break, str]] = {
    "an unknown field of a Deployment": (
        lambda r: deployment(r)["spec"].update(replica=2),
        "kubernetes 1.33: Deployment/transcriber",
    ),
    "an unknown field of a budget": (
        lambda r: r.one("PodDisruptionBudget", "ingest")["spec"].update(maxUnavailble=1),  # codespell:ignore
        "kubernetes 1.35: PodDisruptionBudget/ingest",
    ),
    "a misspelt time": (
        lambda r: renamed(scaled(r), "pollingInterval", "poolingInterval"),
        "poolingInterval",
    ),
    "a cooldown nobody looks at": (
        lambda r: scaled(r).update(cooldownPeriod=300),
        "rests: ScaledObject/transcriber",
    ),
    "a fallback nobody knows": (
        lambda r: scaled(r)["fallback"].update(behavior="currentReplicasIfHigh"),
        "custom resources: ScaledObject/transcriber: spec/fallback/behavior",
    ),
    "a truth value where KEDA wants text": (
        lambda r: trigger(r).update(scaleOnInFlight=True),
        "triggers: ScaledObject/transcriber: scaleOnInFlight is no text",
    ),
    "a misspelt trigger key": (
        lambda r: renamed(trigger(r), "queueLength", "queueLenght"),  # codespell:ignore
        "is no key of aws-sqs-queue",
    ),
    "a CPU quantity that is none": (
        lambda r: one(r)["resources"]["requests"].update(cpu="250mm"),
        "cpu 250mm is no quantity",
    ),
    "less memory allowed than asked for": (
        lambda r: one(r)["resources"]["limits"].update(memory="128Mi"),
        "the memory limit is not",
    ),
    "a CPU limit": (lambda r: one(r)["resources"]["limits"].update(cpu="1"), "limits memory alone"),
    "a probe of a port that is not declared": (
        lambda r: one(r)["livenessProbe"]["httpGet"].update(port="web"),
        "livenessProbe asks port web",
    ),
    "a monitor of a port that is not declared": (
        lambda r: r.one("PodMonitor", "callstream")["spec"]["podMetricsEndpoints"][0].update(port="metrics"),
        "PodMonitor/callstream: means port metrics",
    ),
    "a writable root": (
        lambda r: one(r)["securityContext"].update(readOnlyRootFilesystem=False),
        "readOnlyRootFilesystem is not True",
    ),
    "a pod that may be root": (
        lambda r: pod(deployment(r))["securityContext"].pop("runAsNonRoot"),
        "runAsNonRoot is not True",
    ),
    "replicas beside an autoscaler": (
        lambda r: deployment(r)["spec"].update(replicas=1),
        "says how many replicas",
    ),
    "two autoscalers of one workload": (
        lambda r: scaled(r, "analyzer")["scaleTargetRef"].update(name="transcriber"),
        "has 2 autoscalers",
    ),
    "a target that is not there": (
        lambda r: scaled(r)["scaleTargetRef"].update(name="transcribe"),
        "there is no Deployment/transcribe",
    ),
    "a length that is not the concurrency": (lambda r: trigger(r).update(queueLength="5"), "queueLength 5"),
    "busy stages scaled in": (
        lambda r: trigger(r).update(scaleOnInFlight="false"),
        "does not count what is in flight",
    ),
    "the queue of another stage": (
        lambda r: trigger(r).update(queueURLFromEnv="SQS_ANALYZE_QUEUE_URL"),
        "follows the queue of another stage",
    ),
    "bounds the wrong way round": (
        lambda r: scaled(r).update(minReplicaCount=30),
        "minReplicaCount is more than maxReplicaCount",
    ),
    "a sweeper at rest": (
        lambda r: scaled(r, "ingest").update(minReplicaCount=0),
        "the sweeper may not rest",
    ),
    "more pods than the provider takes": (
        lambda r: scaled(r).update(maxReplicaCount=500),
        "provider-requests at most",
    ),
    "a grace shorter than a call": (
        lambda r: pod(deployment(r)).update(terminationGracePeriodSeconds=30),  # type: ignore[attr-defined]
        "time to stop: Deployment/transcriber",
    ),
    "a drain longer than the grace": (
        lambda r: one(r)["env"][1].update(value="600"),
        "DRAIN_SECONDS 600",
    ),
    "a door that drains longer than its grace allows": (
        lambda r: container(deployment(r, "ingest-api"))["env"].append(
            {"name": "DRAIN_SECONDS", "value": "45"}
        ),
        "DRAIN_SECONDS 45 s is not the door's 10 s",
    ),
    "a setting that nobody reads": (
        lambda r: one(r)["env"].append({"name": "WORKER_CONCURENCY", "value": "2"}),  # codespell:ignore
        "which it does not read",
    ),
    "a secret that nobody brings": (
        lambda r: r.one("ExternalSecret", "transcriber")["spec"]["target"].update(name="transcribers"),
        "there is no Secret/transcriber",
    ),
    "a needed setting that is missing": (
        lambda r: r.one("ExternalSecret", "embedder")["spec"]["data"].pop(0),
        "settings are enough: Deployment/embedder: mongodb_uri",
    ),
    "a budget of other pods": (
        lambda r: r.one("PodDisruptionBudget", "ingest")["spec"]["selector"].update(
            matchLabels={"app": "ingest"}
        ),
        "PodDisruptionBudget/ingest: selects no pod",
    ),
    "a floating image": (
        lambda r: one(r).update(image="registry.example.com/callstream-transcriber:latest"),
        "has no fixed tag",
    ),
    "an account that is not there": (
        lambda r: pod(deployment(r)).update(serviceAccountName="default"),  # type: ignore[attr-defined]
        "there is no ServiceAccount/default",
    ),
    "an API that everybody reaches": (
        lambda r: (
            r.one("NetworkPolicy", "default-deny")["metadata"].update(name="allow"),
            chosen(r).update(AUTH="none"),
        ),
        "AUTH=none without the network policies",
    ),
    "an unbounded /tmp": (
        lambda r: pod(deployment(r))["volumes"][0]["emptyDir"].clear(),
        "has no bounded /tmp",
    ),
}


@pytest.fixture(scope="module")
def sound() -> Rendered:
    """Production as it is."""
    return render(K8S / "overlays" / "prod")


def test_what_is_broken_here_was_sound(sound: Rendered) -> None:
    """So whatever is found below was put there."""
    assert [] == faults(sound)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault: str, sound: Rendered) -> None:
    """Each of these would have reached a cluster, and is named instead."""
    breaks, said = FAULTS[fault]
    broken = Rendered(copy.deepcopy(sound.objects))

    breaks(broken)

    assert [line for line in faults(broken) if said in line]
